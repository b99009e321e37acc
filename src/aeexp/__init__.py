"""Experiments that reveal hidden structure in tables of numbers with autoencoders."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeexp.app.callbacks import Callback
    from aeexp.app.estimator import Autoencoder
    from aeexp.app.notebook import LoadedRun, compose, load_run, run

__version__ = "0.1.0"
__all__ = ["Autoencoder", "Callback", "LoadedRun", "compose", "load_run", "run"]

HOMES = dict.fromkeys(("LoadedRun", "compose", "load_run", "run"), "aeexp.app.notebook")
HOMES |= {"Autoencoder": "aeexp.app.estimator", "Callback": "aeexp.app.callbacks"}
"""The modules of what is public: imported on first use, as they need what a menu does not."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        message = f"module 'aeexp' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
