"""Artificial sweeps: a ledger and run directories, with chosen numbers, without training."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path


@dataclass(frozen=True)
class Made:
    """A job of an artificial sweep: its overrides, its status, the content of its directory.

    status: None if the run has not ended. metrics: None writes no file. answers: claims by topic.
    latents: z1, z2, … and the label of each row. begun: whether the run was started.
    """

    overrides: Sequence[str]
    status: str | None = "COMPLETED"
    metrics: Mapping[str, float | None] | None = field(default_factory=dict)
    error: str | None = None
    losses: Sequence[float] = (1.0, 0.5)
    latents: Sequence[Sequence[float | str]] = ((0, 0, "a"), (1, 0, "b"), (0, 2, "b"))
    answers: Mapping[str, str] = field(default_factory=dict)
    data: str = "wine"
    begun: bool = True


def loss(value: float | None, **more: float | None) -> dict[str, float | None]:
    return {"loss": value, "val_loss": value, "reconstruction.val.mse": value, **more}


def crossed(values: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the overrides of a sweep over all combinations."""
    return [
        [f"{key}={value}" for key, value in zip(values, combination, strict=True)]
        for combination in product(*values.values())
    ]


def made(folder: Path, jobs: Iterable[Made], study: object = None) -> Path:
    """Write a sweep and return its directory. study: the content of study.json."""
    folder.mkdir(parents=True, exist_ok=True)
    events = [{"event": "begun", "words": ["--multirun"], "cwd": "/", "pid": 1}]
    for number, job in enumerate(jobs):
        events += list(_events(number, job))
        if job.begun:
            _run(folder / str(number), job)
    lines = "".join(f"{json.dumps(event)}\n" for event in events)
    (folder / "sweep.jsonl").write_text(lines)
    if study is not None:
        (folder / "study.json").write_text(json.dumps(study))
    return folder


def _events(number: int, job: Made) -> Iterable[dict[str, object]]:
    about = {"job": number}
    yield {"event": "planned", **about, "overrides": list(job.overrides)}
    if job.begun:
        yield {"event": "started", **about, "directory": str(number)}
    if job.status == "FAILED":
        yield {"event": "failed", **about, "error": job.error}
    elif job.status:
        yield {"event": "finished", **about, "status": job.status}


def _run(folder: Path, job: Made) -> None:
    folder.mkdir()
    record = {
        "status": job.status or "RUNNING",
        "seconds": {"total": 1.25},
        "verdict": {"word": "good"},
        "data_hash": job.data,
    }
    (folder / "run.json").write_text(json.dumps(record))
    if job.metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(job.metrics))
    if job.answers:
        sentences = [
            {"about": a, "claim": c, "sentence": f"{a}: {c}."} for a, c in job.answers.items()
        ]
        (folder / "answer.json").write_text(json.dumps({"sentences": sentences}))
    rows = [f"{i},{x},{x + 1},0.001" for i, x in enumerate(job.losses, 1)]
    (folder / "history.csv").write_text("\n".join(["epoch,loss,val_loss,learning_rate", *rows]))
    factors = [f"z{k + 1}" for k in range(len(job.latents[0]) - 1)] if job.latents else []
    head = ",".join(["row", "split", *factors, "label"])
    lines = [",".join(map(str, (i, "train", *row))) for i, row in enumerate(job.latents)]
    (folder / "latents.csv").write_text("\n".join([head, *lines]))
    (folder / "figures").mkdir()
    (folder / "figures" / "loss.png").touch()
