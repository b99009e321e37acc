"""A user's table: which of its columns become features, labels and names of rows."""
