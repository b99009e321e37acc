"""What is checked, and how: `nox` runs what a newcomer needs, `nox --list` shows the rest."""

from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.sessions = ["lint", "types", "tests(jax)", "wheel"]
nox.options.error_on_missing_interpreters = True

OF_BACKENDS = ["-m", "not any_backend"]
CPU_TORCH = "torch==2.13.0"  # the release that is known to be had without CUDA's gigabytes


@nox.session
def lint(session: nox.Session) -> None:
    """Style, import contracts, and that conf/ says what the specs say."""
    session.install("ruff>=0.17", "import-linter>=2.16", "-e", ".")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.install("mypy>=2.4", "-e", ".[optuna]")
    session.run("mypy")


@nox.session
@nox.parametrize("backend", ["jax", "tensorflow", "torch"], ids=["jax", "tensorflow", "torch"])
def tests(session: nox.Session, backend: str) -> None:
    """Run the whole suite on JAX, and what hangs on the backend on the others."""
    if backend == "torch":
        session.install(CPU_TORCH)
    extras, some = ("test", []) if backend == "jax" else (f"test,{backend}", OF_BACKENDS)
    session.install("-e", f".[{extras}]")
    arguments = session.posargs or ["-n", "2", *some]
    session.run("pytest", *arguments, env={"AEEXP_TEST_BACKEND": backend})


@nox.session
def browser(session: nox.Session) -> None:
    """Open the pages of a run and of a sweep in Chromium, which must be installed."""
    session.install("-e", ".[test,browser]")
    files = ["tests/test_page_browser.py", "tests/test_summary_browser.py"]
    session.run("pytest", *files, *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """Sweep by Ray, joblib and submitit, each started for real on this machine."""
    session.install("-e", ".[test,ray,joblib,submitit]")
    session.run("pytest", "tests/test_cluster.py", *session.posargs)


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
    """Write the menu that the specs make into the heads of the files in conf/."""
    session.install("-e", ".")
    session.run("python", "-m", "aeexp.menu")
