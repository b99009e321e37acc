"""Clusters: finding them, how clear they are, whether they come back."""
