"""How adversarial training fails, and by which signs failures are told."""
