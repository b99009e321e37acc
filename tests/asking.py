"""Helpers of tests of tasks."""

from collections.abc import Mapping

from aeexp.config.spec import Experiment
from aeexp.pipeline.run import run
from aeexp.runs.artifact import Artifact, Document
from aeexp.runs.progress import Monitor, Progress


class Stopping(Monitor):
    """Stop after an epoch."""

    def on_epoch(self, progress: Progress) -> None:
        self.stop = True


def answered(experiment: Experiment) -> Mapping[str, Artifact]:
    return {artifact.name: artifact for artifact in run(experiment)}


def claims(artifacts: Mapping[str, Artifact]) -> dict[str, tuple[str, str]]:
    answer = artifacts["answer"]
    assert isinstance(answer, Document)
    return {
        part["about"]: (part["claim"], part["sentence"]) for part in answer.content["sentences"]
    }
