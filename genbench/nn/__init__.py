"""Blocks and architectures. None draws random numbers or keeps running statistics while it is called.

Spectral normalisation alone keeps something, a vector that belongs to its seed.
"""
