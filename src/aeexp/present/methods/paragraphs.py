"""methods: what an experiment did to a table, as a paper tells it."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from aeexp.config.spec import Backend, Experiment
from aeexp.data.prepare import Problem
from aeexp.present.methods import evidence
from aeexp.present.methods.analysing import analysis
from aeexp.present.methods.citations import keys, references
from aeexp.present.methods.data import data
from aeexp.present.methods.training import training

BACKENDS = {
    Backend.jax: ("JAX", "bradbury2018"),
    Backend.tensorflow: ("TensorFlow", "abadi2016"),
    Backend.torch: ("PyTorch", "paszke2019"),
}


@dataclass(frozen=True)
class Methods:
    """Paragraphs of Markdown, with citations as pandoc reads them: [@key]."""

    text: str

    @property
    def keys(self) -> list[str]:
        """Return what is cited, in the order of the text."""
        return keys(self.text)

    @property
    def references(self) -> str:
        """Return the BibTeX of what is cited, and of nothing else."""
        return references(self.text)


def methods(experiment: Experiment, problem: Problem, rows: int = 0) -> Methods:
    """Return what an experiment did to a table.

    rows: of the table that its controls learnt from, 0 if it has none; see `controls.Plan`.
    """
    alike = rows == len(problem.x) or experiment.repeats  # controls of fewer rows are told below
    seeds = experiment.seeds if alike else experiment.seeds[:1]
    repeated = [evidence.repeats(seeds)] if len(seeds) > 1 else []
    paragraphs = [
        data(experiment, problem),
        " ".join([training(experiment, problem), *repeated, _software(experiment.backend)]),
        analysis(experiment, problem),
        evidence.evidence(experiment, problem, rows),
    ]
    return Methods("\n\n".join(filter(None, paragraphs)) + "\n")


def _software(backend: Backend) -> str:
    name, key = BACKENDS[backend]
    computed = _version(backend.value, f"{backend.value}-cpu")
    return (
        f"Analyses were done with aeexp{_version('aeexp')} [@aeexp], which used"
        f" Keras{_version('keras')} [@chollet2015] on {name}{computed}"
        f" [@{key}], scikit-learn{_version('scikit-learn')} [@pedregosa2011] and"
        f" NumPy{_version('numpy')} [@harris2020] in Python {python_version()}."
    )


@cache
def _version(*packages: str) -> str:
    """Return a blank and the version of the first of several packages that is installed."""
    for package in packages:
        with suppress(PackageNotFoundError):
            return f" {version(package)}"
    return ""
