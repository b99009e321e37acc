"""How Hydra runs aeexp's sweeps. Nothing here is imported before a launcher is asked for."""
