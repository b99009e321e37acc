"""Experiments that reveal hidden structure in tables of numbers with autoencoders."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aeexp.app.callbacks import Callback
    from aeexp.app.estimator import Autoencoder
    from aeexp.app.loaded_run import LoadedRun
    from aeexp.app.notebook import compose, load_run, run

__version__ = "0.1.0"
__all__ = ["Autoencoder", "Callback", "LoadedRun", "compose", "load_run", "run"]

MODULES = dict.fromkeys(("compose", "load_run", "run"), "aeexp.app.notebook")
MODULES |= {"Autoencoder": "aeexp.app.estimator", "Callback": "aeexp.app.callbacks"}
MODULES |= {"LoadedRun": "aeexp.app.loaded_run"}
"""The modules of the public names. Imported on first use, so that --help starts fast."""


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module 'aeexp' has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
