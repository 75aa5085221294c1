"""Autoencoders and variational autoencoders: their loss, their codes, their samples."""
