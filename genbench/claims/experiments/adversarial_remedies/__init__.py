"""Other losses and tricks that are said to make adversarial training stable."""
