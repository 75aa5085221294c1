"""Designs that experiments share: what is trained, what is measured of it, how it is judged and drawn."""
