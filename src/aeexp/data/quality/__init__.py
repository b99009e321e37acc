"""Odd numbers in a table: codes for missing values, gross errors, copies."""
