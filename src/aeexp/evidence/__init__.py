"""The evidence for what a run found: what it is held against, and what that says."""
