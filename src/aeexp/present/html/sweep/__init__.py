"""The summary of sweeps: summary.html."""
