"""Pure functions written for one seed: losses, penalties, energies, optimisers."""
