"""docs/metrics.md: a row for each metric."""

from math import isfinite

from aeexp.config.metrics import METRICS, STATISTICS, Metric
from aeexp.present.methods import source

HEADS = ["name", "meaning", "better", "range", "measured on", "source", "also told"]
INTRO = """\
# The metrics of a run

What the numbers in `metrics.json` mean, and those of `labels.csv`. `*` stands for the name of a
clustering, of a label, or of another metric. `better` is the direction in which a search goes
(`sweep.objective`) and a test against chance looks; where it is none, a search must be told
`hydra.sweeper.direction`. What is undefined is `null`. `python -m aeexp.app.menu` writes this page
from `src/aeexp/metrics.py`.

Some names have further endings:
"""


def metrics_page() -> str:
    """Return docs/metrics.md: a row for each metric."""
    rows = [
        [
            f"`{each.name}`",
            _of_each(each.title),
            each.better.value,
            _range(each),
            each.measured,
            source(each.reference) if each.reference else "",
            ", ".join(f"`.{name}`" for name in each.statistics),
        ]
        for each in METRICS
    ]
    lines = [HEADS, ["---"] * len(HEADS), *rows]
    endings = "".join(f"- `.{name}`: {meaning}\n" for name, meaning in STATISTICS.items())
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{INTRO}\n{endings}\n{table}"


def _of_each(title: str) -> str:
    return title.replace("{}", "*").replace("*", "\\*")


def _range(metric: Metric) -> str:
    match isfinite(metric.low), isfinite(metric.high):
        case True, True:
            return f"{metric.low:g} to {metric.high:g}"
        case True, False:
            return f"from {metric.low:g}"
        case False, True:
            return f"to {metric.high:g}"
    return ""
