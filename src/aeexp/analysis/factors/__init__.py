"""Single factors: what drives them, what they match and go with."""
