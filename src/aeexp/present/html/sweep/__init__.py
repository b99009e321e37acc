"""The summary of sweeps: what many runs come to, in one table and one page."""
