"""Generators whose density is known: affine maps, invertible maps, mixtures."""
