"""Cost of training: Keras's fit, a bare PyTorch loop, hand-written JAX, and aeexp's engines.

    python benchmarks/training.py [rounds] [a part of the names of lines]

Each number is measured in a process of its own, without a compilation cache, once per round.
Backends that are not installed are skipped. The table is Wine: 142 training and 36 held-out rows,
200 epochs in batches of 16. The hand-written program gets its shuffled rows; aeexp's time includes
the shuffling.
"""

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from aeexp.backend import choose
from aeexp.config.spec import Backend, Deep, Engine, Experiment, Shallow, Training
from aeexp.data.prepare import prepare_problem

EPOCHS, BATCH = 200, 16
LAYERS = {"shallow": [13, 3, 13], "deep": [13, 32, 16, 3, 16, 32, 13]}
WIDTHS = (64, 256, 1024, 4096)
Seconds = dict[str, float]


def wine() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scaled table, its training rows and its validation rows."""
    problem = prepare_problem(Experiment())
    return problem.x, problem.rows.train, problem.rows.val


def aeexp(backend: str, engine: str, model: Any, members: int, epochs: int = EPOCHS) -> Seconds:
    """Train a population with an engine of aeexp; `fit` is Keras's own."""
    choose(Backend[backend])
    from aeexp.training import Member, train

    x, rows, val = wine()
    training = Training(engine=Engine[engine], epochs=epochs)
    experiment = Experiment(model=model, training=training, backend=Backend[backend])
    population = [
        Member(experiment=replace(experiment, seed=seed), x=x, rows=rows, val=val)
        for seed in range(members)
    ]
    trained = train(population)
    return {"compile": trained.compile, "run": trained.seconds}


def bare_torch(model: str, _members: int) -> Seconds:
    """Train one member like a PyTorch tutorial, without a data loader."""
    import torch

    x, rows, val = wine()
    table, sizes = torch.tensor(x), LAYERS[model]
    linear = [torch.nn.Linear(*pair) for pair in pairwise(sizes)]
    latent = len(linear) // 2 - 1
    layers = []
    for i, layer in enumerate(linear):
        has_relu = i not in (latent, len(linear) - 1)
        layers += [layer, torch.nn.ReLU()] if has_relu else [layer]
    network = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        for batch in torch.tensor(rows)[torch.randperm(len(rows))].split(BATCH):
            optimizer.zero_grad()
            loss = ((network(table[batch]) - table[batch]) ** 2).mean()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            float(((network(table[val]) - table[val]) ** 2).mean())
    return {"compile": 0.0, "run": time.perf_counter() - start}


def hand_written(model: str, members: int) -> Seconds:
    """Train in plain JAX, written for one model, loss and optimizer: a lower bound for aeexp."""
    choose(Backend.jax)
    import jax
    from jax import lax
    from jax import numpy as jnp
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    x, rows, val = wine()
    sizes, random = LAYERS[model], np.random.default_rng(0)
    pairs = list(pairwise(sizes))
    latent = len(pairs) // 2 - 1
    limits = [math.sqrt(6 / sum(pair)) for pair in pairs]
    weights = [
        (random.uniform(-limit, limit, (members, *pair)), np.zeros((members, pair[1])))
        for limit, pair in zip(limits, pairs, strict=True)
    ]
    weights = jax.tree.map(lambda a: a.astype(np.float32), weights)
    orders = np.stack(
        [[random.permutation(rows) for _ in range(EPOCHS)] for _ in range(members)]
    ).astype(np.int32)

    def loss(weights: Any, x: Any) -> Any:
        z = x
        for i, (kernel, bias) in enumerate(weights):
            z = z @ kernel + bias
            z = jnp.tanh(z) if len(pairs) == 2 and i == 0 else z
            z = z if i in (latent, len(pairs) - 1) else jax.nn.relu(z)
        return jnp.mean((z - x) ** 2)

    def step(state: Any, batch: Any) -> Any:
        weights, m, v, t = state
        value, slopes = jax.value_and_grad(loss)(weights, table[batch])
        t += 1
        m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, slopes)
        v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, slopes)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        update = lambda w, a, b: w - rate * a / (jnp.sqrt(b) + 1e-7)  # noqa: E731
        return (jax.tree.map(update, weights, m, v), m, v, t), value

    def epoch(state: Any, order: Any) -> Any:
        full = len(order) // BATCH * BATCH
        state, values = lax.scan(step, state, order[:full].reshape(-1, BATCH))
        if full < len(order):
            state, value = step(state, order[full:])
            mean = (values.sum() * BATCH + value * (len(order) - full)) / len(order)
        else:
            mean = values.mean()
        return state, (mean, loss(state[0], table[val]))

    def fit(weights: Any, orders: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, weights)
        return lax.scan(epoch, (weights, zeros, zeros, 0), orders)

    table = jnp.asarray(x)
    devices = jax.local_devices()
    devices = devices[: math.gcd(members, len(devices))]
    mesh, split = Mesh(devices, ("members",)), PartitionSpec("members")
    arguments = jax.device_put((weights, orders), NamedSharding(mesh, split))
    start = time.perf_counter()
    mapped = jax.shard_map(
        jax.vmap(fit), mesh=mesh, in_specs=split, out_specs=split, check_vma=False
    )
    run = jax.jit(mapped).lower(*arguments).compile()
    compiled = time.perf_counter()
    jax.block_until_ready(run(*arguments))
    return {"compile": compiled - start, "run": time.perf_counter() - compiled}


def large(engine: str) -> Seconds:
    """Train one member on 60,000 × 784 in batches of 256; return the seconds of an epoch."""
    choose(Backend.jax)
    from aeexp.training import Member, train

    epochs, x = 8, np.random.default_rng(0).random((60_000, 784), np.float32)
    experiment = Experiment(
        model=Deep(hidden=[128, 64], latent_dim=12),
        training=Training(engine=Engine[engine], epochs=epochs, batch_size=256),
    )
    rows = np.arange(60_000)
    trained = train([Member(experiment=experiment, x=x, rows=rows, val=rows[:0])])
    return {"compile": trained.compile, "run": trained.seconds / epochs}


def contenders() -> dict[str, tuple[Callable[..., Seconds], tuple[Any, ...]]]:
    """Return the measured functions and their arguments, by the name of the line."""
    backends = [b.value for b in Backend if find_spec(b.value)]
    lines: dict[str, tuple[Callable[..., Seconds], tuple[Any, ...]]] = {}
    for model, spec in {"shallow": Shallow(), "deep": Deep()}.items():
        for backend in backends:
            lines[f"{model}  fit, {backend}"] = aeexp, (backend, "fit", spec, 1)
            if backend != "jax":
                lines[f"{model}  aeexp, {backend}"] = aeexp, (backend, "keras", spec, 1)
        if "torch" in backends:
            lines[f"{model}  bare PyTorch"] = bare_torch, (model, 1)
        for members in (1, 8, 64, 512):
            lines[f"{model}  hand-written JAX × {members}"] = hand_written, (model, members)
            lines[f"{model}  aeexp, jax × {members}"] = aeexp, ("jax", "compiled", spec, members)
    for width in WIDTHS:
        for members in (1, 8):
            arguments = ("jax", "compiled", Deep(hidden=[width]), members, 10)
            lines[f"{width} units, 10 epochs × {members}"] = aeexp, arguments
    for engine in ("fit", "compiled"):
        lines[f"60,000 × 784, an epoch, {engine}"] = large, (engine,)
    return lines


def measure(name: str) -> Seconds:
    """Measure one line in a process of its own."""
    command = [sys.executable, __file__, "--measure", name]
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the medians of all rounds, the machine and the versions."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    packages = ("keras", "jax", "tensorflow", "tensorflow-cpu", "torch")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(filter(None, map(installed, packages))) + f"; median of {rounds}")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    results: dict[str, list[Seconds]] = {name: [] for name in contenders() if part in name}
    for _ in range(rounds):
        for name, seconds in results.items():
            seconds.append(measure(name))
    print(f"{'seconds':<36}{'compile':>9}{'run':>9}   (least to most)")
    for name, rows in results.items():
        runs = [seconds["run"] for seconds in rows]
        compiling = median(seconds["compile"] for seconds in rows)
        spread = f"({min(runs):.3f} to {max(runs):.3f})"
        print(f"{name:<36}{compiling:>9.2f}{median(runs):>9.3f}   {spread}")


def installed(package: str) -> str:
    """Return a distribution's name and version, "" if it is not installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        function, arguments = contenders()[sys.argv[2]]
        print(json.dumps(function(*arguments)))
    else:
        main()
