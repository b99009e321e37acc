"""The tables on the clusters: how clear they are, whether they are found again, their sizes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from aeexp.present.html.run.kept import MOST_ROWS, Kept
from aeexp.present.html.run.section import Part, number_of, sheet
from aeexp.present.html.table import Cell, Sheet, measured

INDICES = {
    "n_clusters": "clusters",
    "noise_fraction": "share of rows in none",
    "silhouette": "how far apart (silhouette)",
    "ari": "agreement with the label (ARI)",
    "accuracy": "share of rows in their label's cluster",
}
CLAIMS = {"True": "yes", "False": "no"}


def clusters(run: Kept) -> Iterator[Part]:
    """Yield how clear, how reproducible and how large the clusters are."""
    stability = run.document("stability").get("clusterings", {})
    rows = [
        {"clustering": name} | _indices(run, name) | _again(stability.get(name, {}))
        for name in run.clusterings
    ]
    heads = INDICES | {
        "again": "agreement of starts (ARI)",
        "sd": "± standard deviation",
        "pac": "ambiguous pairs (PAC)",
    }
    yield Part(
        sheet("The clusterings", rows, {"clustering": "clustering"}, heads),
        "Silhouette: 1 is far apart, 0 is touching. ARI: 1 is the same grouping, 0 is chance."
        " Ambiguous pairs: the share of pairs of rows that are together in some trainings"
        " and apart from others; 0 is best.",
    )
    for name in run.clusterings:
        known = stability.get(name, {}).get("clusters", ())
        yield Part(_known(name, known) if known else _counted(run, name))


def _indices(run: Kept, name: str) -> dict[str, str]:
    values = run.metrics
    return {key: str(values.get(f"clustering.{name}.{key}", nan)) for key in INDICES}


def _again(found: Mapping[str, Any]) -> dict[str, str]:
    ari = found.get("ari") or {}
    values = {"again": ari.get("mean"), "sd": ari.get("sd"), "pac": found.get("pac")}
    return {key: "" if value is None else str(value) for key, value in values.items()}


def _known(name: str, known: Sequence[Mapping[str, Any]]) -> Sheet:
    lines = [
        [
            Cell("noise" if each["cluster"] < 0 else f"cluster {each['cluster']}"),
            measured(number_of(each.get("rows"))),
            measured(number_of(each.get("jaccard"))),
            Cell(CLAIMS.get(str(each.get("reproducible")), "")),
        ]
        for each in known
    ]
    heads = ["cluster", "rows", "overlap when found again (Jaccard)", "reproducible"]
    return Sheet(f"The clusters of {name}", heads, lines)


def _counted(run: Kept, name: str) -> Sheet:
    counts = sorted(Counter(map(int, run.latents[name])).items())
    lines = [
        [Cell("noise" if code < 0 else f"cluster {code}"), measured(count)]
        for code, count in counts
    ]
    of = f", of {MOST_ROWS:,} rows" if len(run.latents[name]) == MOST_ROWS else ""
    return Sheet(f"The clusters of {name}{of}", ["cluster", "rows"], lines)
