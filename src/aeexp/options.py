"""Which words each group of conf/ knows, and where conf/ is."""

from pathlib import Path

from aeexp import spec

OPTIONS: dict[str, dict[str, type[spec.Spec]]] = {
    "dataset": {
        "wine": spec.Wine,
        "iris": spec.Iris,
        "breast_cancer": spec.BreastCancer,
        "digits": spec.Digits,
        "diabetes": spec.Diabetes,
        "swiss_roll": spec.SwissRoll,
        "s_curve": spec.SCurve,
        "blobs": spec.Blobs,
        "table": spec.Table,
    },
    "preprocessing": {
        "standard": spec.Standard,
        "minmax": spec.MinMax,
        "robust": spec.Robust,
        "none": spec.Unscaled,
    },
    "model": {"shallow": spec.Shallow, "deep": spec.Deep, "linear": spec.Linear},
    "regulariser": {
        "l1": spec.L1,
        "l2": spec.L2,
        "l1_l2": spec.L1L2,
        "dropout": spec.Dropout,
        "noise": spec.Noise,
    },
    "optimizer": {
        "adam": spec.Adam,
        "sgd": spec.SGD,
        "rmsprop": spec.RMSprop,
        "adamw": spec.AdamW,
        "nadam": spec.Nadam,
    },
    "schedule": {
        "constant": spec.Constant,
        "exponential": spec.Exponential,
        "cosine": spec.Cosine,
        "warmup_cosine": spec.WarmupCosine,
    },
    "clustering": {
        "kmeans": spec.KMeans,
        "dbscan": spec.DBSCAN,
        "hdbscan": spec.HDBSCAN,
        "gaussian_mixture": spec.GaussianMixture,
        "agglomerative": spec.Agglomerative,
    },
    "question": {
        "structure": spec.Structure,
        "how_many": spec.HowMany,
        "learning_rate": spec.LearningRate,
    },
    "evidence": {
        "standard": spec.StandardEvidence,
        "none": spec.NoEvidence,
        "quick": spec.Quick,
        "full": spec.FullEvidence,
    },
    "figures": {"all": spec.AllFigures, "none": spec.NoFigures},
}
SEVERAL = ("regulariser", "clustering")
"""Groups of which an experiment takes any number of options; each is a key of its own."""


def conf_dir() -> Path:
    """Return the folder of config groups: the wheel's own, else the checkout's."""
    packaged = Path(__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "conf"
