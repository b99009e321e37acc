"""The metrics: what each number in metrics.json and labels.csv means, and which way is better.

A metric is declared here, once. Its title on pages and axes, its row in docs/metrics.md, the
direction of a search and of a test against chance follow; one that is not declared cannot be
written to metrics.json.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from math import inf


class Better(Enum):
    """Which of two values of a metric is better; `none` where neither is by itself."""

    higher = "higher"
    lower = "lower"
    none = "none"

    @property
    def sentence(self) -> str:
        """Return how such a metric is read."""
        return {"higher": "more is better", "lower": "less is better"}.get(
            self.value, "neither more nor less is better by itself"
        )


@dataclass(frozen=True)
class Metric:
    """A metric, or several whose names differ by what a user chose.

    name: `*` stands for the name of a clustering or a label. title: in words, with `{}` for what
    each `*` stands for. measured: on what. low, high: the range. reference: key of its source in
    references.bib. statistics: what is told of it besides, as further endings of its name.
    """

    name: str
    title: str
    better: Better
    measured: str
    low: float = -inf
    high: float = inf
    reference: str = ""
    statistics: tuple[str, ...] = ()


class UnknownMetricError(LookupError):
    """A name that no metric has."""


HIGHER, LOWER, NONE = Better.higher, Better.lower, Better.none
REPEATS, SAMPLED = ("mean", "sd", "n"), ("se", "rows")
STATISTICS = {
    "mean": "mean over repeats",
    "sd": "standard deviation over repeats",
    "n": "number of repeats",
    "se": "standard error",
    "rows": "number of rows measured",
}
"""What is told of a metric besides; only of the mean is one of two values better."""

TRAIN, VAL, ALL = "training rows", "held-out rows", "all rows"
REPEATED = "all repeats"
CLUSTERS = "the clusters"


def _errors() -> Iterator[Metric]:
    yield Metric("loss", "training loss", LOWER, TRAIN, statistics=REPEATS)
    yield Metric("val_loss", "validation loss", LOWER, VAL, statistics=REPEATS)
    yield Metric("epochs", "epochs trained", NONE, TRAIN, low=1, statistics=REPEATS)
    yield Metric("kept_epoch", "epoch of the weights kept", NONE, TRAIN, low=1, statistics=REPEATS)
    for part, rows in (("train", TRAIN), ("val", VAL)):
        mse, r2 = f"{rows.removesuffix(' rows')} error (MSE)", f"R² of {rows}"
        yield Metric(f"reconstruction.{part}.mse", mse, LOWER, rows, low=0)
        yield Metric(f"reconstruction.{part}.r2", r2, HIGHER, rows, high=1)
        yield Metric(
            f"baseline.pca.{part}.mse", f"PCA's {mse}", NONE, rows, low=0, reference="jolliffe2016"
        )
    yield Metric(
        "baseline.pca.advantage", "error below PCA's (MSE)", HIGHER, VAL, statistics=("se",)
    )


def _neighbourhoods() -> Iterator[Metric]:
    for name, title, low, reference in (
        ("trustworthiness", "real neighbours (trustworthiness)", 0, "venna2001"),
        ("continuity", "kept neighbours (continuity)", 0, "venna2001"),
        ("r_nx_auc", "neighbours kept (R_NX)", -inf, "lee2015"),
        ("spearman", "distances kept (Spearman)", -1, "spearman1904"),
    ):
        key = f"neighbourhoods.{name}"
        yield Metric(key, title, HIGHER, ALL, low, 1, reference, statistics=SAMPLED)


def _clusterings() -> Iterator[Metric]:
    yield Metric("clustering.*.n_clusters", "clusters of {}", NONE, CLUSTERS, low=0)
    yield Metric("clustering.*.noise_fraction", "share of noise: {}", NONE, CLUSTERS, 0, 1)
    yield Metric(
        "clustering.*.silhouette",
        "how far apart: {} (silhouette)",
        HIGHER,
        CLUSTERS,
        -1,
        1,
        "rousseeuw1987",
        statistics=SAMPLED,
    )
    yield Metric(
        "clustering.*.davies_bouldin",
        "how far apart: {} (Davies–Bouldin)",
        LOWER,
        CLUSTERS,
        low=0,
        reference="davies1979",
    )
    yield Metric(
        "clustering.*.calinski_harabasz",
        "how far apart: {} (Caliński–Harabasz)",
        HIGHER,
        CLUSTERS,
        low=0,
        reference="calinski1974",
    )
    for name, title, low, reference in (
        ("ari", "agreement with {} (ARI)", -0.5, "hubert1985"),
        ("ami", "agreement with {} (AMI)", -1, "vinh2010"),
        ("nmi", "agreement with {} (NMI)", 0, "vinh2010"),
        ("homogeneity", "homogeneity of {}", 0, "rosenberg2007"),
        ("completeness", "completeness of {}", 0, "rosenberg2007"),
        ("v_measure", "agreement with {} (V-measure)", 0, "rosenberg2007"),
        ("fowlkes_mallows", "agreement with {} (Fowlkes–Mallows)", 0, "fowlkes1983"),
        ("accuracy", "accuracy by clusters of {}", 0, "kuhn1955"),
    ):
        of = Metric(f"clustering.*.{name}", title, HIGHER, "rows of a class", low, 1, reference)
        yield of
        yield replace(of, name=f"{of.name}.*", title=f"{title}, label {{}}")


def _stability() -> Iterator[Metric]:
    for name, title, better, low, reference in (
        ("cka", "likeness of the repeats' factors (CKA)", HIGHER, 0, "kornblith2019"),
        ("procrustes", "difference of the repeats' factors (Procrustes)", LOWER, 0, "gower1975"),
        ("neighbours_kept", "neighbours that repeats share", HIGHER, 0, ""),
        ("factors", "share of factors that come back", HIGHER, 0, "himberg2004"),
        ("*.ari", "agreement of the repeats' clusters: {} (ARI)", HIGHER, -0.5, "hubert1985"),
    ):
        yield Metric(f"stability.{name}", title, better, REPEATED, low, 1, reference)


def _answers() -> Iterator[Metric]:
    copies = "held-out rows, against permuted copies"
    for name in ("fewest", "most"):
        title = f"factors recommended: {name}"
        yield Metric(f"dimensions.{name}", title, NONE, copies, low=1)
    yield Metric("dimensions.beyond", "R² beyond chance", HIGHER, copies, statistics=("se",))
    yield Metric("dimensions.two_nn", "intrinsic dimension (TwoNN)", NONE, ALL, low=0)
    yield Metric(
        "dimensions.levina_bickel", "intrinsic dimension (Levina–Bickel)", NONE, ALL, low=0
    )
    yield Metric("clusters.count", "clusters recommended (gap)", NONE, "the factors", low=1)
    for name in ("recommended", "valley", "minimum", "steep", "slide"):
        title = f"learning rate: {name}"
        yield Metric(f"learning_rate.{name}", title, NONE, "short trainings", low=0)


def _probes() -> Iterator[Metric]:
    for name, title in (
        ("knn", "{} by nearest rows"),
        ("linear", "{} by a linear model"),
    ):
        accuracy, r2 = title.format("accuracy"), title.format("R²")
        yield Metric(f"{name} accuracy", accuracy, HIGHER, VAL, 0, 1)
        yield Metric(f"{name} r2", r2, HIGHER, VAL, high=1)


CHANCE = Metric("chance.*.*.p", "p of {}", LOWER, "tables without structure", 0, 1, "phipson2010")
"""The stars are a kind of control, and another metric."""
METRICS: list[Metric] = [
    *_errors(),
    *_neighbourhoods(),
    *_clusterings(),
    *_stability(),
    CHANCE,
    *_answers(),
    *_probes(),
]


def register(metric: Metric) -> None:
    """Declare a metric of one's own, such as one that a package adds."""
    METRICS.append(metric)
    find.cache_clear()


def metric(name: str) -> Metric:
    """Return the metric that has a name, with its title made out.

    Raises:
        UnknownMetricError: None has.
    """
    if found := find(name):
        return found
    message = f"No metric is called {name}: docs/metrics.md lists all."
    raise UnknownMetricError(message)


@cache
def find(name: str) -> Metric | None:
    """Return the metric that has a name, with its title made out, or nothing."""
    if found := re.fullmatch(r"chance\.(\w+)\.(.+)\.p", name):
        tested = find(found[2])
        return tested and replace(CHANCE, title=CHANCE.title.format(tested.title))
    for chosen in (r"([^.]+)", r"(.+)"):  # what users call things rarely has a dot
        for each in METRICS:
            if found := re.fullmatch(_pattern(each, chosen), name):
                return _made_out(each, *found.groups())
    return None


def title(name: str) -> str:
    """Return what a metric is in words; its name where it is none."""
    found = find(name) or find(f"clustering.{name}")  # as labels.csv has it
    return found.title if found else name


def better(name: str) -> Better:
    """Return which of two values of a metric is better; `none` where the name is unknown."""
    found = find(name)
    return found.better if found else Better.none


def _pattern(of: Metric, chosen: str) -> str:
    """Return a regular expression of a metric's names, and of those of its statistics."""
    name = re.escape(of.name).replace(r"\*", chosen)
    if of.name.endswith("*"):  # the name of a label
        name = f"{name.removesuffix(chosen)}(.+)"
    endings = "|".join(of.statistics)
    return f"{name}(?:\\.({endings}))?" if endings else f"{name}()"


def _made_out(of: Metric, *found: str | None) -> Metric:
    *names, statistic = found
    titled = replace(of, title=of.title.format(*names))
    if not statistic:
        return titled
    told = replace(titled, title=f"{titled.title}, {STATISTICS[statistic]}")
    return told if statistic == "mean" else replace(told, better=Better.none, low=0, high=inf)
