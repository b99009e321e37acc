"""Checks of the project: `nox` runs the default sessions, `nox --list` shows the others."""

from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.sessions = ["check", "wheel"]
nox.options.error_on_missing_interpreters = True

CHECKERS = ("ruff>=0.17", "import-linter>=2.16", "mypy>=2.4")
CPU_TORCH = "torch==2.13.0"  # a release whose CPU wheel does not install gigabytes of CUDA
EXTRAS = "tensorflow,torch,joblib,submitit,ray,browser"
PARALLEL = ("-n", "2", "--dist", "worksteal")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, import contracts, types and plain English."""
    session.install("-e", ".[test]", *CHECKERS)
    _lint(session)


@nox.session
def check(session: nox.Session) -> None:
    """Run the checks of `lint`, then the suite on JAX."""
    session.install("-e", ".[test]", *CHECKERS)
    _lint(session)
    session.run("pytest", *PARALLEL, *session.posargs)


def _lint(session: nox.Session) -> None:
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("mypy")
    session.run("python", "tests/plain_words.py")


@nox.session
def extras(session: nox.Session) -> None:
    """Run the tests that need the extras, all installed; Chromium must be installed, too.

    They test the engine's contract on TensorFlow and PyTorch, that runs on JAX import neither,
    sweeps on Ray, joblib and submitit, and the pages of a run and of a sweep in Chromium.
    """
    session.install(CPU_TORCH)
    session.install("-e", f".[test,{EXTRAS}]")
    engine = (*PARALLEL, "-m", "engine and not slow", *session.posargs)
    for backend in ("tensorflow", "torch"):
        session.run("pytest", *engine, env={"AEEXP_TEST_BACKEND": backend})
    session.run("pytest", "-m", "extras", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run tests that take minutes: fifty kills, large tables."""
    session.install("-e", ".[test]")
    session.run("pytest", *PARALLEL, "-m", "slow", *session.posargs)


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """Run the suite on the newest Python, with the newest dependencies."""
    session.install("-e", ".[test]")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it without extras, and run it in another directory."""
    session.install("build>=1.6")
    dist = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--outdir", str(dist), silent=True)
    newest = max(dist.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", "--no-deps", str(newest))
    session.install(str(newest))
    session.chdir(dist)
    session.run("aeexp", "training.epochs=2")
    session.run("aeexp", "--multirun", "model=shallow,deep", "training.epochs=1", "figures=none")


@nox.session
def menu(session: nox.Session) -> None:
    """Generate conf/, docs/metrics.md and README's options from specs and metrics."""
    session.install("-e", ".")
    session.run("python", "-m", "aeexp.app.menu")
