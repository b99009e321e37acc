"""The tables of a run and of a sweep, as CSV files."""
