"""What the theory of adversarial training says: optima, divergences, gradients, convergence."""
