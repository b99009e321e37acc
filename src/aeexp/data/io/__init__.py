"""Reading a user's file: `read` and `batches`; `inspect` describes its content.

Imports pandas and PyArrow: import it where a file is read, not at the top of a module.
"""

from aeexp.data.inspect.describe import inspect
from aeexp.data.io.reader import Sheet, batches, read

__all__ = ["Sheet", "batches", "inspect", "read"]
