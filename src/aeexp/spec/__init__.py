"""The vocabulary: everything an experiment can say, with its defaults, bounds and meaning.

Plain Python: no Keras, no NumPy, no Hydra, so that a menu or a misspelt word costs no time.
"""

from aeexp.spec._spec import Spec, constraint
from aeexp.spec.clustering import (
    DBSCAN,
    HDBSCAN,
    Agglomerative,
    ClusteringSpec,
    Covariance,
    GaussianMixture,
    KMeans,
    Linkage,
    Partition,
)
from aeexp.spec.dataset import (
    Blobs,
    BreastCancer,
    DatasetSpec,
    Diabetes,
    Digits,
    Format,
    Iris,
    SCurve,
    SwissRoll,
    Wine,
)
from aeexp.spec.experiment import Backend, Experiment
from aeexp.spec.figures import AllFigures, FigureFormat, FiguresSpec, NoFigures
from aeexp.spec.model import Activation, Autoencoder, Deep, Initializer, Linear, ModelSpec, Shallow
from aeexp.spec.optimizer import SGD, Adam, AdamW, Nadam, OptimizerSpec, RMSprop
from aeexp.spec.preprocessing import FitOn, MinMax, PreprocessingSpec, Robust, Standard, Unscaled
from aeexp.spec.regulariser import (
    L1,
    L1L2,
    L2,
    AppliesTo,
    Dropout,
    Noise,
    Penalty,
    RegulariserSpec,
)
from aeexp.spec.schedule import Constant, Cosine, Exponential, ScheduleSpec, WarmupCosine
from aeexp.spec.split import Split
from aeexp.spec.sweep import Sweep, more_is_better
from aeexp.spec.training import EarlyStopping, Engine, Loss, Training

__all__ = [
    "DBSCAN",
    "HDBSCAN",
    "L1",
    "L1L2",
    "L2",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Agglomerative",
    "AllFigures",
    "AppliesTo",
    "Autoencoder",
    "Backend",
    "Blobs",
    "BreastCancer",
    "ClusteringSpec",
    "Constant",
    "Cosine",
    "Covariance",
    "DatasetSpec",
    "Deep",
    "Diabetes",
    "Digits",
    "Dropout",
    "EarlyStopping",
    "Engine",
    "Experiment",
    "Exponential",
    "FigureFormat",
    "FiguresSpec",
    "FitOn",
    "Format",
    "GaussianMixture",
    "Initializer",
    "Iris",
    "KMeans",
    "Linear",
    "Linkage",
    "Loss",
    "MinMax",
    "ModelSpec",
    "Nadam",
    "NoFigures",
    "Noise",
    "OptimizerSpec",
    "Partition",
    "Penalty",
    "PreprocessingSpec",
    "RMSprop",
    "RegulariserSpec",
    "Robust",
    "SCurve",
    "ScheduleSpec",
    "Shallow",
    "Spec",
    "Split",
    "Standard",
    "Sweep",
    "SwissRoll",
    "Training",
    "Unscaled",
    "WarmupCosine",
    "Wine",
    "constraint",
    "more_is_better",
]
