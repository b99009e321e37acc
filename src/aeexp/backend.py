"""The backend of Keras, chosen once per process before Keras is imported."""

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
STDERR = RLock()  # the file descriptor is global, and fits may run in several threads
COMPUTED: set[int] = set()
"""Ids of this process and of the processes from which it was forked, if they have computed."""


def require(backend: Backend) -> None:
    """Check that this process can compute with a backend.

    Raises:
        UserError: It is not installed, or Keras already runs on another backend.
    """
    if not installed(backend):
        raise UserError(
            f'backend={backend.value} is not installed: pip install "aeexp[{backend.value}]".'
        )
    active = running()
    if active and active is not backend:
        raise UserError(
            f"backend={backend.value} cannot follow {active.value} in one process: start another"
            " process."
        )


def installed(backend: Backend) -> bool:
    """Return whether a backend's package is installed."""
    return find_spec(backend.value) is not None


def available_backend(backend: Backend) -> Backend:
    """Return a backend if it is installed, else JAX, which aeexp depends on."""
    return backend if installed(backend) else Backend.jax


def running() -> Backend | None:
    """Return the backend of Keras in this process, None if Keras is not imported."""
    keras = sys.modules.get("keras")
    return _supported(keras.config.backend()) if keras else None


def current() -> Backend:
    """Return the backend on which Keras runs in this process, or would run once imported.

    Raises:
        UserError: aeexp does not support it.
    """
    return running() or _supported(os.environ.get("KERAS_BACKEND") or Backend.jax.value)


def _supported(name: str) -> Backend:
    if name not in Backend.__members__:
        names = ", ".join(Backend.__members__)
        raise UserError(f"KERAS_BACKEND={name} is not supported: set it to one of {names}.")
    return Backend[name]


def cache_dir() -> Path:
    """Return aeexp's directory in the user's cache; it may not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aeexp"


def choose(backend: Backend) -> None:
    """Set Keras's backend, silence its log messages, and cache the programs that JAX compiles.

    JAX is given one device per core, so that a population can be divided among them. Variables
    that the user has set in the environment are not changed.
    """
    require(backend)
    os.environ["KERAS_BACKEND"] = backend.value
    cache = cache_dir() / "jax"
    defaults = {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_NUM_CPU_DEVICES": str(cores())}
    with suppress(OSError):  # without a cache, each process compiles again
        cache.mkdir(parents=True, exist_ok=True)
        defaults |= {
            "JAX_COMPILATION_CACHE_DIR": str(cache),
            "JAX_COMPILATION_CACHE_MAX_SIZE": str(CACHE_BYTES),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        _repair(cache)
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    for name in ("jax", "tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _repair(cache: Path) -> None:
    """Empty the cache when JAX warns that it cannot read an entry, such as a truncated file.

    JAX (0.10) would warn and compile in every process, because it does not overwrite entries. The
    warning does not name the entry.
    """
    show = warnings.showwarning
    if getattr(show, "cache", None) == cache:
        return

    def showwarning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        if not str(message).startswith(DAMAGED):
            show(message, *args, **kwargs)
            return
        for entry in cache.glob("*-cache"):
            entry.unlink(missing_ok=True)

    showwarning.cache = cache  # type: ignore[attr-defined]
    warnings.showwarning = showwarning


def refuse_forked(backend: str) -> None:
    """Record that this process computes; raise if it was forked from a process that had computed.

    A fork copies one thread only, and every backend then waits for its other threads for ever:
    observed with jax 0.10, tensorflow 2.21 and torch 2.13.

    Raises:
        RuntimeError: This process was forked from one that had computed.
    """
    COMPUTED.add(os.getpid())
    if len(COMPUTED) > 1:
        raise RuntimeError(
            f"This process was forked from one in which {backend} had already computed, and would"
            " wait for ever: start it with multiprocessing.get_context('spawn'), or with joblib's"
            " default, loky."
        )


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Discard standard error, including the output of compiled code, within the block.

    TensorFlow's compiled code ignores log levels while it is imported (tensorflow #100442).
    """
    with STDERR:
        if sys.stderr:  # None in a program without a console
            sys.stderr.flush()
        try:
            original, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        except OSError:  # standard error is closed
            yield
            return
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            os.close(null)
