"""How well labels are predicted from the factors."""
