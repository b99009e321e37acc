"""read: a user's own file -> Sheet; inspect: what is in it, in words.

Imports pandas and PyArrow: import it where a file is read, not at the top of a module.
"""

from aeexp.data.inspect.describe import inspect
from aeexp.data.io.reader import Sheet, batches, read

__all__ = ["Sheet", "batches", "inspect", "read"]
