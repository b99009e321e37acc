"""The tables of the report: factors, labels, simpler methods, chance, training, trust."""

from collections.abc import Iterable, Iterator
from math import isfinite, nan

from aeexp.config import metrics
from aeexp.present.html.run.importance import number_in
from aeexp.present.html.run.kept import Kept
from aeexp.present.html.run.section import Part, number_of, sheet
from aeexp.present.html.table import Cell, Sheet, measured
from aeexp.text import counted, number

LIKENESS = {
    "cka": ("how alike the spaces are (linear CKA)", "1: the same"),
    "procrustes": ("distance after the best turn (Procrustes)", "0: the same"),
    "neighbours_kept": ("share of neighbours that stay neighbours", "1: all"),
}


def tried(run: Kept) -> Iterator[Part]:
    """Yield what other questions than a model's tried."""
    columns = {
        "latent_dim": "dimensions",
        "r2": "explained (R²)",
        "pca_r2": "by PCA",
        "permuted_r2": "of permuted tables",
        "beyond": "beyond these",
        "stability": "agreement of seeds (CKA)",
    }
    yield Part(sheet("Numbers of dimensions", run.rows("how_many"), {}, columns))
    columns = {"n_clusters": "clusters", "gap": "gap", "gap_se": "± standard error"}
    columns |= {"stability": "agreement of seeds (ARI)"}
    yield Part(sheet("Numbers of clusters", run.rows("clusters"), {}, columns))
    columns = {"rate": "rate", "loss": "loss", "val_loss": "loss of rows held out"}
    yield Part(sheet("Learning rates", run.rows("learning_rate"), {}, columns), folded=True)


def factors(run: Kept) -> Iterator[Part]:
    """Yield all numbers on the factors."""
    columns = {
        "variance_explained": "variance lost without it",
        "variance_explained_low": "lowest of repeats",
        "variance_explained_high": "highest of repeats",
        "reproducibility": "found again",
    }
    names = {"factor": "factor", "flag": "flag"}
    yield Part(sheet("All factors", run.rows("factors"), names, columns), folded=True)
    by_size = sorted(run.importances, key=lambda each: each.size, reverse=True)
    factors = [*dict.fromkeys(each.factor for each in run.importances)]
    known = sorted(by_size, key=lambda each: factors.index(each.factor))
    cells = [{key: str(value) for key, value in vars(each).items()} for each in known]
    shown = {"value": "importance", "low": "lowest", "high": "highest"}
    shown |= {"permutation": "movement of the factor when the feature is shuffled"}
    title = "All features of all factors"
    yield Part(
        sheet(title, cells, {"factor": "factor", "feature": "feature"}, shown),
        f"Importance: {run.quantity}.",
        folded=True,
    )
    names = {"factor": "factor", "label": "label", "measure": "measure"}
    columns = {"value": "value", "p": "p", "p_adjusted": "p, adjusted for all tests"}
    yield Part(
        sheet("Factors and known labels", run.rows("associations"), names, columns), folded=True
    )


def labels(run: Kept) -> Iterator[Part]:
    """Yield how well the known labels can be told from the factors."""
    names = {"label": "label", "number": "measure", "input": "told from"}
    columns = {
        "held_out": "held-out rows",
        "held_out_se": "± standard error",
        "train": "training rows",
        "permuted_mean": "labels shuffled",
        "permuted_sd": "± standard deviation",
        "p": "p",
    }
    yield Part(
        sheet("How well the labels are told", run.rows("labels"), names, columns),
        "The honest number is that of the held-out rows. “Labels shuffled” is what the same"
        " measure gives where labels mean nothing. “Majority” says the same of every row: the"
        " commonest class, or the mean of a number. Accuracy: the share of rows told right. p: how"
        " often shuffled labels do as well; the true ones count as one of them, so p is never 0.",
    )


def baselines(run: Kept) -> Iterator[Part]:
    """Yield the same measures for simpler methods."""
    rows, names = run.rows("baselines"), {"method": "method"}
    repeats = [number_in(row, "delta_n") for row in rows if row.get("delta_n")]
    trainings = counted(int(max(repeats, default=1)), "training")
    columns = {
        "val_mse": "error, held-out rows",
        "train_mse": "error, training rows",
        "val_r2": "R², held-out rows",
        "delta_mse": f"more error than the autoencoder, mean of {trainings}",
        "delta_se": "± standard error",
    }
    yield Part(
        sheet("The autoencoder and simpler methods", rows, names, columns),
        "All methods have as many factors as the autoencoder. Its errors are of this training"
        f" alone; “more error” compares each method with {trainings} of it, on held-out rows:"
        " below 0, the simpler method describes them better.",
    )
    agreed = [name for name in (rows[0] if rows else ()) if name.endswith(".ari")]
    kept = ("trustworthiness", "continuity", "r_nx_auc", "spearman")
    columns = {name: metrics.title(f"neighbourhoods.{name}") for name in kept}
    columns |= {name: f"{name.removesuffix('.ari')} and label (ARI)" for name in agreed}
    yield Part(
        sheet("What they keep", rows, names, columns),
        "1 is best. The numbers of the autoencoder are of this training alone.",
    )
    columns = {
        "component": "component",
        "share": "share of the variance",
        "cumulative": "share so far",
    }
    yield Part(sheet("Components of PCA", run.rows("scree"), {}, columns), folded=True)


def chance(run: Kept) -> Iterator[Part]:
    """Yield the same measures on tables without structure."""
    columns = {
        "observed": "this table",
        "null_mean": "tables without structure",
        "null_sd": "± standard deviation",
        "p": "p",
        "copies": "how many",
    }
    names, rows = {"number": "measure", "control": "what they are"}, run.rows("evidence")
    yield Part(
        sheet("This table and tables without structure", rows, names, columns),
        "Permuted columns: each column shuffled by itself, so that no two go together. One cloud:"
        " drawn from one normal distribution, so that there are no groups. p: how often chance"
        f" alone does as well{_floors({int(row['copies']) for row in rows})}.",
    )
    columns = {
        "size": "distance of the group (standard deviations)",
        "share": "share of rows in it",
        "found": "share found",
        "found_low": "its 95 % interval, from",
        "found_high": "to",
        "tables": "tables tried",
    }
    yield Part(
        sheet("What this table could have shown", run.rows("power"), {}, columns),
        "Groups of known size were planted in tables as large as this one. Where they are seldom"
        " found, not finding any says little.",
    )


def _floors(copies: Iterable[int]) -> str:
    """Say what p is at least, by the number of tables without structure."""
    return "".join(
        f"; with {count} such tables it is never below {number(1 / (1 + count))}"
        for count in sorted(copies)
    )


def training(run: Kept) -> Iterator[Part]:
    """Yield how the training went, and how well each feature is described."""
    values = run.metrics
    errors = [
        {"measure": title}
        | {part: str(values.get(f"{of}.{part}.{name}", nan)) for part in ("train", "val")}
        for title, of, name in (
            ("mean squared error", "reconstruction", "mse"),
            ("of PCA with as many factors", "baseline.pca", "mse"),
            ("share of the variance described (R²)", "reconstruction", "r2"),
        )
        if isfinite(values.get(f"{of}.train.{name}", nan))
    ]
    columns = {"train": "training rows", "val": "held-out rows"}
    yield Part(sheet("Error of the reconstruction", errors, {"measure": "measure"}, columns))
    names = {"status": "how it ended"}
    columns = {
        "seed": "seed",
        "loss": "error, training rows",
        "val_loss": "error, held-out rows",
        "epochs": "epochs",
        "kept_epoch": "epoch that was kept",
    }
    yield Part(sheet("Repeats from other random starts", run.rows("repeats"), names, columns))
    columns = {
        "val_r2": "R², held-out rows",
        "val_rmse": "typical error, held-out rows",
        "train_r2": "R², training rows",
        "train_rmse": "typical error, training rows",
    }
    yield Part(
        sheet(
            "How well each feature is described",
            run.rows("reconstruction"),
            {"feature": "feature"},
            columns,
        ),
        "Typical errors are in the feature's own units.",
        folded=True,
    )


def trust(run: Kept) -> Iterator[Part]:
    """Yield how far the picture of the rows can be trusted."""
    values = run.metrics
    kept = {
        "trustworthiness": "neighbours in the picture that are real (trustworthiness)",
        "continuity": "real neighbours that are in the picture (continuity)",
    }
    lines = [
        [Cell(title), measured(values.get(f"neighbourhoods.{key}", nan)), Cell("1: all")]
        for key, title in kept.items()
        if isfinite(values.get(f"neighbourhoods.{key}", nan))
    ]
    yield Part(Sheet("Neighbours", ["measure", "value", "best"], lines))
    stability = run.document("stability")
    lines = [
        [
            Cell(title),
            measured(number_of(stability[key].get("mean"))),
            measured(number_of(stability[key].get("sd"))),
            Cell(best),
        ]
        for key, (title, best) in LIKENESS.items()
        if key in stability
    ]
    starts = number(number_of(stability.get("members")))
    yield Part(
        Sheet(
            f"Agreement of {starts} trainings",
            ["measure", "mean", "± standard deviation", "best"],
            lines,
        )
    )
    rows = run.rows("rnx")
    methods = {name: name for name in (rows[0] if rows else ())}
    yield Part(
        sheet("Neighbours kept (R_NX), by how many are looked at", rows, {}, methods), folded=True
    )
