"""Duration of a run, compared with the import of its libraries and Keras's own fit.

Each number is the median over rounds. A round measures everything once; ratios are computed within
a round, since machines are noisy. `python benchmarks/single_run.py [rounds]`.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

ENVIRONMENT = os.environ | {"KERAS_BACKEND": "jax"}
LIBRARIES = "import keras, jax, sklearn.cluster, pandas, matplotlib.figure"
FIT = """
import time, keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
x_train, x_val = train_test_split(load_wine().data, test_size=0.2, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train, x_val = (scaler.transform(x).astype("float32") for x in (x_train, x_val))
model = keras.Sequential(
    [keras.Input((13,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(13)]
)
model.compile("adam", "mse")
start = time.perf_counter()
model.fit(
    x_train, x_train, batch_size=16, epochs=200, validation_data=(x_val, x_val), verbose=0
)
print(time.perf_counter() - start)
"""
RUN = ("-m", "aeexp")


def seconds(*arguments: str, folder: str) -> tuple[float, str]:
    """Return the duration of a Python process and its output."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, done.stdout


def one_round(folder: str) -> dict[str, float]:
    """Measure everything once."""
    libraries, _ = seconds("-c", LIBRARIES, folder=folder)
    fit = float(seconds("-c", FIT, folder=folder)[1])
    run, _ = seconds(*RUN, "evidence=none", folder=folder)
    newest = max(Path(folder).glob("outputs/*/*/run.json"))
    figures = json.loads(newest.read_text())["seconds"]["figures"]
    with_evidence, _ = seconds(*RUN, folder=folder)
    return {
        "libraries": libraries,
        "Keras fit": fit,
        "run, evidence=none": run,
        "run / (libraries + fit)": run / (libraries + fit),
        "run with evidence": with_evidence,
        "… / evidence=none": with_evidence / run,
        "figures": figures,
        "--help": seconds(*RUN, "--help", folder=folder)[0],
        "--cfg job": seconds(*RUN, "--cfg", "job", folder=folder)[0],
        "a misspelt option": misspelt(folder),
    }


def misspelt(folder: str) -> float:
    """Return how long it takes to refuse an override."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *RUN, "model=deeep"], cwd=folder, capture_output=True, check=False
    )
    return time.perf_counter() - start


def main() -> None:
    """Print the medians, the machine and the versions."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    versions = " ".join(f"{name} {version(name)}" for name in ("keras", "jax", "matplotlib"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{versions}; median (least to most) of {rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for overrides in ((), ("evidence=none",)):  # the first run on a machine compiles
            seconds(*RUN, *overrides, folder=folder)
        results = [one_round(folder) for _ in range(rounds)]
    for name in results[0]:
        values = [result[name] for result in results]
        print(f"{name:<26}{median(values):6.2f}  ({min(values):.2f} to {max(values):.2f})")


if __name__ == "__main__":
    main()
