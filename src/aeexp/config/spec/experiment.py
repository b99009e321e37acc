"""The experiment: every parameter of a run."""

from dataclasses import dataclass, field
from enum import Enum

from aeexp.config.spec._spec import Spec, param, part
from aeexp.config.spec.clustering import ClusteringSpec, KMeans
from aeexp.config.spec.dataset import DatasetSpec, Wine
from aeexp.config.spec.evidence import EvidenceSpec, StandardEvidence
from aeexp.config.spec.figures import AllFigures, FiguresSpec
from aeexp.config.spec.model import Auto, Autoencoder, Axes, ModelSpec
from aeexp.config.spec.optimizer import Adam, OptimizerSpec
from aeexp.config.spec.preprocessing import PreprocessingSpec, Standard
from aeexp.config.spec.question import QuestionSpec, Structure
from aeexp.config.spec.regulariser import RegulariserSpec
from aeexp.config.spec.schedule import Constant, ScheduleSpec
from aeexp.config.spec.split import Split
from aeexp.config.spec.sweep import Sweep
from aeexp.config.spec.training import Training


class Backend(Enum):
    """Backend of Keras."""

    jax = "jax"
    tensorflow = "tensorflow"
    torch = "torch"


@dataclass(kw_only=True)
class Experiment(Spec):
    """Every parameter of a run; `Experiment()` is the default, `python -m aeexp`."""

    question: QuestionSpec = part(Structure, "Analysis task.")
    dataset: DatasetSpec = part(Wine, "Dataset.")
    split: Split = part(Split, "Training and held-out rows.")
    preprocessing: PreprocessingSpec = part(Standard, "Scaling of the features.")
    model: ModelSpec = part(Auto, "Autoencoder.")
    regulariser: dict[str, RegulariserSpec] = part(
        dict, "Regularisation: penalties, dropout, noise."
    )
    optimizer: OptimizerSpec = part(Adam, "Optimizer.")
    schedule: ScheduleSpec = part(Constant, "Learning-rate schedule.")
    training: Training = part(Training, "Training loop.")
    clustering: dict[str, ClusteringSpec] = field(
        default_factory=lambda: {"kmeans": KMeans()},
        metadata={"meaning": "Clustering of the rows.", "bounds": {}},
    )
    evidence: EvidenceSpec = part(
        StandardEvidence, "Control models, null models and permutation tests."
    )
    figures: FiguresSpec = part(AllFigures, "Figures.")
    backend: Backend = param(Backend.jax, "Backend of Keras.")
    seed: int = param(
        0,
        "Random seed of initial weights, shuffling, dropout, noise and clustering.",
        at_least=0,
        below=2**32,
    )
    repeats: int | None = param(
        None,
        "Models trained with the seeds seed, seed + 1, …; the first is the run's model. null:"
        " evidence.repeats.",
        at_least=1,
    )
    sweep: Sweep = part(Sweep, "Sweep objective and limits.")

    @property
    def seeds(self) -> list[int]:
        """Return the seeds of the run's model and of its repeats."""
        return [(self.seed + i) % 2**32 for i in range(self.repeats or self.evidence.repeats)]

    @property
    def models(self) -> int:
        """Return the number of models a run trains if controls use the whole table."""
        return (self.repeats or self.evidence.repeats) + self.evidence.controls

    @property
    def axes(self) -> Axes:
        """Return the axes to which the factors are turned after training."""
        if not isinstance(self.model, Autoencoder) or not self.model.turns():
            return Axes.none
        if self.model.axes is not None:
            return self.model.axes
        chosen = any(regulariser.chooses_axes for regulariser in self.regulariser.values())
        return Axes.none if chosen else Axes.reconstruction
