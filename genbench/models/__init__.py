"""Generative methods; importing this room registers them."""

from genbench.models import dbn, gan, vae

__all__ = ["dbn", "gan", "vae"]
