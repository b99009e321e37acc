"""The figures of a run, embedded in its report."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from aeexp.present.html.figure import Figure, stored_figure

MAX_CHARACTERS = 2_000_000
"""Of the addresses of all figures, about 1.5 MB of images. Further figures are left out."""
CAPTIONS = (
    ("loss", "training", "The error of training rows and held-out rows by epoch"),
    ("candidates", "training", "The error of each setting that was tried"),
    ("reconstruction", "training", "Rows and their reconstructions"),
    (r"r_?nx|neighbou?rs?", "trust", "How many neighbours of a row are preserved"),
    ("repeats|stability|seeds|reproducibility", "trust", "Results of other trainings"),
    ("latent_time", "factors", "The rows by their factors, joined in the order of time"),
    ("latent", "view", "The rows by their factors"),
    ("weights", "factors", "The weight of each feature in each factor"),
    ("images", "factors", "Rows as images, and images decoded along each factor"),
    ("importance", "factors", "How strongly each factor depends on each feature"),
    ("traversals?", "factors", "How features change as one factor goes from low to high"),
    ("associations?", "factors", "The association of factors with the known labels"),
    ("factors?|cards?", "factors", "The factors"),
    ("contingency", "clusters", "The number of rows by cluster and label"),
    ("consensus|co_?assignment", "clusters", "How often two rows are in the same cluster"),
    ("clusters?|silhouette", "clusters", "The clusters"),
    ("by_label", "labels", "The factors of the rows of each class"),
    ("labels?|probes", "labels", "How well the factors predict the labels"),
    ("scree", "baselines", "The share of the variance of each principal component"),
    ("baselines?|advantage", "baselines", "The autoencoder and simpler methods"),
    ("power", "chance", "How often planted groups of each size are found"),
    ("evidence|nulls?", "chance", "The same measures on tables without structure"),
    ("how_many", "tried", "Results for each number of dimensions and of clusters"),
    ("learning_rate", "tried", "The loss after a short training at each rate"),
)
"""Patterns of the beginning of a figure's name, its section, and its caption."""
SHOWN_OTHERWISE = re.compile(r"cards|weights|latent_(?!time$).*")
"""Names of figures that a report does not repeat: it has cards, and a map of all colours."""


def figures_by_section(folder: Path) -> Mapping[str, list[Figure]]:
    """Return the PNG and SVG figures of a run by the id of their section.

    The section "view" has the figure that replaces the map where JavaScript is off.
    """
    by_section: dict[str, list[Figure]] = defaultdict(list)
    left = MAX_CHARACTERS
    for path in sorted((folder / "figures").glob("*")):
        if path.suffix in {".png", ".svg"} and not SHOWN_OTHERWISE.fullmatch(path.stem):
            section, caption = section_and_caption(path.stem)
            figure = stored_figure(path, caption)
            left -= len(figure.source)
            if left >= 0:
                by_section[section].append(figure)
    return by_section


def section_and_caption(name: str) -> tuple[str, str]:
    """Return the section and the caption of a figure; the section "more" for unknown names."""
    for pattern, section, caption in CAPTIONS:
        if match := re.match(rf"(?:{pattern})(?=_|-|$)", name):
            subject = name[match.end() :].strip("_-").replace("_", " ")
            return section, f"{caption} ({subject})" if subject else caption
    return "more", name.replace("_", " ")
