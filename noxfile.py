"""What is checked, and how: `nox` runs what a newcomer needs, `nox --list` shows the rest."""

from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.sessions = ["check", "wheel"]
nox.options.error_on_missing_interpreters = True

CHECKERS = ("ruff>=0.17", "import-linter>=2.16", "mypy>=2.4")
CPU_TORCH = "torch==2.13.0"  # the release that is known to be had without CUDA's gigabytes
EXTRAS = "tensorflow,torch,joblib,submitit,ray,browser"
PARALLEL = ("-n", "2", "--dist", "worksteal")


@nox.session
def check(session: nox.Session) -> None:
    """Style, types, import contracts, and the suite on JAX."""
    session.install("-e", ".[test]", *CHECKERS)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("mypy")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def extras(session: nox.Session) -> None:
    """Test what needs an extra, with all of them installed; Chromium must be, too.

    TensorFlow and PyTorch do what every engine must, JAX runs without importing either, sweeps run
    on Ray, joblib and submitit, and the pages of a run and of a sweep are opened in Chromium.
    """
    session.install(CPU_TORCH)
    session.install("-e", f".[test,{EXTRAS}]")
    engine = (*PARALLEL, "-m", "engine and not slow", *session.posargs)
    for backend in ("tensorflow", "torch"):
        session.run("pytest", *engine, env={"AEEXP_TEST_BACKEND": backend})
    session.run("pytest", "-m", "extras", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Test for minutes what the other sessions test in brief: fifty kills, large tables."""
    session.install("-e", ".[test]")
    session.run("pytest", *PARALLEL, "-m", "slow", *session.posargs)


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """Run the suite on the newest Python, and so on releases that have left older ones."""
    session.install("-e", ".[test]")
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, install it bare, and run it from another directory."""
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
    """Write what follows from specs and metrics: conf/, docs/metrics.md, README's options."""
    session.install("-e", ".")
    session.run("python", "-m", "aeexp.app.menu")
