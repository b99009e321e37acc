"""Description of a table file, as `aeexp inspect` prints it."""
