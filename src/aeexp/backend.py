"""The library Keras computes with: chosen before Keras is imported, once in a process."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import Any

from aeexp.config.spec import Backend
from aeexp.errors import UserError

CACHE_BYTES = 256 * 2**20
DAMAGED = "Error reading persistent compilation cache entry"
STANDARD_ERROR = RLock()
COMPUTED_IN: set[int] = set()
"""This process, once it has computed; where it was forked, the one it was forked from, too."""


def require(backend: Backend) -> None:
    """Refuse a backend that this process cannot compute with.

    Raises:
        UserError: It is not installed, or Keras already runs on another one.
    """
    if not installed(backend):
        message = (
            f'backend={backend.value} is not installed: pip install "aeexp[{backend.value}]".'
        )
        raise UserError(message)
    first = running()
    if first and first is not backend:
        message = (
            f"backend={backend.value} cannot follow {first.value} in one process: start another"
            " one."
        )
        raise UserError(message)


def installed(backend: Backend) -> bool:
    """Return whether a backend's package is here."""
    return find_spec(backend.value) is not None


def available_backend(backend: Backend) -> Backend:
    """Return a backend if it is here, else the one that comes along with aeexp."""
    return backend if installed(backend) else Backend.jax


def running() -> Backend | None:
    """Return the backend that Keras runs on in this process, if it does."""
    keras = sys.modules.get("keras")
    return _known(keras.config.backend()) if keras else None


def current() -> Backend:
    """Return the backend that Keras runs on in this process or, not yet imported, would.

    Raises:
        UserError: It is none of those that aeexp knows.
    """
    return running() or _known(os.environ.get("KERAS_BACKEND") or Backend.jax.value)


def _known(name: str) -> Backend:
    if name not in Backend.__members__:
        known = ", ".join(Backend.__members__)
        message = f"KERAS_BACKEND={name} is not supported: set it to one of {known}."
        raise UserError(message)
    return Backend[name]


def cache_dir() -> Path:
    """Return aeexp's directory in the user's cache, which may not be there yet."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aeexp"


def choose(backend: Backend) -> None:
    """Make Keras compute with a backend, without its chatter, and keep what JAX compiles.

    To JAX, each core is a device, so that the members of a population can be shared out to them.
    What the user has set in the environment stays as it is.
    """
    require(backend)
    os.environ["KERAS_BACKEND"] = backend.value
    cache = cache_dir() / "jax"
    defaults = {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_NUM_CPU_DEVICES": str(cores())}
    with suppress(OSError):  # without a cache, a run compiles anew
        cache.mkdir(parents=True, exist_ok=True)
        defaults |= {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_COMPILATION_CACHE_MAX_SIZE": str(CACHE_BYTES),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        _mend(cache)
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    for chatty in ("jax", "tensorflow", "absl"):
        logging.getLogger(chatty).setLevel(logging.ERROR)


def _mend(cache: Path) -> None:
    """Empty the cache as soon as JAX cannot read an entry of it, such as one that was cut short.

    JAX (0.10) warns of it in every process, and compiles, but writes no entry over another. It
    does not say which entry it is.
    """
    show = warnings.showwarning
    if getattr(show, "mends", None) == cache:
        return

    def showwarning(message: Warning | str, *details: Any, **more: Any) -> None:
        if not str(message).startswith(DAMAGED):
            show(message, *details, **more)
            return
        for entry in cache.glob("*-cache"):
            entry.unlink(missing_ok=True)

    showwarning.mends = cache  # type: ignore[attr-defined]
    warnings.showwarning = showwarning


def refuse_forked(backend: str) -> None:
    """Note that this process computes, and refuse to if it was forked from one that had.

    A fork copies one thread, and each backend waits for the others for ever: tried with jax 0.10,
    tensorflow 2.21 and torch 2.13.

    Raises:
        RuntimeError: It was forked so.
    """
    COMPUTED_IN.add(os.getpid())
    if len(COMPUTED_IN) > 1:
        message = (
            f"This process was forked from one in which {backend} had already computed, and would"
            " wait for ever: start it by spawn, multiprocessing.get_context('spawn') say, or with"
            " joblib's default, loky."
        )
        raise RuntimeError(message)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Send what libraries write to standard error to nowhere, whoever in them writes it.

    TensorFlow's compiled part heeds no log level while it is imported (tensorflow #100442).
    """
    with STANDARD_ERROR:
        if sys.stderr:  # a program without a console has none
            sys.stderr.flush()
        try:
            kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        except OSError:  # it is closed already
            yield
            return
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
