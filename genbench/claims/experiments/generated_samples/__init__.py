"""What trained generators give: new samples, a smooth latent space, data to train on."""
