"""What is odd about the numbers of a table: codes for missing values, gross errors, copies."""
