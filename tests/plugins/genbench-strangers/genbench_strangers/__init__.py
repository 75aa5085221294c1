"""Two models of kinds that genbench does not bring, and a task with a condition."""
