"""What an experiment can say: specs, the options of each group, and composing them with Hydra."""
