"""Generative methods; importing this room registers them."""

from genbench.models import dbn, gan, gans, vae

__all__ = ["dbn", "gan", "gans", "vae"]
