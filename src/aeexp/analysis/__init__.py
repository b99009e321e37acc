"""Questions put to a trained model: NumPy in, numbers out, one question per file."""
