"""What the report of a run says, before it is HTML."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aeexp.data import Dataset
from aeexp.present.html.run import clusters, evidence
from aeexp.present.html.run.answer import Sentence, about, answer
from aeexp.present.html.run.cards import Card, cards
from aeexp.present.html.run.kept import Kept
from aeexp.present.html.run.pictures import Picture, pictures
from aeexp.present.html.run.section import Part, Section
from aeexp.present.html.run.settings import Settings, settings
from aeexp.present.html.run.view import View, view

Parts = Callable[[Kept], Iterator[Part]]
SECTIONS: Mapping[str, tuple[str, str, Parts]] = {
    "tried": ("What was tried", "", evidence.tried),
    "factors": (
        "What the factors mean",
        "A factor is a number that the autoencoder found for each row.",
        evidence.factors,
    ),
    "clusters": (
        "Groups of rows",
        "Rows that lie together by their factors.",
        clusters.clusters,
    ),
    "labels": (
        "Do the known labels show?",
        "How well labels that the autoencoder never saw can be told from its factors.",
        evidence.labels,
    ),
    "baselines": (
        "Would a simpler method do?",
        "The same table described by methods that are older and simpler.",
        evidence.baselines,
    ),
    "chance": (
        "Could it be chance?",
        "The same analysis of tables in which there is nothing to find.",
        evidence.chance,
    ),
    "training": ("How the training went", "", evidence.training),
    "trust": (
        "How far the picture can be trusted",
        "A table with many features never fits into a few factors without loss.",
        evidence.trust,
    ),
    "more": ("More figures", "", lambda _: iter(())),
}


@dataclass(frozen=True)
class Contents:
    """The parts of the report, from top to bottom."""

    title: str
    name: str
    status: str
    about: Sequence[str]
    answer: Sequence[Sentence]
    warnings: Sequence[str]
    view: View | None
    drawn: Sequence[Picture]
    cards: Sequence[Card]
    quantity: str
    sections: Sequence[Section]
    settings: Settings
    methods: Sequence[str]
    references: Sequence[str]


def contents(run: Kept, data: Dataset) -> Contents:
    """Return what the report says."""
    drawn = [*pictures(run.folder)]
    return Contents(
        title=data.name,
        name=run.folder.name,
        status=run.record.get("status", ""),
        about=[*about(run, data)],
        answer=answer(run),
        warnings=[*run.record.get("stamps", ()), *data.notes],
        view=view(run, data),
        drawn=[each for each in drawn if each.section == "view"],
        cards=cards(run),
        quantity=run.quantity,
        sections=[*filter(None, (_section(name, run, drawn) for name in SECTIONS))],
        settings=settings(run),
        methods=run.lines("methods.md"),
        references=run.lines("references.bib"),
    )


def _section(name: str, run: Kept, drawn: Sequence[Picture]) -> Section:
    title, intro, parts = SECTIONS[name]
    return Section(
        name,
        title,
        run.verdict if name == "training" else intro,
        [part for part in parts(run) if part.sheet.rows],
        [each for each in drawn if each.section == name],
    )
