"""Reading of a user's file.

Imports pandas and PyArrow: import it where a file is read, not at the top of a module.
"""

from aeexp.data.io.reader import Sheet, batches, counters, read

__all__ = ["Sheet", "batches", "counters", "read"]
