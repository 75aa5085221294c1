"""Restricted and deep Boltzmann machines and belief nets."""
