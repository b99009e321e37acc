"""A sweep is cut into parts for the nodes of a cluster."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aeexp.config.spec import L1, Adam, Backend, Deep, Experiment, Shallow
from aeexp.runs.task import Task
from aeexp.sweep.chunks import chunks


def parts(experiments: list[Experiment], count: int) -> list[list[int]]:
    tasks = [Task(i, [], [], e, Path(str(i))) for i, e in enumerate(experiments)]
    return [[task.number for task in part] for part in chunks(tasks, count)]


def test_jobs_that_train_together_stay_in_one_part(tiny: Callable[..., Experiment]) -> None:
    varied = [
        tiny(model=model, optimizer=Adam(lr=lr), regulariser={"l1": L1(strength=strength)})
        for lr in (0.1, 0.2)
        for strength in (0.1, 0.2)
        for model in (Deep(), Shallow())
    ]
    assert parts(varied, 2) == [[0, 2, 4, 6], [1, 3, 5, 7]]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(1, [[0, 1, 2, 3, 4]], id="one"),
        pytest.param(2, [[0], [1, 2, 3, 4]], id="equal_numbers_of_members"),
        pytest.param(99, [[0], [1], [2], [3], [4]], id="more_than_jobs"),
    ],
)
def test_parts_have_about_the_same_number_of_members(
    tiny: Callable[..., Experiment], count: int, expected: list[list[int]]
) -> None:
    assert parts([tiny(repeats=4), *(tiny(seed=seed) for seed in range(4))], count) == expected


def test_a_part_has_one_backend(tiny: Callable[..., Experiment]) -> None:
    jobs = [replace(tiny(), backend=backend) for backend in Backend for _ in range(2)]
    assert parts(jobs, 1) == [[0, 1], [2, 3], [4, 5]]
