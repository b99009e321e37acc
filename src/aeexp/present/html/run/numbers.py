"""The three numbers at the top of a report."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import isfinite

from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA
from aeexp.analysis.labels.claims import DECLARED
from aeexp.config import metrics
from aeexp.present.html.run.run_data import RunData
from aeexp.present.html.table import number_in
from aeexp.present.text.answer import PARTS
from aeexp.text import counted, short

MOST = 3


@dataclass(frozen=True)
class KeyNumber:
    """A number that summarises a run. value: as it is written."""

    value: str
    meaning: str


def key_numbers(run: RunData) -> list[KeyNumber]:
    """Return three numbers, or fewer if fewer were measured.

    They are the explained variance, the reproducible factors, and the prediction of the first
    label or, without labels, the reproducible clusters.
    """
    numbers = _explained(run), _factors(run), _label(run), _clusters(run)
    return [*islice((number for several in numbers for number in several), MOST)]


def _explained(run: RunData) -> Iterator[KeyNumber]:
    methods = {row["method"]: row for row in run.rows("baselines")}
    for part, rows in PARTS.items():
        r2 = run.metrics.get(f"reconstruction.{part}.r2")
        if r2 is None or not isfinite(r2):
            continue
        pca = number_in(methods.get(PCA, {}), f"{part}_r2")
        compared = f"; by PCA {_percent(pca)}" if isfinite(pca) else ""
        yield KeyNumber(_percent(r2), f"of the variance of {rows} explained{compared}")
        return


def _factors(run: RunData) -> Iterator[KeyNumber]:
    stability = run.document("stability")
    if factors := stability.get("factors"):
        count = sum(bool(factor.get("reproducible")) for factor in factors.values())
        trainings = counted(stability["members"], "training")
        yield KeyNumber(f"{count} of {len(factors)}", f"factors reproducible in {trainings}")


def _label(run: RunData) -> Iterator[KeyNumber]:
    for row in run.rows("labels"):
        score = number_in(row, "held_out")
        if row["number"] in DECLARED and row["input"] == AUTOENCODER and isfinite(score):
            what = metrics.title(row["number"])
            chance = f"{number_in(row, 'permuted_mean'):z.2f}"
            yield KeyNumber(
                f"{score:z.2f}", f"{what} of {short(row['label'])}; of shuffled labels {chance}"
            )
            return


def _clusters(run: RunData) -> Iterator[KeyNumber]:
    for name, clustering in run.document("stability").get("clusterings", {}).items():
        if clusters := clustering.get("clusters"):
            count = sum(bool(cluster["reproducible"]) for cluster in clusters)
            yield KeyNumber(f"{count} of {len(clusters)}", f"clusters of {name} reproducible")


def _percent(share: float) -> str:
    return f"{100 * share:z.0f} %"
