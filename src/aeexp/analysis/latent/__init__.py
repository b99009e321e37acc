"""The latent space: neighbourhoods, distances, dimensions."""
