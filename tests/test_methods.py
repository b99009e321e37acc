"""The Methods of a paper say what was done: every number of it, and who is to be cited."""

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
    Autoencoder,
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
    NoEvidence,
    Noise,
    Quick,
    Robust,
    Shallow,
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
from aeexp.data.prepare import pose
from aeexp.models import build, seeds
from aeexp.present.methods import Methods, evidence, keys, methods, references
from aeexp.present.methods.paragraphs import BACKENDS
from aeexp.text import counted, exact, listed, named, percent
from aeexp.training.optimizers import optimizer

UNSAID = ("figures", "evidence", "question")
"""Groups whose options do nothing that a paper tells by their names."""
SAID = {group: words for group, words in OPTIONS.items() if group not in UNSAID}
CHOICES = [
    pytest.param(group, kind, id=f"{group}={word}")
    for group, words in SAID.items()
    for word, kind in words.items()
    if kind is not Table
]
BIBTEX = Path(aeexp.present.methods.__file__).with_name("references.bib").read_text("utf-8")


def told(**said: Any) -> list[str]:
    """Return the paragraphs of an experiment's methods."""
    experiment = Experiment(**said)
    return methods(experiment, pose(experiment)).text.strip().split("\n\n")


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
    while found := re.compile(r"\s*@(\w+)\{([\w-]+),").match(text, at):
        at, said = found.end(), {}
        while field := re.compile(r"\s*(\w+) = \{").match(text, at):
            end, depth = field.end(), 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0)
                end += 1
            assert field[1] not in said, f"{found[2]} has {field[1]} twice"
            said[field[1]] = text[field.end() : end - 1]
            at = end + (text[end] == ",")
        closed = re.compile(r"\s*\}").match(text, at)
        assert closed, text[at : at + 60]
        at = closed.end()
        yield Entry(found[1], found[2], said)
    assert not text[at:].strip(), text[at : at + 60]


ENTRIES = {entry.key: entry for entry in parsed(BIBTEX)}


# --- words for everything


@pytest.mark.parametrize(
    ("words", "of"),
    [
        pytest.param(ACTIVATIONS, Activation, id="activations"),
        pytest.param(INITIALIZERS, Initializer, id="initializers"),
        pytest.param(LOSSES, Loss, id="losses"),
        pytest.param(COVARIANCES, Covariance, id="covariances"),
        pytest.param(LINKAGES, Linkage, id="linkages"),
        pytest.param(BACKENDS, Backend, id="backends"),
    ],
)
def test_every_choice_has_words(words: dict[Any, Any], of: type) -> None:
    assert set(words) == set(of)


def with_option(group: str, kind: type[Spec]) -> Experiment:
    """Return an experiment with an option, of several where there may be."""
    chosen = {"it": kind()} if group in {"regulariser", "clustering"} else kind()
    return Experiment(**{group: chosen})


@pytest.mark.parametrize(("group", "kind"), CHOICES)
def test_every_run_cites_what_has_an_entry_and_lists_what_is_cited(
    group: str, kind: type[Spec]
) -> None:
    experiment = with_option(group, kind)
    problem = pose(experiment)
    written = methods(experiment, problem, len(problem.x))
    assert set(re.findall(r"@(\w+)", written.text)) == set(written.keys)
    assert [entry.key for entry in parsed(written.references)] == written.keys


@pytest.mark.parametrize(("group", "kind"), CHOICES)
def test_what_an_option_is_called_is_in_the_text(group: str, kind: type[Spec]) -> None:
    experiment = with_option(group, kind)
    assert describe(kind()) in methods(experiment, pose(experiment)).text


@dataclass(kw_only=True)
class Mine(Deep):
    """A model of one's own that says nothing of itself."""

    beta: float = param(0.5, "Weight of a term of the loss.")


def test_a_model_of_ones_own_is_not_told_as_the_one_it_derives_from() -> None:
    assert describe(Mine(beta=0.25)).startswith("`Mine` (latent_dim = 3, ")
    assert describe(Mine(beta=0.25)).endswith(", beta = 0.25)")
    text = told(model=Mine())[1]
    assert "fully connected" not in text
    assert "trainable parameters" not in text
    assert "No regularisation" not in text
    assert "plus what `Mine` adds to it, if anything." in text


# --- references


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_says_who_what_where_and_when(entry: Entry) -> None:
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


def test_keys_and_dois_are_of_one_entry_each() -> None:
    assert BIBTEX.count("\n@") + 1 == len(ENTRIES)
    dois = [entry.fields["doi"] for entry in ENTRIES.values() if "doi" in entry.fields]
    assert len(dois) == len(set(dois)) > 40
    assert list(ENTRIES) == sorted(ENTRIES)


def test_no_entry_is_there_that_nothing_cites() -> None:
    sources = Path(aeexp.__file__).parent.rglob("*.py")
    cited = " ".join(path.read_text("utf-8") for path in sources)
    assert [key for key in ENTRIES if f"@{key}" not in cited and f'"{key}"' not in cited] == []


def test_references_are_in_the_order_of_the_text_and_each_once() -> None:
    text = "A [@vinh2010; @lloyd1982], b [@lloyd1982] and `[@ward1963]` c [@fisher1936]."
    assert keys(text) == ["vinh2010", "lloyd1982", "fisher1936"]
    assert [entry.key for entry in parsed(references(text))] == keys(text)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody1900"):
        references("As in [@nobody1900].")


def test_what_cites_nothing_has_no_references() -> None:
    assert references("Nothing was done.") == ""


# --- numbers


def test_the_default_run_tells_its_numbers_and_no_other() -> None:
    data, training, analysis = told()
    assert numbers(data) == ["3", "178", "13", "36", "178", "20.2", "0", "142", "0", "1", "142"]
    assert numbers(training.split(" Analyses were")[0]) == [
        *("3", "13", "3", "13", "94", "0", "200", "16", "0.001", "0.9", "0.999", "0")
    ]
    assert numbers(analysis) == ["10", "3", "5", "5", "3", "15"]


def test_a_run_that_says_much_tells_all_of_it() -> None:
    data, training, analysis = told(
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
    assert numbers(analysis) == ["3", "2", "10", "4", "0.3", "2", "15", "300"]
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
def test_parameters_are_those_that_keras_trains(model: Autoencoder, features: int) -> None:
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
def test_what_an_optimizer_does_not_name_is_keras_default(
    kind: type[Any], keras_kind: type[Any]
) -> None:
    told = {f.name for f in fields(kind)} | {"learning_rate", "name"}
    ours, defaults = (
        {key: value for key, value in each.get_config().items() if key not in told}
        for each in (optimizer(kind(), 0.5), keras_kind())
    )
    assert ours == defaults


def test_defaults_of_libraries_are_those_that_the_text_names() -> None:
    assert SklearnKMeans().init == "k-means++"
    x = np.array([[0.0], [3.0]], np.float32)
    assert float(keras.losses.Huber()(x, 0 * x)) == pytest.approx((0 + 3 - 0.5) / 2)


@given(st.floats(1e-12, 1e12) | st.integers(-(10**9), 10**9))
def test_a_number_is_read_back_as_it_was(value: float) -> None:
    text = exact(value).replace(",", "").replace(" × 10", "e")
    plain = text.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(plain) == pytest.approx(value, rel=1e-5)


def test_counts_and_lists_are_written_as_one_reads_them() -> None:
    assert counted(1, "row") == "1 row"
    assert counted(12_345, "copy", "copies") == "12,345 copies"
    assert [listed(list(of)) for of in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
    assert percent(0.07) == "7 %"
    assert percent(0.125) == "12.5 %"
    assert percent(1e-7) == "1 × 10⁻⁵ %"


# --- what was done


def test_rows_held_out_by_class_are_said_to_be() -> None:
    data, *_ = told(split=Split(stratify=True, seed=5))
    assert "drawn at random (seed 5), in equal shares of the classes of `cultivar`" in data


def test_without_held_out_rows_none_are_spoken_of() -> None:
    data, training, analysis = told(
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


def test_a_scaling_that_saw_held_out_rows_says_so() -> None:
    assert "estimated from all 178 rows" in told(preprocessing=Robust(fit_on=FitOn.all))[0]
    assert "25 % to the 75 % quantile" in told(preprocessing=Robust())[0]


def test_what_is_not_scaled_has_nothing_estimated() -> None:
    data, *_ = told(preprocessing=Unscaled())
    assert "Features were not scaled." in data
    assert "estimated" not in data


def test_held_out_rows_that_choose_the_epoch_are_called_no_test() -> None:
    _, training, _ = told(training=Training(early_stopping=EarlyStopping(patience=10)))
    assert "at most 200 epochs" in training
    assert "no independent test set" in training
    assert "independent" not in told()[1]


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
        pytest.param(DBSCAN(eps=0.5), "within a radius of 0.5", id="radius"),
        pytest.param(Agglomerative(linkage=Linkage.single), "single linkage", id="linkage"),
        pytest.param(GaussianMixture(covariance=Covariance.diag), "diagonal", id="covariance"),
    ],
)
def test_a_setting_is_told(spec: Spec, phrase: str) -> None:
    assert phrase in describe(spec)


def test_a_linear_network_is_said_to_be_pca_at_its_best_only_where_it_is() -> None:
    spans = "spans the principal subspace [@baldi1989]"
    assert spans in told(model=Linear())[1]
    assert spans not in told()[1]
    assert spans not in told(model=Linear(), training=Training(loss=Loss.mae))[1]
    assert spans not in told(model=Linear(), regulariser={"l1": L1()})[1]


def test_a_batch_has_no_more_rows_than_are_trained_on() -> None:
    assert "in batches of 142 rows" in told(training=Training(batch_size=1_000))[1]


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        pytest.param({}, "with 3 clusters, a number taken from the classes", id="classes"),
        pytest.param(
            {"clustering": {"k": KMeans(n_clusters=1)}}, "with 1 cluster, a number set", id="said"
        ),
        pytest.param(
            {"dataset": Diabetes()}, "from 2 to 10 whose mean silhouette", id="silhouette"
        ),
        pytest.param(
            {"dataset": SwissRoll(samples=3), "split": Split(validation=0)},
            "with 2 clusters, as the rows are too few",
            id="three rows",
        ),
        pytest.param(
            {"dataset": Blobs(samples=5_001), "clustering": {"a": Agglomerative()}},
            "in 5,000 rows drawn at random, each other row joining the cluster of most of its 15",
            id="many rows",
        ),
        pytest.param(
            {"dataset": SwissRoll(samples=20_001)},
            "[@rousseeuw1987], in 20,000 rows drawn at random, was highest; and by DBSCAN",
            id="chosen in a sample",
        ),
    ],
)
def test_where_a_number_of_clusters_came_from_is_told(said: dict[str, Any], phrase: str) -> None:
    assert phrase in told(**said)[2]


def test_without_clusterings_no_clusters_are_spoken_of() -> None:
    assert "cluster" not in told(clustering={})[2]


def test_neighbours_are_as_many_as_were_taken() -> None:
    few = {"dataset": Blobs(samples=12, features=3, centers=2), "split": Split(validation=0)}
    assert "with 5 neighbours" in told(**few)[2]
    assert "[@cochran1977]" not in told(**few)[2]
    assert "[@cochran1977]" in told(dataset=Blobs(samples=5_001))[2]


def test_features_beyond_a_thousand_are_decomposed_approximately() -> None:
    wide = {"dataset": Blobs(samples=20, features=1_001, centers=2)}
    assert "[@halko2011]" in told(**wide)[2]
    assert "[@halko2011]" not in told()[2]


def test_repeats_are_told_with_their_seeds() -> None:
    assert "3 further seeds, counting up from 5" in told(seed=5, repeats=4)[1]
    assert "further seed" not in told()[1]  # of its controls, which there are none of here


def test_versions_are_those_that_are_installed() -> None:
    assert f"Keras {keras.__version__} [@chollet2015] on JAX" in told()[1]


def test_labels_are_told_of_where_there_are_some_and_they_are_shuffled() -> None:
    said = methods(Experiment(), pose(Experiment()), 178).text
    assert evidence.labels(199) in said
    assert evidence.associations() in said
    unlabelled = Experiment(dataset=Table(path=""))
    data = replace(pose(Experiment()), data=replace(pose(Experiment()).data, labels=()))
    said = methods(unlabelled, data, 178).text
    assert evidence.factors() in said
    assert "label" not in said.split("\n\n")[-1]


# --- a user's own table


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Experiment]:
    """Write a table with gaps, text and parts, and return an experiment on it."""

    def make(gaps: int = 3, rows: int = 40, **said: Any) -> Experiment:
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.gamma(2.0, size=(rows, 4)), columns=list("abcd"))
        frame.loc[: gaps - 1, "a"] = np.nan
        frame["site"] = ["north", "south"] * (rows // 2)
        frame["part"] = ["train"] * (rows - 8) + ["val"] * 8
        path = tmp_path / "my table.csv"
        frame.to_csv(path, index=False)
        spec = {"path": str(path), "missing": Missing.mean, "categorical": Categorical.onehot}
        return Experiment(dataset=Table(**spec | said), split=Split(column="part"), clustering={})

    return make


def paragraph(experiment: Experiment) -> str:
    return methods(experiment, pose(experiment)).text.split("\n\n")[0]


def test_a_table_tells_its_columns_its_gaps_and_its_parts(
    table: Callable[..., Experiment],
) -> None:
    said = paragraph(table(log1p=["b"], label=["d"]))
    assert "the table `my table` (40 rows, 5 features)" in said
    assert "Categories of `site` became 2 indicator features." in said
    assert "Values x of `b` were replaced by log(1 + x)." in said
    assert "Labels (`d`) were not used" in said
    assert "8 of 40 rows (20 %) were held out, as `part` says; the model was trained on" in said
    assert "the 3 of 160 values that were missing (1.9 %) were replaced by the mean" in said
    assert "estimated from the 32 training rows alone" in said


def test_gaps_that_are_not_there_are_not_filled(table: Callable[..., Experiment]) -> None:
    assert "missing" not in paragraph(table(gaps=0))


def test_rows_left_out_are_told_and_not_counted(table: Callable[..., Experiment]) -> None:
    said = paragraph(table(missing=Missing.drop_rows))
    assert "(37 rows" in said
    assert "Rows with missing values were left out." in said
    assert "replaced" not in said


def test_nearest_rows_that_fill_gaps_are_cited(table: Callable[..., Experiment]) -> None:
    said = paragraph(table(missing=Missing.knn, infinite=Infinite.missing))
    assert "the mean over the 5 nearest rows with a value [@troyanskaya2001]" in said
    assert "Infinite values were treated as missing." in said
    many = paragraph(table(missing=Missing.knn, rows=2_100))
    assert "nearest rows among 2,000 drawn at random with a value" in many


def test_a_sample_and_columns_left_out_are_told(table: Callable[..., Experiment]) -> None:
    said = paragraph(table(gaps=0, sample=30, seed=4, categorical=Categorical.drop))
    assert "at most 30 rows drawn at random (seed 4)" in said
    assert "Columns of text were left out." in said


@given(st.text())
def test_a_name_cites_nothing_and_ends_no_code(name: str) -> None:
    said = named(name)
    assert said.count("`") == 2
    assert len(said) > 2
    assert "\n" not in said
    assert keys(f"a {said} b [@fisher1936]") == ["fisher1936"]


def test_a_label_that_looks_like_a_citation_is_none() -> None:
    experiment = Experiment()
    posed = pose(experiment)
    label = replace(posed.data.labels[0], name="` [@ward1963]")
    problem = replace(posed, data=replace(posed.data, labels=(label,)))
    assert methods(experiment, problem).keys == methods(experiment, posed).keys


# --- evidence


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        pytest.param(evidence.repeats(range(2, 10)), ["7", "2"], id="repeats"),
        pytest.param(evidence.baselines(2, 13), ["2"], id="baselines"),
        pytest.param(evidence.advantage(8), [], id="advantage"),
        pytest.param(evidence.maps(15), ["15"], id="maps"),
        pytest.param(evidence.sampled(2_000), ["2,000"], id="sampled"),
        pytest.param(evidence.resamples(20), ["20"], id="resamples"),
        pytest.param(evidence.stability(8), ["8", "0.8"], id="stability"),
        pytest.param(evidence.consensus(), ["0.75"], id="consensus"),
        pytest.param(evidence.permutations(19), ["19"], id="permutations"),
        pytest.param(evidence.clouds(99), ["99"], id="clouds"),
        pytest.param(evidence.significance(19), ["1", "1", "0.05", "19"], id="p of 19"),
        pytest.param(evidence.significance(99), ["1", "1", "0.01", "99"], id="p of 99"),
        pytest.param(evidence.claims(), ["5"], id="claims"),
        pytest.param(
            evidence.planted(5, [0.5, 1.0], 0.2), ["5", "20", "0.5", "1", "0.05"], id="planted"
        ),
        pytest.param(evidence.labels(999), ["999", "19"], id="labels"),
        pytest.param(evidence.factors(), [], id="factors"),
        pytest.param(evidence.associations(), [], id="associations"),
    ],
)
def test_evidence_tells_its_numbers_and_cites_what_has_an_entry(
    sentence: str, said: list[str]
) -> None:
    assert numbers(sentence) == said
    assert set(keys(sentence)) <= set(ENTRIES)
    assert sentence.endswith(".")


def controls(rows: int | None = None, **said: Any) -> str:
    """Return the paragraph on the evidence of an experiment, whose controls took so many rows."""
    experiment = Experiment(**said)
    problem = pose(experiment)
    return evidence.evidence(experiment, problem, len(problem.x) if rows is None else rows)


def test_every_control_of_the_default_is_told_with_its_number() -> None:
    said = controls()
    for sentence in (
        evidence.baselines(3, 13),
        evidence.advantage(8),
        evidence.maps(15),
        evidence.stability(8),
        evidence.consensus(),
        evidence.permutations(19),
        evidence.clouds(19),
        evidence.significance(19),
        evidence.claims(),
        evidence.planted(5, [0.5, 1.0, 1.5, 2.0], 0.2),
    ):
        assert sentence in said
    assert "with replacement" not in said
    assert "of the table, drawn at random" not in said


def test_controls_that_were_not_asked_for_are_not_told() -> None:
    assert controls(0, evidence=NoEvidence()) == ""
    said = controls(evidence=Quick(permutations=0, repeats=1))
    assert "marcus1976" not in keys(said)
    assert "wilson1927" not in keys(said)
    assert "SigClust" not in controls(evidence=Quick())
    assert "[@wilson1927]" not in controls(evidence=Quick())


def test_resampled_models_count_among_those_that_are_compared() -> None:
    said = controls(evidence=Quick(repeats=4, resamples=6))
    assert "6 further models learnt" in said
    assert "over 10 models" in said


def test_without_clusterings_no_groups_are_tested() -> None:
    assert "group" not in controls(clustering={}, evidence=StandardEvidence(planted=0))


def test_controls_that_took_some_rows_say_so_and_their_repeats_are_theirs() -> None:
    experiment = Experiment()
    problem = pose(experiment)
    *_, training, _, last = methods(experiment, problem, 100).text.split("\n\n")
    assert "used 100 rows of the table, drawn at random" in last
    assert "between seeds" not in last
    assert "further seed" not in training
    assert "7 further seeds" in methods(experiment, problem, 178).text


def test_factors_are_analysed_only_of_few_features() -> None:
    assert "varimax" in evidence.baselines(3, 1_000)
    assert "varimax" not in evidence.baselines(3, 1_001)


def test_methods_know_what_they_cite() -> None:
    written = Methods("As in [@ward1963].\n")
    assert written.keys == ["ward1963"]
    assert written.references.startswith("@article{ward1963,")
