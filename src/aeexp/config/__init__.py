"""Configuration: specs, the options of each group, and composition with Hydra."""
