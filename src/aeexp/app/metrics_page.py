"""docs/metrics.md: a row for each metric."""

from math import isfinite

from aeexp.config.metrics import METRICS, STATISTICS, Metric
from aeexp.present.methods import source

HEADS = ["name", "meaning", "better", "range", "measured on", "source", "statistics"]
INTRO = """\
# The metrics of a run

The metrics in `metrics.json` and `labels.csv`. `*` is the name of a clustering, of a label, or of
another metric. `better` is the direction of a search (`sweep.objective`) and of a permutation
test. If it is none, a search needs `hydra.sweeper.direction`. Undefined values are `null`.
`python -m aeexp.app.menu` writes this page from `src/aeexp/config/metrics.py`.

Statistics of a metric have these endings:
"""


def metrics_page() -> str:
    """Return docs/metrics.md: a row for each metric."""
    rows = [
        [
            f"`{metric.name}`",
            metric.title.replace("{}", "*").replace("*", "\\*"),
            metric.better.value,
            _range(metric),
            metric.measured,
            source(metric.reference) if metric.reference else "",
            ", ".join(f"`.{name}`" for name in metric.statistics),
        ]
        for metric in METRICS
    ]
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    endings = "".join(f"- `.{name}`: {meaning}\n" for name, meaning in STATISTICS.items())
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{INTRO}\n{endings}\n{table}"


def _range(metric: Metric) -> str:
    match isfinite(metric.low), isfinite(metric.high):
        case True, True:
            return f"{metric.low:g} to {metric.high:g}"
        case True, False:
            return f"from {metric.low:g}"
        case False, True:
            return f"to {metric.high:g}"
    return ""
