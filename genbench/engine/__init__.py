"""Seed ensembles: random streams, stacked nets, the training loop, checkpoints, devices."""
