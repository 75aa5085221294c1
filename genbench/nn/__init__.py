"""Blocks and architectures. None draws random numbers or keeps running statistics while it is called."""
