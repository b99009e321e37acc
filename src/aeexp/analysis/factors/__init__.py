"""Single factors: attribution to features, matching between models, association with labels."""
