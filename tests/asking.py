"""What tests of questions have in common."""

from collections.abc import Mapping

from aeexp.config.spec import Experiment
from aeexp.pipeline.run import run
from aeexp.runs.artifact import Artifact, Document
from aeexp.runs.progress import Monitor, Progress


class Stopping(Monitor):
    """Stops after an epoch."""

    def on_epoch(self, progress: Progress) -> None:
        self.stop = True


def answered(experiment: Experiment) -> Mapping[str, Artifact]:
    return {artifact.name: artifact for artifact in run(experiment)}


def claims(found: Mapping[str, Artifact]) -> dict[str, tuple[str, str]]:
    answer = found["answer"]
    assert isinstance(answer, Document)
    return {
        each["about"]: (each["claim"], each["sentence"]) for each in answer.content["sentences"]
    }
