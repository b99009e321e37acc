"""How often numbers are taken for codes, wrongly or rightly: `python benchmarks/codes.py`.

Prints for each kind of table the share of tables in which `aeexp.data.quality.codes.find_codes`
names a number that is none, and for each planted code the share in which it is named, with 95 %
intervals.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn import datasets

from aeexp.data.quality.codes import Code, find_codes

TABLES = 200
SIZES = (30, 4), (200, 10), (1000, 10), (200, 300)
BUILT_IN = "iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"
CODES = -999.0, -200.0, -9.0, 99.0, 999.0, 9999.0, 1e30
MISSING = 0.05
"""Share of the cells of a column that get a code."""

Draw = Callable[[Generator, tuple[int, int]], NDArray[np.float64]]
KINDS: dict[str, Draw] = {
    "Gaussian": lambda rng, size: rng.normal(50, 10, size),
    "rounded Gaussian": lambda rng, size: rng.normal(50, 10, size).round(1),
    "rounded heavy tails (t, 3 df)": lambda rng, size: (10 * rng.standard_t(3, size)).round(1),
    "log-normal": lambda rng, size: rng.lognormal(0, 1, size),
    "log-normal, whole numbers": lambda rng, size: (100 * rng.lognormal(0, 1, size)).round(),
    "Poisson, mean 0.5": lambda rng, size: rng.poisson(0.5, size).astype(float),
    "Poisson, mean 3": lambda rng, size: rng.poisson(3, size).astype(float),
    "Poisson, mean 30": lambda rng, size: rng.poisson(30, size).astype(float),
    "negative binomial, mean 5": lambda rng, size: rng.negative_binomial(0.5, 1 / 11, size) * 1.0,
    "zero-inflated counts": lambda rng, size: (
        rng.negative_binomial(2, 0.1, size) * (rng.random(size) < 0.4)
    ),
    "0 to 100 with a ceiling": lambda rng, size: rng.normal(80, 20, size).round().clip(0, 100),
    "ratings 1 to 5": lambda rng, size: rng.integers(1, 6, size).astype(float),
    "binary": lambda rng, size: rng.integers(0, 2, size).astype(float),
    "rare binary": lambda rng, size: (rng.random(size) < 0.02).astype(float),
    "doses 0, 1, 10, 100": lambda rng, size: rng.choice([0.0, 1, 10, 100], size),
    "rain: 0 or gamma": lambda rng, size: (
        rng.gamma(0.7, 8, size) * (rng.random(size) < 0.4)
    ).round(1),
}


def main() -> None:
    """Print the shares of false alarms and of hits."""
    for name in BUILT_IN:
        codes = find_codes(_columns(getattr(datasets, f"load_{name}")().data))
        print(f"{name}: {_texts(codes) or 'none'}")
    for name, draw in KINDS.items():
        alarms = [[find_codes(table) for table in _tables(draw, size)] for size in SIZES]
        for (rows, columns), of_size in zip(SIZES, alarms, strict=True):
            missing = _share([any(c.is_missing for c in codes) for codes in of_size])
            zero = _share([any(c.number == 0 for c in codes) for codes in of_size])
            print(f"false alarms, {name}, {rows} × {columns}: {missing}; 0: {zero}", flush=True)
    for code in CODES:
        for name, draw in KINDS.items():
            hits = [
                any(found.number == code for found in find_codes(_planted(table, code, seed)))
                for seed, table in enumerate(_tables(draw, (200, 10)))
            ]
            print(f"hits, {code:g} in {name}: {_share(hits)}", flush=True)


def _tables(draw: Draw, size: tuple[int, int]) -> Iterator[dict[str, NDArray[np.float64]]]:
    for seed in range(TABLES if size[1] < 100 else TABLES // 10):
        yield _columns(draw(np.random.default_rng(seed), size))


def _columns(x: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {f"x{number}": column for number, column in enumerate(x.T)}


def _planted(
    table: dict[str, NDArray[np.float64]], code: float, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return a table with a code in three of its columns."""
    rng = np.random.default_rng(seed)
    planted = dict(table)
    for name in list(table)[:3]:
        planted[name] = np.where(rng.random(len(table[name])) < MISSING, code, table[name])
    return planted


def _share(events: list[bool]) -> str:
    interval = binomtest(sum(events), len(events)).proportion_ci(method="wilson")
    return f"{100 * np.mean(events):.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _texts(codes: tuple[Code, ...]) -> str:
    return ", ".join(code.text for code in codes)


if __name__ == "__main__":
    main()
