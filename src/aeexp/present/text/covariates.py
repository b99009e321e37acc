"""The sentence on covariates: their effects on the features, and the labels that these explain."""

from collections.abc import Iterator

from aeexp.data import Dataset
from aeexp.data.table.covariate_checks import confounded_labels
from aeexp.present.text.sentence import Sentence
from aeexp.text import listed, printable, short


def covariate_sentences(data: Dataset) -> Iterator[Sentence]:
    """Yield which effects were removed, and which labels are confounded with them."""
    if data.covariates is None:
        return
    names = listed([*map(_named, data.covariates.names)])
    text = f"The effects of {names} were removed from the features by least squares."
    if batch := data.covariates.batch:
        text += f" The variances of {_named(batch)} were made equal."
    confounded = confounded_labels(data)
    if confounded:
        shares = [f"{100 * share:.0f} % of {_named(name)}" for name, share in confounded.items()]
        text += (
            f" They explain {listed(shares)} (adjusted R²): a part of these differences was"
            " removed with them."
        )
    yield Sentence("covariates", "no" if confounded else "yes", text)


def _named(name: str) -> str:
    return short(printable(name))
