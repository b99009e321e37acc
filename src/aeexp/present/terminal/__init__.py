"""What is printed while runs and sweeps go on."""
