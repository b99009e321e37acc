"""Cost of sweeps: as populations, with Hydra's basic launcher and Keras's fit, with joblib.

    python benchmarks/sweep.py [a part of the names of lines]

Each line is a command, run once in a process of its own; joblib needs aeexp[joblib].
"""

import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TUTORIAL = [
    f"tutorial_{s}"
    for s in ("encode", "loss_curve", "validation", "regularised", "learning_rate", "deep")
]
DEEP = ("model=deep", "optimizer.lr=1e-3,2e-3,5e-3,1e-2")
STAGES = ("train", "compile", "load", "analyse", "figures", "total")


def timed(*arguments: str) -> tuple[float, Path]:
    """Run a sweep in a directory of its own; return its seconds and that directory."""
    root = Path(tempfile.mkdtemp(prefix="aeexp-sweep-"))
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "aeexp", "--multirun", *arguments],
        cwd=root,
        check=False,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode not in {0, 3}:  # 3: a learning rate may be too high
        sys.exit(f"{' '.join(arguments)}: exit code {done.returncode}")
    return time.perf_counter() - start, next(root.glob("outputs/multirun/*/*"))


def seeds(runs: int) -> str:
    """Return the override that makes this number of runs with the four learning rates."""
    return f"seed=range({runs // 4})"


def print_line(name: str, seconds: float, more: str = "") -> None:
    """Print a line of the table."""
    print(f"{name:<58}{seconds:>9.1f}   {more}", flush=True)


def tutorial() -> None:
    """Time the tutorial's six steps as one sweep."""
    seconds, sweep = timed(f"experiment={','.join(TUTORIAL)}")
    with (sweep / "summary.csv").open() as file:
        runs = len(list(csv.reader(file))) - 1
    print_line("the tutorial's six steps, every file and figure", seconds, f"{runs} runs")


def launchers() -> None:
    """Time 64 deep runs on Wine as populations and with other launchers."""
    for figures in ("all", "none"):
        setting = f"figures={figures}"
        population, sweep = timed(*DEEP, seeds(64), setting)
        print_line(f"64 deep runs, {setting}: population", population, stages(sweep))
        for name, overrides in {
            "basic launcher, Keras fit": ("hydra/launcher=basic", "training.engine=fit"),
            "joblib launcher, Keras fit": ("hydra/launcher=joblib", "training.engine=fit"),
        }.items():
            seconds, _ = timed(*DEEP, seeds(64), setting, *overrides)
            print_line(
                f"64 deep runs, {setting}: {name}", seconds, f"{seconds / population:.1f} x"
            )


def growth() -> None:
    """Time sweeps of increasing size without figures."""
    for runs in (64, 512, 1024):
        seconds, sweep = timed(*DEEP, seeds(runs), "figures=none")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        per_run = f"{1000 * seconds / runs:.0f} ms each, peak {peak:.0f} MiB; "
        print_line(f"{runs} deep runs, figures=none", seconds, per_run + stages(sweep))


def stages(sweep: Path) -> str:
    """Return the seconds of each stage, summed over the runs."""
    records = [json.loads(path.read_text())["seconds"] for path in sweep.glob("*/run.json")]
    sums = {stage: sum(record.get(stage, 0.0) for record in records) for stage in STAGES}
    return ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in sums.items())


def main(parts: Sequence[str]) -> None:
    """Print the table and the machine."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'seconds':<58}{'wall':>9}")
    for part in (tutorial, launchers, growth):
        if not parts or part.__name__ in parts:
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
