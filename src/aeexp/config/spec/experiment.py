"""One run, entirely said."""

from dataclasses import dataclass, field
from enum import Enum

from aeexp.config.spec._spec import Spec, param, part
from aeexp.config.spec.clustering import DBSCAN, ClusteringSpec, KMeans
from aeexp.config.spec.dataset import DatasetSpec, Wine
from aeexp.config.spec.evidence import EvidenceSpec, StandardEvidence
from aeexp.config.spec.figures import AllFigures, FiguresSpec
from aeexp.config.spec.model import ModelSpec, Shallow
from aeexp.config.spec.optimizer import Adam, OptimizerSpec
from aeexp.config.spec.preprocessing import PreprocessingSpec, Standard
from aeexp.config.spec.question import QuestionSpec, Structure
from aeexp.config.spec.regulariser import RegulariserSpec
from aeexp.config.spec.schedule import Constant, ScheduleSpec
from aeexp.config.spec.split import Split
from aeexp.config.spec.sweep import Sweep
from aeexp.config.spec.training import Training


class Backend(Enum):
    """The library Keras computes with."""

    jax = "jax"
    tensorflow = "tensorflow"
    torch = "torch"


@dataclass(kw_only=True)
class Experiment(Spec):
    """One run, entirely said; `Experiment()` is what `python -m aeexp` does."""

    question: QuestionSpec = part(Structure, "What is asked of the table.")
    dataset: DatasetSpec = part(Wine, "Where the rows come from.")
    split: Split = part(Split, "Rows held out of training.")
    preprocessing: PreprocessingSpec = part(Standard, "How the columns are scaled.")
    model: ModelSpec = part(Shallow, "The autoencoder.")
    regulariser: dict[str, RegulariserSpec] = part(dict, "Penalties and disturbances.")
    optimizer: OptimizerSpec = part(Adam, "How the weights follow the gradient.")
    schedule: ScheduleSpec = part(Constant, "How the learning rate changes.")
    training: Training = part(Training, "How long and on what the model is trained.")
    clustering: dict[str, ClusteringSpec] = field(
        default_factory=lambda: {"kmeans": KMeans(), "dbscan": DBSCAN()},
        metadata={"meaning": "How groups are sought among the factors.", "bounds": {}},
    )
    evidence: EvidenceSpec = part(StandardEvidence, "What the numbers are held against.")
    figures: FiguresSpec = part(AllFigures, "What is drawn.")
    backend: Backend = param(Backend.jax, "The library Keras computes with.")
    seed: int = param(
        0,
        "Seed of the first weights, the shuffling, dropout, noise and clusterings.",
        at_least=0,
        below=2**32,
    )
    repeats: int | None = param(
        None,
        "Models trained, with seeds from `seed` on, of which the first is the run's; null takes"
        " evidence.repeats.",
        at_least=1,
    )
    sweep: Sweep = part(Sweep, "What a sweep is after.")

    @property
    def seeds(self) -> list[int]:
        """Return the seeds of the run's model and of its repeats."""
        return [(self.seed + i) % 2**32 for i in range(self.repeats or self.evidence.repeats)]

    @property
    def models(self) -> int:
        """Return how many models a run trains, of a table that controls take as it is."""
        return (self.repeats or self.evidence.repeats) + self.evidence.others
