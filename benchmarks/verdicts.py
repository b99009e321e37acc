"""Do the remedies of verdicts help? Each is tried.

python benchmarks/verdicts.py
"""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aeexp.backend import choose
from aeexp.config.spec import (
    Activation,
    Adam,
    Backend,
    Deep,
    Diabetes,
    EarlyStopping,
    Experiment,
    Iris,
    NoEvidence,
    NoFigures,
    Shallow,
    Split,
    Training,
    Wine,
)

TABLES = {"wine": Wine(), "iris": Iris(), "diabetes": Diabetes()}
MODELS = {
    "shallow": Shallow(latent_dim=2),
    "deep": Deep(latent_dim=2),
    "deep, ELU": Deep(latent_dim=2, activation=Activation.elu),
}
RATES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
EPOCHS = [20, 100, 500]


@dataclass(frozen=True)
class Outcome:
    """The verdict on a training, and its mean squared errors.

    train: of the training rows. held_out: of the rows that judge. Infinite if it diverged.
    """

    sentence: str
    word: str
    train: float
    held_out: float


@dataclass(frozen=True)
class Trial:
    """The place of a training among the tables, models, rates and numbers of epochs."""

    table: str
    model: str
    rate: int
    epochs: int
    stops: bool = False

    @property
    def experiment(self) -> Experiment:
        """Return the experiment."""
        stopping = EarlyStopping(patience=20 if self.stops else None)
        training = Training(epochs=EPOCHS[self.epochs], batch_size=16, early_stopping=stopping)
        return Experiment(
            dataset=TABLES[self.table],
            model=MODELS[self.model],
            split=Split(validation=0.2, test=0.2),
            optimizer=Adam(lr=RATES[self.rate]),
            training=training,
            clustering={},
            evidence=NoEvidence(),
            figures=NoFigures(),
            backend=Backend.jax,
        )


def outcome(trial: Trial) -> Outcome:
    """Return the verdict and the errors of a trial."""
    from aeexp.pipeline.run import run
    from aeexp.runs.artifact import DivergedError, Metrics, RunMetadata

    verdict, metrics = {"word": "", "sentence": ""}, {}
    try:
        for artifact in run(trial.experiment):
            if isinstance(artifact, Metrics):
                metrics = dict(artifact.values)
            elif isinstance(artifact, RunMetadata) and artifact.name == "verdict":
                verdict = artifact.values["verdict"]
    except DivergedError:
        return Outcome(verdict["sentence"], "diverged", float("inf"), float("inf"))
    train, test = (metrics[f"reconstruction.{part}.mse"] for part in ("train", "test"))
    return Outcome(verdict["sentence"], verdict["word"], train, test)


def remedies(trial: Trial, sentence: str) -> Iterator[tuple[str, Trial, str]]:
    """Yield each remedy that a sentence names, a trial of it, and the error to lower."""
    if "ower optimizer.lr" in sentence and trial.rate:
        yield "lower optimizer.lr", replace(trial, rate=trial.rate - 1), "train"
    if "Raise optimizer.lr" in sentence and trial.rate + 1 < len(RATES):
        yield "raise optimizer.lr", replace(trial, rate=trial.rate + 1), "train"
    if "Raise training.epochs" in sentence and trial.epochs + 1 < len(EPOCHS):
        longer = replace(trial, epochs=trial.epochs + 1)
        yield "raise training.epochs", longer, "train"
        yield "raise training.epochs", longer, "held_out"
    if "Set training.early_stopping.patience" in sentence:
        yield "early stopping", replace(trial, stops=True), "held_out"


def main() -> None:
    """Train all settings, try their remedies and print how many helped."""
    choose(Backend.jax)
    logging.disable(logging.WARNING)
    trials = [
        Trial(table, model, rate, epochs)
        for table in TABLES
        for model in MODELS
        for epochs in range(len(EPOCHS))
        for rate in range(len(RATES))
    ]
    outcomes = {trial: outcome(trial) for trial in trials}
    counts, helped = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for trial in trials:
        before = outcomes[trial]
        for remedy, other, error in remedies(trial, before.sentence):
            after = outcomes.get(other) or outcome(other)
            key = before.word, remedy, error
            counts[key] += 1
            helped[key] += getattr(after, error) < getattr(before, error)
    print("| verdict | trainings |\n|---|---|")
    for word, count in Counter(result.word for result in outcomes.values()).most_common():
        print(f"| {word} | {count} |")
    print("\n| verdict | remedy | lowers the error of | of trials |\n|---|---|---|---|")
    for (word, remedy, error), count in sorted(counts.items()):
        rows = "training rows" if error == "train" else "test rows"
        print(f"| {word} | {remedy} | {rows} | {helped[word, remedy, error]} of {count} |")


if __name__ == "__main__":
    main()
