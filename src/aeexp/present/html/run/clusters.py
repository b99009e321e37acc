"""Records of the clusters: their separation, their reproducibility, their sizes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aeexp.config.metrics import SPACES
from aeexp.present.html.run.run_data import RunData

CLAIMS = {True: "yes", False: "no", None: ""}


def clustering_records(run: RunData) -> list[dict[str, Any]]:
    """Return the indices of each clustering in its own space, then in the others.

    The first have their agreement over trainings, the others their agreement with the first.
    """
    records: list[dict[str, Any]] = []
    for name in run.clusterings:
        repeats = _repeats(run, name)
        ari = repeats.get("ari") or {}
        stability = {"ari_mean": ari.get("mean"), "ari_sd": ari.get("sd")}
        indices = _indices(run, f"clustering.{name}.")
        first = {"clustering": name, "of": SPACES.get(run.space(name), "")}
        records.append({**first, **indices, **stability, "pac": repeats.get("pac")})
        for space, title in SPACES.items():
            if others := _indices(run, f"baseline.{space}.clustering.{name}."):
                records.append({"clustering": name, "of": title, **others})
    return records


def _indices(run: RunData, prefix: str) -> dict[str, Any]:
    metrics = run.metrics.items()
    return {key.removeprefix(prefix): value for key, value in metrics if key.startswith(prefix)}


def cluster_records(run: RunData) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the size of each cluster and its reproducibility, by the clustering."""
    records: dict[str, list[dict[str, Any]]] = {}
    for name in run.clusterings:
        counts = Counter(map(int, run.latents[name]))
        clusters = _repeats(run, name).get("clusters") or [
            {"cluster": code, "rows": counts[code]} for code in sorted(counts)
        ]
        records[name] = [{**cluster, "cluster": _name(cluster["cluster"])} for cluster in clusters]
        for record in records[name]:
            if "reproducible" in record:
                record["reproducible"] = CLAIMS[record["reproducible"]]
    return records


def _repeats(run: RunData, clustering: str) -> Mapping[str, Any]:
    return run.document("stability").get("clusterings", {}).get(clustering, {})


def _name(code: int) -> str:
    return "noise" if code < 0 else f"cluster {code}"
