"""The command line, the Python interface, the estimator, and the use of stored models."""
