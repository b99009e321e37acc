"""Registry of metrics: name, title, direction and range of each number in metrics.json.

A metric is declared here once. Pages and axes take its title, docs/metrics.md its row, and
searches and permutation tests its direction. Only declared metrics can be written to
metrics.json.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from math import inf


class Better(Enum):
    """Direction in which a metric is better; `none` if neither higher nor lower is."""

    higher = "higher"
    lower = "lower"
    none = "none"

    @property
    def sentence(self) -> str:
        """Return the direction as text."""
        neither = "neither more nor less is better by itself"
        return {"higher": "more is better", "lower": "less is better"}.get(self.value, neither)


@dataclass(frozen=True)
class Metric:
    """A metric, or a family of metrics of clusterings or labels.

    name: `*` matches the name of a clustering or a label.
    title: for readers; `{}` is replaced by the match of each `*`.
    measured: the rows or models that it is measured on.
    low, high: the range of its values.
    reference: key of its source in references.bib.
    statistics: endings of further names, `name.statistic`; see `STATISTICS`.
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
    """There is no metric with this name."""


HIGHER, LOWER, NONE = Better.higher, Better.lower, Better.none
REPEATS, SAMPLED = ("mean", "sd", "n"), ("se", "rows")
STATISTICS = {
    "mean": "mean over repeats",
    "sd": "standard deviation over repeats",
    "n": "number of repeats",
    "se": "standard error",
    "rows": "number of rows measured",
}
"""Statistics of a metric. Only the mean has a direction."""

TRAIN, VAL, ALL = "training rows", "held-out rows", "all rows"
REPEATED = "all repeats"
CLUSTERS = "the clusters"


def _errors() -> Iterator[Metric]:
    yield Metric("loss", "training loss", LOWER, TRAIN, statistics=REPEATS)
    yield Metric("val_loss", "validation loss", LOWER, VAL, statistics=REPEATS)
    yield Metric("epochs", "epochs trained", NONE, TRAIN, low=1, statistics=REPEATS)
    yield Metric(
        "kept_epoch", "epoch of the final weights", NONE, TRAIN, low=1, statistics=REPEATS
    )
    for part, rows in (("train", TRAIN), ("val", "validation rows"), ("test", "test rows")):
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
        ("continuity", "preserved neighbours (continuity)", 0, "venna2001"),
        ("r_nx_auc", "preserved neighbours (R_NX)", -inf, "lee2015"),
        ("spearman", "preserved distances (Spearman)", -1, "spearman1904"),
    ):
        key = f"neighbourhoods.{name}"
        yield Metric(key, title, HIGHER, ALL, low, 1, reference, statistics=SAMPLED)


def _clusterings() -> Iterator[Metric]:
    yield Metric("clustering.*.n_clusters", "clusters of {}", NONE, CLUSTERS, low=0)
    yield Metric("clustering.*.noise_fraction", "noise fraction of {}", NONE, CLUSTERS, 0, 1)
    for name, index, better, low, high, reference, statistics in (
        ("silhouette", "silhouette", HIGHER, -1.0, 1.0, "rousseeuw1987", SAMPLED),
        ("davies_bouldin", "Davies–Bouldin", LOWER, 0.0, inf, "davies1979", ()),
        ("calinski_harabasz", "Caliński–Harabasz", HIGHER, 0.0, inf, "calinski1974", ()),
    ):
        key, title = f"clustering.*.{name}", f"how far apart: {{}} ({index})"
        yield Metric(key, title, better, CLUSTERS, low, high, reference, statistics)
    yield Metric(
        "clustering.*.prominence",
        "second peak: {} (prominence)",
        HIGHER,
        ALL,
        low=0,
        reference="chazal2013",
    )
    yield Metric(
        "clustering.*.peaks",
        "density peaks in the space of {}",
        NONE,
        ALL,
        low=1,
        reference="chazal2013",
    )
    for name, title, low, reference in (
        ("ari", "agreement with {} (ARI)", -0.5, "hubert1985"),
        ("ami", "agreement with {} (AMI)", -1, "vinh2010"),
        ("nmi", "agreement with {} (NMI)", 0, "vinh2010"),
        ("homogeneity", "homogeneity of {}", 0, "rosenberg2007"),
        ("completeness", "completeness of {}", 0, "rosenberg2007"),
        ("v_measure", "agreement with {} (V-measure)", 0, "rosenberg2007"),
        ("fowlkes_mallows", "agreement with {} (Fowlkes–Mallows)", 0, "fowlkes1983"),
        ("accuracy", "accuracy of {} as a classifier", 0, "kuhn1955"),
    ):
        key, rows = f"clustering.*.{name}", "labelled rows"
        yield Metric(key, title, HIGHER, rows, low, 1, reference)
        yield Metric(f"{key}.*", f"{title}, label {{}}", HIGHER, rows, low, 1, reference)


SPACES = {
    "table": "scaled columns",
    "latent": "factors",
    "reconstruction": "reconstructions",
}
"""What rows can be clustered by: the spaces of clusterings, and the scaled table."""
OF_CLUSTERS = "n_clusters", "noise_fraction", "silhouette", "ari", "accuracy"
"""The metrics of a clustering that are also measured in the spaces that it does not use."""


def _other_clusterings() -> Iterator[Metric]:
    """Yield the metrics of clusters in the spaces that a clustering does not use."""
    several = {metric.name: metric for metric in _clusterings()}
    for space, title in SPACES.items():
        for name in (*OF_CLUSTERS, "ari.*", "accuracy.*"):
            metric = several[f"clustering.*.{name}"]
            clusters = metric.measured == CLUSTERS
            yield replace(
                metric,
                name=f"baseline.{space}.{metric.name}",
                title=f"{metric.title}, clusters of the {title}",
                better=NONE,
                measured=f"the clusters of the {title}" if clusters else metric.measured,
            )
        name = f"baseline.{space}.clustering.*.agreement"
        agreement = f"agreement of {{}} with clusters of the {title} (ARI)"
        yield Metric(name, agreement, NONE, ALL, -0.5, 1, "hubert1985")


def _stability() -> Iterator[Metric]:
    for name, title, better, low, reference in (
        ("cka", "similarity of the repeats' factors (CKA)", HIGHER, 0, "kornblith2019"),
        ("procrustes", "difference of the repeats' factors (Procrustes)", LOWER, 0, "gower1975"),
        ("neighbours_kept", "neighbours shared by repeats", HIGHER, 0, ""),
        (
            "cka_reconstructions",
            "similarity of the repeats' reconstructions (CKA)",
            HIGHER,
            0,
            "kornblith2019",
        ),
        (
            "neighbours_kept_reconstructions",
            "neighbours shared by repeats' reconstructions",
            HIGHER,
            0,
            "",
        ),
        ("factors", "fraction of reproducible factors", HIGHER, 0, "himberg2004"),
        ("*.ari", "agreement of the repeats' clusters: {} (ARI)", HIGHER, -0.5, "hubert1985"),
    ):
        yield Metric(f"stability.{name}", title, better, REPEATED, low, 1, reference)


def _answers() -> Iterator[Metric]:
    copies = "held-out rows, compared with permuted tables"
    for name in ("fewest", "most"):
        yield Metric(f"dimensions.{name}", f"recommended factors, {name}", NONE, copies, low=1)
    yield Metric("dimensions.beyond", "R² above chance", HIGHER, copies, statistics=("se",))
    for name, method in (("two_nn", "TwoNN"), ("levina_bickel", "Levina–Bickel")):
        yield Metric(f"dimensions.{name}", f"intrinsic dimension ({method})", NONE, ALL, low=0)
    yield Metric(
        "clusters.count", "recommended clusters (gap statistic)", NONE, "the factors", low=1
    )
    for name in ("recommended", "valley", "minimum", "steep", "slide"):
        title = f"learning rate, {name}"
        yield Metric(f"learning_rate.{name}", title, NONE, "short trainings", low=0)


def _probes() -> Iterator[Metric]:
    for name, title in (("knn", "nearest neighbours"), ("linear", "a linear model")):
        yield Metric(f"{name} accuracy", f"accuracy of {title}", HIGHER, VAL, 0, 1)
        yield Metric(f"{name} r2", f"R² of {title}", HIGHER, VAL, high=1)
    title = "balanced accuracy of nearest neighbours"
    yield Metric("knn balanced accuracy", title, HIGHER, VAL, 0, 1, "brodersen2010")


CHANCE = Metric("chance.*.*.p", "p of {}", LOWER, "tables without structure", 0, 1, "phipson2010")
"""The p-value of another metric. The first `*` is a type of control, the second the metric."""
METRICS: list[Metric] = [*_errors(), *_neighbourhoods(), *_clusterings(), *_other_clusterings()]
METRICS += [*_stability(), CHANCE, *_answers(), *_probes()]


def register(metric: Metric) -> None:
    """Declare a further metric, such as a metric of a package."""
    METRICS.append(metric)
    find.cache_clear()


def metric(name: str) -> Metric:
    """Return the metric with a name, its title filled in.

    Raises:
        UnknownMetricError: There is no such metric.
    """
    if declared := find(name):
        return declared
    raise UnknownMetricError(f"There is no metric {name}; docs/metrics.md lists all.")


@cache
def find(name: str) -> Metric | None:
    """Return the metric with a name, its title filled in; None if there is none."""
    if match := re.fullmatch(r"chance\.\w+\.(.+)\.p", name):
        tested = find(match[1])
        return tested and replace(CHANCE, title=CHANCE.title.format(tested.title))
    for star in (r"([^.]+)", r"(.+)"):  # names of clusterings and labels rarely have a dot
        for declared in METRICS:
            if match := re.fullmatch(_pattern(declared, star), name):
                return _filled_in(declared, *match.groups())
    return None


def title(name: str) -> str:
    """Return the title of a metric; the name itself if there is no such metric."""
    declared = find(name) or find(f"clustering.{name}")  # the name in labels.csv
    return declared.title if declared else name


def better(name: str) -> Better:
    """Return the direction of a metric; `none` if there is no such metric."""
    declared = find(name)
    return declared.better if declared else Better.none


def _pattern(metric: Metric, star: str) -> str:
    """Return a regular expression for the names of a metric and of its statistics.

    star: a group that matches the name of a clustering. Its last group matches the statistic.
    """
    name = re.escape(metric.name).replace(r"\*", star)
    if metric.name.endswith("*"):  # a label, whose name may have dots
        name = f"{name.removesuffix(star)}(.+)"
    endings = "|".join(metric.statistics)
    return f"{name}(?:\\.({endings}))?" if endings else f"{name}()"


def _filled_in(metric: Metric, *matches: str | None) -> Metric:
    """Return a metric with the matches of its pattern, which end with the statistic, filled in."""
    *names, statistic = matches
    title = metric.title.format(*names)
    if not statistic:
        return replace(metric, title=title)
    title = f"{title}, {STATISTICS[statistic]}"
    if statistic == "mean":
        return replace(metric, title=title)
    return replace(metric, title=title, better=Better.none, low=0, high=inf)
