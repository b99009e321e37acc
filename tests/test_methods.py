"""The Methods section of a paper: its facts, its numbers and its citations."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans as SklearnKMeans
from usual import usual

import aeexp.present.methods
from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    DBSCAN,
    L1,
    L1L2,
    SGD,
    Activation,
    Adam,
    Agglomerative,
    AppliesTo,
    Auto,
    Autoencoder,
    Axes,
    Backend,
    Blobs,
    Categorical,
    Cosine,
    Covariance,
    Deep,
    Diabetes,
    Dropout,
    EarlyStopping,
    Experiment,
    Exponential,
    FitOn,
    GaussianMixture,
    Infinite,
    Initializer,
    KMeans,
    Linear,
    Linkage,
    Loss,
    MinMax,
    Missing,
    ModelSpec,
    NestedDropout,
    NoEvidence,
    Noise,
    Quick,
    Residual,
    Robust,
    Shallow,
    Space,
    Spec,
    Split,
    StandardEvidence,
    SwissRoll,
    Table,
    Training,
    Unscaled,
    WarmupCosine,
    describe,
    param,
)
from aeexp.config.spec.clustering import COVARIANCES, LINKAGES
from aeexp.config.spec.model import ACTIVATIONS, INITIALIZERS
from aeexp.config.spec.training import LOSSES
from aeexp.data import Column, load
from aeexp.data.design import Design
from aeexp.data.effects import Covariates
from aeexp.data.prepare import prepare, prepare_problem
from aeexp.models import build, seeds
from aeexp.present.methods import Methods, keys, methods, references
from aeexp.present.methods.paragraphs import BACKENDS
from aeexp.text import counted, exact, listed, named, percent
from aeexp.training.optimizers import optimizer

CHOICES = [
    pytest.param(group, kind, id=f"{group}={name}")
    for group, options in OPTIONS.items()
    for name, kind in options.items()
    if group not in {"figures", "evidence", "question"} and kind is not Table
]
"""The options that a paper describes."""
BIBTEX = Path(aeexp.present.methods.__file__).with_name("references.bib").read_text("utf-8")


def paragraphs(**settings: Any) -> list[str]:
    """Return the paragraphs of an experiment's methods."""
    experiment = usual(**settings)
    return methods(experiment, prepare_problem(experiment)).text.strip().split("\n\n")


def numbers(text: str) -> list[str]:
    """Return the numbers of a text but for those in citations and in users' names."""
    plain = re.sub(r"\[@[^\]]*\]|`[^`]*`", "", text)
    return re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", plain)


@dataclass(frozen=True)
class Entry:
    """An entry of BibTeX."""

    kind: str
    key: str
    fields: dict[str, str]


def parsed(text: str) -> Iterator[Entry]:
    """Read BibTeX strictly: braces balance, and nothing stands between entries."""
    at = 0
    while start := re.compile(r"\s*@(\w+)\{([\w-]+),").match(text, at):
        at, entry = start.end(), {}
        while field := re.compile(r"\s*(\w+) = \{").match(text, at):
            end, depth = field.end(), 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            assert field[1] not in entry, f"{start[2]} has {field[1]} twice"
            entry[field[1]] = text[field.end() : end - 1]
            at = end + (text[end] == ",")
        closed = re.compile(r"\s*\}").match(text, at)
        assert closed, text[at : at + 60]
        at = closed.end()
        yield Entry(start[1], start[2], entry)
    assert not text[at:].strip(), text[at : at + 60]


ENTRIES = {entry.key: entry for entry in parsed(BIBTEX)}


# --- descriptions


@pytest.mark.parametrize(
    ("descriptions", "kind"),
    [
        pytest.param(ACTIVATIONS, Activation, id="activations"),
        pytest.param(INITIALIZERS, Initializer, id="initializers"),
        pytest.param(LOSSES, Loss, id="losses"),
        pytest.param(COVARIANCES, Covariance, id="covariances"),
        pytest.param(LINKAGES, Linkage, id="linkages"),
        pytest.param(BACKENDS, Backend, id="backends"),
    ],
)
def test_every_choice_has_a_description(descriptions: dict[Any, Any], kind: type) -> None:
    assert set(descriptions) == set(kind)


def with_option(group: str, kind: type[Spec]) -> Experiment:
    """Return an experiment with an option."""
    chosen = {"it": kind()} if group in {"regulariser", "clustering"} else kind()
    return usual(**{group: chosen})


@pytest.mark.parametrize(("group", "kind"), CHOICES)
def test_the_references_are_the_citations_of_the_text(group: str, kind: type[Spec]) -> None:
    experiment = with_option(group, kind)
    problem = prepare_problem(experiment)
    written = methods(experiment, problem, len(problem.x))
    assert set(re.findall(r"@(\w+)", written.text)) == set(written.keys)
    assert [entry.key for entry in parsed(written.references)] == written.keys


@pytest.mark.parametrize(("group", "kind"), CHOICES)
def test_every_option_has_a_description_and_it_is_in_the_text(
    group: str, kind: type[Spec]
) -> None:
    experiment = with_option(group, kind)
    if kind is not Auto:  # its choice is described
        assert kind().own_method("methods"), f"{kind.__name__} has no method `methods`"
    described = getattr(experiment, group)
    described = described["it"] if isinstance(described, dict) else described
    described = Residual() if kind is Auto else described
    assert describe(described) in methods(experiment, prepare_problem(experiment)).text


@dataclass(kw_only=True)
class Undescribed(Deep):
    """A user's model without a description."""

    beta: float = param(0.5, "Weight of a term of the loss.")


def test_a_users_model_is_not_described_as_its_base_class() -> None:
    assert describe(Undescribed(beta=0.25)).startswith("`Undescribed` (latent_dim = 3, ")
    assert describe(Undescribed(beta=0.25)).endswith(", beta = 0.25)")
    text = paragraphs(model=Undescribed())[1]
    assert "fully connected" not in text
    assert "trainable parameters" not in text
    assert "No regularisation" not in text
    assert "plus any term that `Undescribed` adds to it." in text


# --- references


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_has_the_fields_of_its_kind(entry: Entry) -> None:
    needed = {
        "article": {"author", "title", "journal", "year", "volume", "pages"},
        "inproceedings": {"author", "title", "booktitle", "year"},
        "incollection": {"author", "title", "booktitle", "publisher", "year"},
        "book": {"author", "title", "publisher", "year"},
        "techreport": {"author", "title", "institution", "year"},
        "misc": {"author", "title", "year"},
    }[entry.kind]
    assert needed <= set(entry.fields)
    assert entry.key.endswith(entry.fields["year"]) or entry.key == "aeexp"
    assert re.fullmatch(r"10\.\d{4,}/\S+", entry.fields.get("doi", "10.0000/none"))
    assert not re.search(r"\d-\d", entry.fields.get("pages", ""))
    assert all(0 < len(value) == len(value.strip()) for value in entry.fields.values())
    assert entry.fields["author"].isascii()


def test_keys_and_dois_are_unique() -> None:
    assert BIBTEX.count("\n@") + 1 == len(ENTRIES)
    dois = [entry.fields["doi"] for entry in ENTRIES.values() if "doi" in entry.fields]
    assert len(dois) == len(set(dois)) > 40
    assert list(ENTRIES) == sorted(ENTRIES)


def test_every_entry_is_cited_somewhere() -> None:
    folder = Path(aeexp.__file__).parent
    sources = [*folder.rglob("*.py"), *folder.rglob("*.j2")]
    cited = " ".join(path.read_text("utf-8") for path in sources)
    assert [key for key in ENTRIES if f"@{key}" not in cited and f'"{key}"' not in cited] == []


def test_references_are_unique_and_in_the_order_of_the_text() -> None:
    text = "A [@vinh2010; @lloyd1982], b [@lloyd1982] and `[@ward1963]` c [@fisher1936]."
    assert keys(text) == ["vinh2010", "lloyd1982", "fisher1936"]
    assert [entry.key for entry in parsed(references(text))] == keys(text)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody1900"):
        references("As in [@nobody1900].")


def test_a_text_without_citations_has_no_references() -> None:
    assert references("Nothing was done.") == ""


# --- rows that depend on one another


@pytest.mark.parametrize(
    ("time", "groups", "phrases"),
    [
        pytest.param(
            np.arange(178),
            None,
            (
                "Rows follow one another in time; the autocorrelation",
                "blocks of time were divided at random",
                "A gap of at most 4 rows",
                "Standard errors treat blocks of 8 rows in time as independent",
                "shifted circularly in time by its own random lag of at least 4 rows, which",
                "arrangements of the labels",
            ),
            id="time",
        ),
        pytest.param(
            np.arange(178),
            np.arange(178) % 2,
            (
                "Rows come in 2 groups (`animal`). Rows follow one another in time within a group",
                "blocks of time were divided at random",
                "Standard errors treat blocks of 8 rows in time as independent",
                "randomised in phase so that autocorrelations are preserved [@prichard1994], and",
            ),
            id="two groups in time",
        ),
        pytest.param(
            None,
            np.arange(178) % 9,
            (
                "Rows come in 9 groups (`animal`).",
                "whole groups were divided at random",
                "Standard errors treat groups as independent",
                "exchanged between whole groups and permuted within them",
                "whose means of groups were drawn apart from the deviations from them, and",
            ),
            id="groups",
        ),
    ],
)
def test_the_text_describes_the_treatment_of_dependent_rows(
    time: Any, groups: Any, phrases: tuple[str, ...]
) -> None:
    experiment = replace(usual(), evidence=StandardEvidence(), split=Split())
    design = Design(time, groups, "t", "animal", tau=4)
    problem = prepare(experiment, replace(load(experiment.dataset), design=design))
    text = methods(experiment, problem, rows=178).text
    for phrase in phrases:
        assert phrase in text
    assert "permuted on its own" not in text


def test_the_text_describes_the_removal_of_effects() -> None:
    experiment = replace(usual(), evidence=StandardEvidence())
    plate = np.arange(178) % 2
    columns = Column("plate", ("A", "B")), Column("age")
    values = np.c_[np.eye(2)[plate], np.arange(178.0)]
    data = replace(load(experiment.dataset), covariates=Covariates(columns, values, "plate"))
    text = methods(experiment, prepare(experiment, data), rows=178).text
    assert "effects of `plate`, `age` on each feature were removed by least squares [@r" in text
    assert "in each category of `plate` relative to that in all [@johnson2007]. Then f" in text
    assert "made from the residuals, from which the effects of covariates were removed" in text


# --- numbers


def test_the_text_of_the_default_run_has_its_numbers_and_no_others() -> None:
    data, training, analysis = paragraphs()
    assert numbers(data) == ["3", "178", "13", "36", "178", "20.2", "0", "142", "0", "1", "142"]
    assert numbers(training.split(" Analyses were")[0]) == [
        *("3", "13", "3", "13", "94", "0", "200", "16", "0.001", "0.9", "0.999", "0")
    ]
    assert numbers(analysis) == ["99.9", "10", "3", "3", "15"]


def test_the_text_of_a_run_with_many_settings_has_all_of_them() -> None:
    data, training, analysis = paragraphs(
        dataset=SwissRoll(samples=300, noise=0.25, seed=7),
        split=Split(validation=0.1, seed=3),
        preprocessing=MinMax(low=-1, high=2),
        model=Deep(hidden=[20, 9], latent_dim=2, batch_norm=True),
        regulariser={"l1_l2": L1L2(l1=1e-5, l2=0.03), "noise": Noise(sd=0.4)},
        optimizer=Adam(lr=2e-4, beta_1=0.8),
        schedule=WarmupCosine(warmup=0.05, final=0.02),
        training=Training(
            epochs=1000,
            batch_size=32,
            early_stopping=EarlyStopping(patience=25, min_delta=0.001),
        ),
        clustering={"kmeans": KMeans(n_init=3), "dbscan": DBSCAN(eps=0.3, min_samples=4)},
        seed=11,
    )
    assert numbers(data) == [
        *("0.25", "7", "300", "3", "30", "300", "10", "3", "270", "1", "2", "270")
    ]
    assert "from -1 to 2" in data
    weights = 2 * (3 * 20 + 20 * 9 + 9 * 2)
    rest = 20 + 9 + 2 + 9 + 20 + 3 + 2 * (20 + 9)
    assert numbers(training.split(" Analyses were")[0]) == [
        *("20", "9", "2", "3", "20", "9", "2", "9", "20", "3", f"{weights + rest}", "0"),
        *("1,000", "32", "1", "10", "1", "0.03", "2", "0.4"),
        *("0.0002", "0.8", "0.999", "0", "5", "2", "0.001", "25", "11"),
    ]
    assert numbers(analysis) == ["99.9", "3", "2", "10", "4", "0.3", "2", "15", "300"]
    assert "1 × 10⁻⁵ (L1)" in training


@pytest.mark.parametrize(
    ("model", "features"),
    [
        pytest.param(Shallow(latent_dim=3), 13, id="shallow"),
        pytest.param(Deep(hidden=[32, 16]), 7, id="deep"),
        pytest.param(Deep(hidden=[8], batch_norm=True, latent_dim=1), 5, id="normalised"),
        pytest.param(Linear(latent_dim=2), 4, id="linear"),
    ],
)
def test_the_number_of_parameters_equals_that_of_keras(model: Autoencoder, features: int) -> None:
    network = build(model, features, {}, seeds(0))
    trained = sum(int(np.prod(v.shape)) for v in network.training.trainable_weights)
    assert model.parameters(features) == trained


@pytest.mark.parametrize(
    ("kind", "keras_kind"),
    [
        pytest.param(kind, getattr(keras.optimizers, kind.__name__), id=word)
        for word, kind in OPTIONS["optimizer"].items()
    ],
)
def test_other_settings_of_an_optimizer_are_the_defaults_of_keras(
    kind: type[Any], keras_kind: type[Any]
) -> None:
    described = {f.name for f in fields(kind)} | {"learning_rate", "name"}
    actual, defaults = (
        {key: value for key, value in built.get_config().items() if key not in described}
        for built in (optimizer(kind(), 0.5), keras_kind())
    )
    assert actual == defaults


def test_the_text_names_the_defaults_of_libraries() -> None:
    assert SklearnKMeans().init == "k-means++"
    x = np.array([[0.0], [3.0]], np.float32)
    assert float(keras.losses.Huber()(x, 0 * x)) == pytest.approx((0 + 3 - 0.5) / 2)


@given(st.floats(1e-12, 1e12) | st.integers(-(10**9), 10**9))
def test_a_number_is_read_back_as_it_was(value: float) -> None:
    text = exact(value).replace(",", "").replace(" × 10", "e")
    plain = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(plain) == pytest.approx(value, rel=1e-5)


def test_counts_lists_and_shares_are_formatted() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(12_345, "copy", "copies") == "12,345 copies"
    assert [listed(list(letters)) for letters in ("a", "ab", "abc")] == [
        "a",
        "a and b",
        "a, b and c",
    ]
    assert percent(0.07) == "7 %"
    assert percent(0.125) == "12.5 %"
    assert percent(1e-7) == "1 × 10⁻⁵ %"


# --- settings


def test_a_stratified_split_is_in_the_text() -> None:
    data, *_ = paragraphs(split=Split(stratify=True, seed=5))
    assert "drawn at random (seed 5), in equal shares of the classes of `cultivar`" in data


def test_without_held_out_rows_the_text_does_not_mention_any() -> None:
    data, training, analysis = paragraphs(
        split=Split(validation=0),
        training=Training(early_stopping=EarlyStopping(patience=3, restore_best=False)),
    )
    assert "trained on all 178 rows; none was held out" in data
    assert "estimated from all 178 rows" in data
    assert "training loss had not fallen for 3 epochs" in training
    assert "weights of the last epoch" in training
    assert "Reconstruction of all rows" in analysis
    assert "validation" not in training + analysis
    assert "independent test" not in training


def test_the_text_names_the_rows_that_a_scaling_was_fitted_to() -> None:
    assert "estimated from all 178 rows" in paragraphs(preprocessing=Robust(fit_on=FitOn.all))[0]
    assert "25 % to the 75 % quantile" in paragraphs(preprocessing=Robust())[0]


def test_without_scaling_no_parameters_were_estimated() -> None:
    data, *_ = paragraphs(preprocessing=Unscaled())
    assert "Features were not scaled." in data
    assert "estimated" not in data


def test_held_out_rows_that_choose_the_epoch_are_not_called_independent() -> None:
    _, training, _ = paragraphs(training=Training(early_stopping=EarlyStopping(patience=10)))
    assert "at most 200 epochs" in training
    assert "not an independent test set" in training
    assert "independent" not in paragraphs()[1]


@pytest.mark.parametrize(
    ("spec", "phrase"),
    [
        pytest.param(SGD(), "(learning rate 0.01)", id="plain"),
        pytest.param(SGD(momentum=0.9), "momentum [@polyak1964] 0.9)", id="momentum"),
        pytest.param(
            SGD(momentum=0.9, nesterov=True), "Nesterov momentum [@nesterov1983] 0.9)", id="look"
        ),
        pytest.param(SGD(nesterov=True), "(learning rate 0.01)", id="nesterov without momentum"),
        pytest.param(Exponential(decay=0.97), "multiplied by 0.97 every epoch", id="exponential"),
        pytest.param(Cosine(), "to 0 over all epochs", id="cosine"),
        pytest.param(
            Cosine(final=0.1), "to 10 % of its highest value over all", id="cosine final"
        ),
        pytest.param(Dropout(rate=0.25), "25 % of what each layer", id="dropout"),
        pytest.param(L1(applies_to=AppliesTo.kernel), "on the weights of each layer", id="kernel"),
        pytest.param(L1(), "on the outputs of each layer", id="activity"),
        pytest.param(L1(applies_to=AppliesTo.latent), "on the factors, averaged", id="latent"),
        pytest.param(NestedDropout(rate=0.25), "distribution of parameter 0.25", id="nested"),
        pytest.param(
            Residual(), "components [@jolliffe2016; @aldigeil2022], with hidden", id="residual"
        ),
        pytest.param(
            Residual(hidden=[]), "components [@jolliffe2016], with no hidden", id="components"
        ),
        pytest.param(DBSCAN(eps=0.5), "within a radius of 0.5", id="radius"),
        pytest.param(Agglomerative(linkage=Linkage.single), "single linkage", id="linkage"),
        pytest.param(GaussianMixture(covariance=Covariance.diag), "diagonal", id="covariance"),
    ],
)
def test_a_setting_is_in_the_description(spec: Spec, phrase: str) -> None:
    assert phrase in describe(spec)


def test_only_a_plain_linear_network_is_compared_to_the_principal_subspace() -> None:
    spans = "spans the principal subspace [@baldi1989]"
    assert spans in paragraphs(model=Linear())[1]
    assert spans not in paragraphs()[1]
    assert spans not in paragraphs(model=Linear(), training=Training(loss=Loss.mae))[1]
    assert spans not in paragraphs(model=Linear(), regulariser={"l1": L1()})[1]


SHORT = {"training": Training(epochs=3, batch_size=16), "optimizer": Adam(lr=0.001)}


@pytest.mark.parametrize(
    ("model", "phrase"),
    [
        pytest.param(Deep(), "reconstructions, predicted linearly,", id="default"),
        pytest.param(Deep(axes=Axes.varimax), "rotated by varimax [@kaiser1958]", id="varimax"),
        pytest.param(Deep(axes=Axes.pca), "their principal axes [@jolliffe2016]", id="pca"),
        pytest.param(Deep(axes=Axes.none), None, id="none"),
        pytest.param(Shallow(), None, id="tanh"),
    ],
)
def test_turned_factors_are_in_the_text(model: ModelSpec, phrase: str | None) -> None:
    text = paragraphs(model=model, **SHORT)[1]
    assert ("By a linear map that leaves every" in text) == bool(phrase)
    assert (phrase or "") in text


def test_the_text_of_a_model_that_was_not_trained_has_no_optimiser() -> None:
    training = Training(epochs=0, batch_size=16)
    text = paragraphs(model=Residual(hidden=[]), **(SHORT | {"training": training}))[1]
    assert "Its initial weights were kept without training." in text
    assert "optimiser" not in text
    assert "epoch" not in text


def test_a_batch_has_at_most_the_training_rows() -> None:
    assert "in batches of 142 rows" in paragraphs(training=Training(batch_size=1_000))[1]


@pytest.mark.parametrize(
    ("settings", "phrase"),
    [
        pytest.param({}, "with 3 clusters, a number taken from the classes", id="classes"),
        pytest.param(
            {"clustering": {"k": KMeans(n_clusters=1)}}, "with 1 cluster, a number set", id="set"
        ),
        pytest.param(
            {"dataset": Diabetes()}, "from 2 to 10 that had the highest", id="silhouette"
        ),
        pytest.param(
            {"dataset": SwissRoll(samples=3), "split": Split(validation=0)},
            "with 2 clusters, as the rows are too few",
            id="three rows",
        ),
        pytest.param(
            {"dataset": Blobs(samples=5_001), "clustering": {"a": Agglomerative()}},
            "in 5,000 rows drawn at random, each other row being assigned to the most frequent"
            " cluster of its 15",
            id="many rows",
        ),
        pytest.param(
            {"dataset": SwissRoll(samples=20_001)},
            "[@rousseeuw1987] in 20,000 rows drawn at random",
            id="chosen in a sample",
        ),
    ],
)
def test_the_text_explains_the_number_of_clusters(settings: dict[str, Any], phrase: str) -> None:
    assert phrase in paragraphs(**settings)[2]


def test_the_text_names_the_space_of_each_clustering() -> None:
    space = {name: KMeans(space=Space[name]) for name in ("latent", "reconstruction")}
    text = paragraphs(clustering=space)[2]
    assert "The latent factors were clustered by k-means" in text
    assert "The reconstructions of the rows, as principal components with 99.9 % of" in text
    assert text.count("taken from the classes of `cultivar`.") == 2
    assert "reconstructions of the rows" not in paragraphs(clustering={"k": space["latent"]})[2]


def test_without_clusterings_the_text_does_not_mention_clusters() -> None:
    assert "cluster" not in paragraphs(clustering={})[2]


def test_the_text_has_the_number_of_neighbours() -> None:
    few = {"dataset": Blobs(samples=12, features=3, centers=2), "split": Split(validation=0)}
    assert "with 5 neighbours" in paragraphs(**few)[2]
    assert "[@cochran1977]" not in paragraphs(**few)[2]
    assert "[@cochran1977]" in paragraphs(dataset=Blobs(samples=5_001))[2]


def test_features_beyond_a_thousand_are_decomposed_approximately() -> None:
    wide = {"dataset": Blobs(samples=20, features=1_001, centers=2)}
    assert "[@halko2011]" in paragraphs(**wide)[2]
    assert "[@halko2011]" not in paragraphs()[2]


def test_repeats_are_in_the_text_with_their_seeds() -> None:
    assert "3 further seeds, counting up from 5" in paragraphs(seed=5, repeats=4)[1]
    assert "further seed" not in paragraphs()[1]  # without controls


def test_the_text_has_the_installed_versions() -> None:
    assert f"Keras {keras.__version__} [@chollet2015] on JAX" in paragraphs()[1]


def test_labels_are_in_the_text_only_if_there_are_some() -> None:
    problem = prepare_problem(usual())
    text = methods(usual(), problem, 178).text
    assert "tested against 199 permutations of the labels" in text
    assert "p-values adjusted for the false discovery rate" in text
    problem = replace(problem, data=replace(problem.data, labels=()))
    text = methods(usual(dataset=Table(path="")), problem, 178).text
    assert "The importance of a factor" in text
    assert "label" not in text.split("\n\n")[-1]


# --- a user's table


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Experiment]:
    """Return a function that writes a table and returns an experiment on it.

    The table has missing values, text and a column that assigns rows to parts.
    """

    def make(gaps: int = 3, rows: int = 40, **settings: Any) -> Experiment:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.gamma(2.0, size=(rows, 4)), columns=list("abcd"))
        frame.loc[: gaps - 1, "a"] = np.nan
        frame["site"] = ["north", "south"] * (rows // 2)
        frame["part"] = ["train"] * (rows - 8) + ["val"] * 8
        path = tmp_path / "my table.csv"
        frame.to_csv(path, index=False)
        spec = {"path": str(path), "missing": Missing.mean, "categorical": Categorical.onehot}
        return usual(dataset=Table(**spec | settings), split=Split(column="part"), clustering={})

    return make


def paragraph(experiment: Experiment) -> str:
    return methods(experiment, prepare_problem(experiment)).text.split("\n\n")[0]


def test_a_tables_columns_missing_values_and_parts_are_in_the_text(
    table: Callable[..., Experiment],
) -> None:
    text = paragraph(table(log1p=["b"], label=["d"]))
    assert "the table `my table` (40 rows, 5 features)" in text
    assert "Categories of `site` became 2 indicator features." in text
    assert "Values x of `b` were replaced by log(1 + x)." in text
    assert "Labels (`d`) were not used" in text
    assert "8 of 40 rows (20 %) were held out, as assigned by column `part`;" in text
    assert "the 3 missing of 160 values (1.9 %) were replaced by the mean" in text
    assert "estimated from the 32 training rows alone" in text


def test_without_missing_values_the_text_does_not_mention_any(
    table: Callable[..., Experiment],
) -> None:
    assert "missing" not in paragraph(table(gaps=0))


def test_rows_left_out_are_in_the_text_and_not_counted(table: Callable[..., Experiment]) -> None:
    text = paragraph(table(missing=Missing.drop_rows))
    assert "(37 rows" in text
    assert "Rows with missing values were left out." in text
    assert "replaced" not in text


def test_imputation_by_nearest_rows_is_cited(table: Callable[..., Experiment]) -> None:
    text = paragraph(table(missing=Missing.knn, infinite=Infinite.missing))
    assert "the mean over the 5 nearest rows with a value [@troyanskaya2001]" in text
    assert "Infinite values were treated as missing." in text
    text = paragraph(table(missing=Missing.knn, rows=2_100))
    assert "nearest rows among 2,000 drawn at random with a value" in text


def test_a_sample_and_columns_left_out_are_in_the_text(table: Callable[..., Experiment]) -> None:
    text = paragraph(table(gaps=0, sample=30, seed=4, categorical=Categorical.drop))
    assert "at most 30 rows drawn at random (seed 4)" in text
    assert "Columns of text were left out." in text


@given(st.text())
def test_a_name_cites_nothing_and_ends_no_code(name: str) -> None:
    code = named(name)
    assert code.count("`") == 2
    assert len(code) > 2
    assert "\n" not in code
    assert keys(f"a {code} b [@fisher1936]") == ["fisher1936"]


def test_a_label_like_a_citation_is_not_cited() -> None:
    experiment = usual()
    problem = prepare_problem(experiment)
    label = replace(problem.data.labels[0], name="` [@ward1963]")
    renamed = replace(problem, data=replace(problem.data, labels=(label,)))
    assert methods(experiment, renamed).keys == methods(experiment, problem).keys


# --- controls


def controls(rows: int | None = None, **settings: Any) -> str:
    """Return the paragraph on the controls of an experiment.

    rows: the number of rows that its controls were trained on, None is all.
    """
    experiment = usual(**settings)
    problem = prepare_problem(experiment)
    written = methods(experiment, problem, len(problem.x) if rows is None else rows)
    return written.text.strip().split("\n\n")[3]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        pytest.param("was compared with principal", ["3"], id="baselines"),
        pytest.param("compared row by row", [], id="errors"),
        pytest.param("Latent spaces were compared by trust", ["15"], id="maps"),
        pytest.param("Stability was assessed", ["8"], id="models"),
        pytest.param("matched one to one", ["0.8", "95"], id="stability"),
        pytest.param("Clusterings were compared", ["0.75"], id="consensus"),
        pytest.param("Structure was tested", ["19"], id="permutations"),
        pytest.param("Groups were tested", ["19", "39"], id="clouds"),
        pytest.param("An empirical p-value", ["1", "1", "0.05", "19"], id="p"),
        pytest.param("At a level", ["5"], id="claims"),
        pytest.param("The power", ["5", "20", "0.5", "1", "1.5", "2", "0.05"], id="power"),
        pytest.param("predict the labels", ["199"], id="labels"),
        pytest.param("importance of a factor", [], id="factors"),
        pytest.param("association of factors", [], id="associations"),
    ],
)
def test_the_default_controls_are_in_the_text_with_their_numbers(
    phrase: str, expected: list[str]
) -> None:
    sentences = re.split(r"(?<=\.) (?=[A-Z])", controls())
    (sentence,) = (text for text in sentences if phrase in text)
    assert numbers(sentence) == expected
    assert set(keys(sentence)) <= set(ENTRIES)


def test_the_smallest_p_follows_from_the_number_of_tables() -> None:
    text = controls(evidence=StandardEvidence(permutations=99, clouds=99))
    assert "at least 0.01 for m = 99" in text
    text = controls(evidence=StandardEvidence(permutations=99, clouds=19))
    assert "at least 0.05 for m = 19" in text


def test_the_default_controls_use_all_rows_without_replacement() -> None:
    text = controls()
    assert "with replacement" not in text
    assert "of the table, drawn at random" not in text


def test_controls_that_were_not_requested_are_not_in_the_text() -> None:
    experiment = usual(evidence=NoEvidence())
    assert methods(experiment, prepare_problem(experiment)).text.count("\n\n") == 2
    text = controls(evidence=Quick(permutations=0, repeats=1))
    assert "marcus1976" not in keys(text)
    assert "wilson1927" not in keys(text)
    assert "SigClust" not in controls(evidence=Quick())
    assert "[@wilson1927]" not in controls(evidence=Quick())


def test_resampled_models_count_among_the_compared_models() -> None:
    text = controls(evidence=Quick(repeats=4, resamples=6))
    assert "6 further models learnt" in text
    assert "over 10 models" in text


def test_without_clusterings_no_groups_are_tested() -> None:
    assert "group" not in controls(clustering={}, evidence=StandardEvidence(planted=0))


def test_the_text_distinguishes_controls_of_some_rows_from_the_repeats_of_the_run() -> None:
    experiment = usual()
    problem = prepare_problem(experiment)
    *_, training, _, last = methods(experiment, problem, 100).text.split("\n\n")
    assert "used 100 rows of the table, drawn at random" in last
    assert "between seeds" not in last
    assert "further seed" not in training
    assert "7 further seeds" in methods(experiment, problem, 178).text


@pytest.mark.parametrize(("features", "expected"), [(1_000, True), (1_001, False)])
def test_factor_analysis_is_a_baseline_for_few_features_only(
    features: int, expected: bool
) -> None:
    dataset = Blobs(samples=20, features=features, centers=2)
    assert ("varimax" in controls(dataset=dataset)) is expected


def test_methods_return_their_citations() -> None:
    written = Methods("As in [@ward1963].\n")
    assert written.keys == ["ward1963"]
    assert written.references.startswith("@article{ward1963,")
