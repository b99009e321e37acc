"""Hydra's plugins for aeexp's sweeps; light to import, because Hydra imports every plugin."""
