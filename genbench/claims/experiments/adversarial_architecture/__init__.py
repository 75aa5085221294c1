"""Advice on the nets of a GAN: layers, activations, outputs, noise."""
