"""The output of runs and sweeps on the terminal."""
