"""Cost of reading files of other programs, relative to their own libraries.

    python benchmarks/reading.py [rounds]

A sparse .h5ad file of 20,000 × 2,000 with a tenth of the cells filled, packed by gzip, and a .mat
file of 20,000 × 1,000, as MATLAB packs it by default. The library reads one dense array, aeexp a
data frame with names. Each reads in a process of its own: CPU seconds, and how far the memory
rises above that of the imported libraries. Linux.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy import io, sparse


def write_h5ad(path: Path) -> None:
    """Write an AnnData file, as anndata 0.12 does."""
    rng = np.random.default_rng(0)
    x = sparse.random_array((20_000, 2_000), density=0.1, format="csr", dtype="f4", rng=rng)
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group.attrs.update({"encoding-type": "csr_matrix", "shape": x.shape})
        for part in ("data", "indices", "indptr"):
            group.create_dataset(part, data=getattr(x, part), compression="gzip", chunks=True)
        for name, size in {"obs": x.shape[0], "var": x.shape[1]}.items():
            frame = file.create_group(name)
            frame.attrs.update({"_index": "_index", "column-order": np.empty(0, "S1")})
            frame["_index"] = [f"{name}{i}" for i in range(size)]


def write_mat(path: Path) -> None:
    """Write a MATLAB file of version 7, rounded as recordings are."""
    x = np.random.default_rng(0).normal(size=(20_000, 1_000)).round(2)
    io.savemat(path, {"x": x}, do_compression=True)


def read_by_library(path: Path) -> Any:
    """Return a dense array."""
    if path.suffix == ".mat":
        return io.loadmat(path)["x"]
    with h5py.File(path) as file:
        group = file["X"]
        parts = tuple(group[part][:] for part in ("data", "indices", "indptr"))
        return sparse.csr_array(parts, group.attrs["shape"]).toarray()


def read_by_aeexp(path: Path) -> Any:
    """Return a data frame."""
    from aeexp.config.spec import Format
    from aeexp.data.io import read

    return read(path, Format()).frame


READERS = {"library": read_by_library, "aeexp": read_by_aeexp}


def peak_bytes() -> int:
    """Return the peak memory of this process; `getrusage` includes that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def measure(reader: str, path: Path) -> dict[str, float]:
    """Read a file in this process; return CPU seconds and bytes."""
    import aeexp.data.io.h5ad
    import aeexp.data.io.matlab
    import aeexp.data.io.reader  # noqa: F401  (all are imported before the memory is measured)

    before = peak_bytes()
    start = time.process_time()
    table = READERS[reader](path)  # still in memory when the peak is read
    seconds = time.process_time() - start
    peak = peak_bytes() - before
    if len(table) != 20_000:
        sys.exit(f"{reader} read {len(table)} rows")
    return {"seconds": seconds, "bytes": peak}


def print_line(path: Path, size: int, rounds: int) -> None:
    """Print seconds and memory of both. size: bytes of the dense array."""
    seconds: dict[str, list[float]] = {reader: [] for reader in READERS}
    memory: dict[str, list[float]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader in READERS:
            command = [sys.executable, __file__, reader, str(path)]
            result = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
            seconds[reader].append(result["seconds"])
            memory[reader].append(result["bytes"])
    ratios = [a / b for a, b in zip(seconds["aeexp"], seconds["library"], strict=True)]
    cells = [
        f"{reader} {statistics.median(seconds[reader]):.2f} s,"
        f" {statistics.median(memory[reader]) / size:.2f} × the array"
        for reader in READERS
    ]
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{path.name}: {'; '.join(cells)}; ratio {statistics.median(ratios):.2f} ({spread})")


if __name__ == "__main__":
    if sys.argv[1:2] in (["library"], ["aeexp"]):
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
    else:
        folder = Path(tempfile.mkdtemp(prefix="aeexp-reading-"))
        count = int(sys.argv[1]) if sys.argv[1:] else 5
        write_h5ad(folder / "sparse.h5ad")
        print_line(folder / "sparse.h5ad", 4 * 20_000 * 2_000, count)
        write_mat(folder / "dense.mat")
        print_line(folder / "dense.mat", 8 * 20_000 * 1_000, count)
