"""A sweeper for Hydra that searches with Optuna: hydra/sweeper=aeexp_optuna."""
