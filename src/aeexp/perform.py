"""One job: an experiment into its run directory, told on the terminal."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aeexp.artifact import Artifact
from aeexp.backend import choose, unheard
from aeexp.runs import Status, keep
from aeexp.spec import Experiment
from aeexp.terminal import Terminal
from aeexp.watch import Watch
from aeexp.words import said


def perform(config: DictConfig) -> Status:
    """Run a composed experiment in Hydra's output directory; see `runs.keep`."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    experiment, terminal = said(config), Terminal()
    return keep(experiment, folder, partial(_artifacts, experiment, terminal), terminal)


def _artifacts(experiment: Experiment, watch: Watch) -> Iterator[Artifact]:
    choose(experiment.backend)
    with watch.stage("import"), unheard():
        from aeexp.run import run  # noqa: PLC0415  (imports Keras: its backend must be chosen)
    yield from run(experiment, watch)
