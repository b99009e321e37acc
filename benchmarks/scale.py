"""Cost of tables of a thousand to a million rows: seconds of each stage, and peak memory.

    python benchmarks/scale.py [rows …]

Tables of 50 columns in single precision, from parquet, 5 epochs, otherwise the defaults: two
clusterings, every figure. Then the run's model encodes the same rows. Each command runs once, in
a process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

COLUMNS = 50
STAGES = ("load", "compile", "train", "analyse", "figures", "total")
ROWS = (1_000, 10_000, 100_000, 1_000_000)
MIB = 2**20


def table(folder: Path, rows: int) -> Path:
    """Write a table with rows near a curved sheet of 4 dimensions."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(rows, 4)).astype(np.float32)
    w = rng.normal(size=(4, COLUMNS)).astype(np.float32)
    x = np.tanh(z @ w) + 0.1 * rng.standard_normal((rows, COLUMNS), dtype=np.float32)
    path = folder / f"{rows}.parquet"
    parquet.write_table(pa.table({f"x{j}": column for j, column in enumerate(x.T)}), path)
    return path


def measure(folder: Path, *arguments: str) -> tuple[float, int]:
    """Run a command; return its seconds and its peak memory in bytes."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "aeexp", *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(arguments)}: status {status}")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def print_line(rows: int) -> None:
    """Print the line of a table with a number of rows."""
    folder = Path(tempfile.mkdtemp(prefix="aeexp-scale-"))
    path = table(folder, rows)
    overrides = ("dataset=table", f"dataset.path={path}", "training.epochs=5", "hydra.run.dir=run")
    seconds, peak = measure(folder, *overrides)
    stages = json.loads((folder / "run" / "run.json").read_text())["seconds"]
    encoded = measure(folder, "encode", "run", str(path), "-o", "latents.parquet")
    size = 4 * rows * COLUMNS
    cells = [f"{stages[stage]:.2f}" for stage in STAGES]
    for wall, memory in ((seconds, peak), encoded):
        cells += [f"{wall:.1f}", f"{memory / MIB:.0f}", f"{memory / size:.1f}"]
    print(f"{rows:>9,}  " + "".join(f"{cell:>10}" for cell in cells), flush=True)


def inspect_wide(rows: int, columns: int) -> None:
    """Print the cost of inspecting a wide table of delimited text."""
    folder = Path(tempfile.mkdtemp(prefix="aeexp-scale-"))
    x = np.random.default_rng(0).normal(size=(rows, columns))
    names = ",".join(f"x{j}" for j in range(columns))
    np.savetxt(folder / "wide.csv", x, "%.6g", ",", header=names, comments="")
    seconds, peak = measure(folder, "inspect", "wide.csv")
    print(f"inspect {rows:,} × {columns:,}: {seconds:.1f} s, {peak / MIB:.0f} MiB")


if __name__ == "__main__":
    heads = [*STAGES, "command", "MiB", "× table", "encode", "MiB", "× table"]
    print(" " * 11 + "".join(f"{head:>10}" for head in heads))
    for count in map(int, sys.argv[1:] or ROWS):
        print_line(count)
    inspect_wide(5, 100_000)
