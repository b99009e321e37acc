"""Tables distributed with scikit-learn."""

from collections.abc import Callable
from typing import Any

from sklearn import datasets

from aeexp.config.spec import BreastCancer, Diabetes, Digits, Iris, Wine
from aeexp.data.dataset import Classes, Dataset, Values, load


def _table(name: str, source: Callable[[], Any], label: str) -> Dataset:
    bunch = source()
    return Dataset(
        name=name,
        x=bunch.data,
        features=tuple(map(str, bunch.feature_names)),
        rows=range(len(bunch.data)),
        labels=(Classes(label, bunch.target, tuple(map(str, bunch.target_names))),),
    )


@load.register
def _(spec: Wine) -> Dataset:
    return _table("wine", datasets.load_wine, "cultivar")


@load.register
def _(spec: Iris) -> Dataset:
    return _table("iris", datasets.load_iris, "species")


@load.register
def _(spec: BreastCancer) -> Dataset:
    return _table("breast_cancer", datasets.load_breast_cancer, "diagnosis")


@load.register
def _(spec: Digits) -> Dataset:
    return _table("digits", datasets.load_digits, "digit")


@load.register
def _(spec: Diabetes) -> Dataset:
    bunch = datasets.load_diabetes(scaled=False)
    return Dataset(
        name="diabetes",
        x=bunch.data,
        features=tuple(bunch.feature_names),
        rows=range(len(bunch.data)),
        labels=(Values("progression", bunch.target),),
    )
