"""Description of a table file, as `aeexp inspect` prints it.

Imports pandas and PyArrow: import it where it is needed, not at the top of a module.
"""

from aeexp.data.inspect.describe import describe, inspect

__all__ = ["describe", "inspect"]
