"""Formulas of a workbook whose values are not stored: programs write them, and only Excel computes."""

from pathlib import Path

from openpyxl import load_workbook

from aeexp.data.io.names import listed
from aeexp.text import counted

MOST_ROWS = 1_000  # examined
