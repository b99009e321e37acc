"""The suite runs on one backend at a time: AEEXP_TEST_BACKEND, or JAX."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import command_line
import pytest
from sentences import Sentences
from syrupy.assertion import SnapshotAssertion

from aeexp.backend import choose
from aeexp.config.spec import (
    Adam,
    Backend,
    Blobs,
    Experiment,
    KMeans,
    NoEvidence,
    NoFigures,
    Shallow,
    Split,
    Training,
)

os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")  # so that populations are divided among devices
BACKEND = Backend[os.environ.get("AEEXP_TEST_BACKEND", "jax")]
choose(BACKEND)
CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
RUN_COMMANDS = ("encode", "decode", "reconstruct", "verify")


@pytest.fixture
def backend() -> Backend:
    return BACKEND


@pytest.fixture
def sentences(snapshot: SnapshotAssertion, tmp_path: Path) -> Sentences:
    return Sentences(snapshot, tmp_path)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Experiment]:
    """Make an experiment that trains in a moment. changes: other values of its fields."""

    def make(**changes: Any) -> Experiment:
        defaults = {
            "dataset": Blobs(samples=60, features=6, centers=3),
            "model": Shallow(latent_dim=2),
            "split": Split(validation=0.2),
            "optimizer": Adam(lr=1e-3),
            "training": Training(epochs=2, batch_size=16),
            "clustering": {"kmeans": KMeans()},
            "evidence": NoEvidence(),
            "figures": NoFigures(),
            "backend": BACKEND,
        }
        return Experiment(**(defaults | changes))

    return make


@pytest.fixture
def aeexp(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in an empty directory, on the backend of the suite."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        more: list[str] = []
        if arguments[:1] and arguments[0] in RUN_COMMANDS:
            more = ["--backend", BACKEND.value]
        elif not any(argument.startswith(("backend=", "-")) for argument in arguments):
            more = [f"backend={BACKEND.value}"]
            if not any(argument.startswith(("evidence", "experiment=")) for argument in arguments):
                more.append("evidence=none")  # takes long on other backends
        return command_line.run(tmp_path, *arguments, *more, **options)

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start the system's Chromium, which the extra `browser` drives."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
