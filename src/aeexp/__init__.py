"""Experiments that reveal hidden structure in tables of numbers with autoencoders."""

__version__ = "0.1.0"
