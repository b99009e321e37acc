"""The report of a run: its content, its safety against any name, its size."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from made_run import RECORD, SENTENCES, made
from pages import Elements

from aeexp.config.metrics import title
from aeexp.config.spec import (
    SGD,
    AllFigures,
    Blobs,
    DatasetSpec,
    Diabetes,
    EvidenceSpec,
    Experiment,
    HowMany,
    KMeans,
    LearningRate,
    QuestionSpec,
    Structure,
    Training,
    Wine,
)
from aeexp.config.spec import Table as FileTable
from aeexp.data import Classes, Dataset, Values, load
from aeexp.pipeline.run import run
from aeexp.present.figures.run_figures import cluster_colours
from aeexp.present.html.run import columns, page
from aeexp.present.html.run.cards import factor_cards
from aeexp.present.html.run.figures import figures_by_section, section_and_caption
from aeexp.present.html.run.numbers import key_numbers
from aeexp.present.html.run.run_data import RunData
from aeexp.present.html.run.view import view
from aeexp.present.text.sentence import QUESTIONS
from aeexp.runs import Status, save_run
from aeexp.runs.artifact import Plot, Table
from aeexp.runs.progress import Monitor

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    '"><svg onload=alert(1)>',
    "\x1b[2J\u202egpj",
    "{{ 7 * 7 }}{% raw %}",
    "W" * 300,
    "\ud800",
    "蛋白质",
)


def map_data(content: bytes) -> dict:
    """Return the data of the map."""
    match = re.search(rb'id="view-data">(.*?)</script>', content, re.DOTALL)
    return json.loads(match[1])


def unpacked(column: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(column["data"]), f"<u{column['bits'] // 8}")


def numbers(column: dict) -> np.ndarray:
    """Return the numbers of a column, computed as by the page's script."""
    codes, missing = unpacked(column), 2 ** column["bits"] - 1
    share = codes / (missing - 1)
    return np.where(codes == missing, np.nan, column["low"] * (1 - share) + column["high"] * share)


def column(content: bytes, name: str) -> dict:
    return next(column for column in map_data(content)["columns"] if column["name"] == name)


@pytest.fixture(scope="module")
def wine() -> Dataset:
    return load(Wine())


@pytest.fixture(scope="module")
def report(wine: Dataset, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return page(made(tmp_path_factory.mktemp("runs") / "wine", wine), wine)


def table_of(count: int, features: int, **changes: object) -> Dataset:
    x = np.random.default_rng(0).normal(size=(count, features))
    named = tuple(f"feature_{k}" for k in range(features))
    return replace(Dataset("made", x, named, range(count)), **changes)


# Content


def test_the_finding_comes_first_then_each_question_with_its_mark(report: bytes) -> None:
    elements = Elements(report)
    ids = [section.get("id") for section in elements.all("section")]
    assert ids[0] == "answer"
    finding, *answers, (_, _, advice) = SENTENCES
    text = elements.text
    places = [text.index(finding[2])]
    for about, _, sentence in answers:
        places += [text.index(QUESTIONS[about]), text.index(sentence)]
    assert places == sorted(places)
    before, _, command = advice.partition(": ")
    assert f"{before}:" in text
    assert re.search(rf'id="next-command"[^>]*>{command}', report.decode())
    claims = [item["class"].split() for item in elements.all("li") if item.get("class")]
    assert claims == [["claim", "yes"]] * 2 + [["claim", "no"]]
    assert re.findall(r'class="mark" aria-hidden="true">(.)', report.decode()) == [*"✓✓✓✗→"]


def test_three_numbers_are_at_the_top(wine: Dataset, tmp_path: Path) -> None:
    folder = made(tmp_path / "run", wine)
    numbers = [(each.value, each.meaning) for each in key_numbers(RunData(folder))]
    assert numbers == [
        ("56 %", "of the variance of held-out rows explained; by PCA 46 %"),
        ("1 of 3", "factors reproducible in 8 trainings"),
        ("2 of 3", "clusters of kmeans reproducible"),
    ]
    labels = (folder / "labels.csv").read_text().replace("knn accuracy", "knn balanced accuracy")
    (folder / "labels.csv").write_text(labels)
    label = key_numbers(RunData(folder))[2]
    assert label.value == "0.92"
    assert "cultivar; of shuffled labels 0.34" in label.meaning


def test_the_table_is_described_above_the_questions(report: bytes) -> None:
    text = Elements(report).text
    about = "The table has 178 rows and 13 features."
    assert text.index(SENTENCES[0][2]) < text.index(about) < text.index(SENTENCES[1][2])
    assert "Known labels: cultivar (3 classes); no autoencoder saw them." in text
    assert "It was trained on 142 rows; the other 36 were held out." in text


def test_caveats_are_shown_as_warnings(report: bytes) -> None:
    assert "its number of clusters was taken from the labels" in Elements(report).text
    assert any(div.get("role") == "note" for div in Elements(report).all("div"))


def test_all_sections_are_there_in_order(report: bytes) -> None:
    ids = [section["id"] for section in Elements(report).all("section")]
    assert ids == [
        "answer", "factors", "clusters", "outliers", "labels", "baselines", "chance", "training",
        "trust", "more", "settings", "methods",
    ]  # fmt: skip


def test_the_navigation_links_to_every_section(report: bytes) -> None:
    elements = Elements(report)
    sections = [f"#{section['id']}" for section in elements.all("section")]
    assert [link["href"] for link in elements.all("a")] == sections


def test_tables_show_the_numbers_of_the_files(report: bytes) -> None:
    elements = Elements(report)
    methods = elements.table("method", "error, validation rows")
    assert [row["method"] for row in methods][:2] == ["autoencoder", "PCA"]
    assert methods[1]["error, validation rows"] == "0.54"
    [first, *_] = elements.table("measure", "control tables, mean")
    assert (first["measure"], first["this table"], first["p"]) == (
        "how far apart: kmeans (silhouette)", "0.49", "0.02",
    )  # fmt: skip
    [_, _, last] = elements.table("cluster", "overlap with other trainings (Jaccard)")
    assert list(last.values()) == ["cluster 2", "58", "0.53", "no"]
    kmeans, of_columns, dbscan = elements.table("clustering", "clusters")
    assert [kmeans["of"], of_columns["of"], dbscan["of"]] == [
        "factors",
        "scaled columns",
        "factors",
    ]
    assert of_columns["agreement with the first row of the clustering (ARI)"] == "0.88"
    assert of_columns["agreement with the label (ARI)"] == "0.9"
    assert kmeans["agreement of trainings (ARI)"] == "0.9"
    assert kmeans["ambiguous pairs (PAC)"] == "0.02"
    assert dbscan["separation (silhouette)"] == ""
    assert "share of rows without a cluster" not in kmeans


def test_a_row_that_does_not_fit_is_listed_with_the_cells_that_make_its_error(
    report: bytes,
) -> None:
    first, second = Elements(report).table("row", "times that of the median row")
    assert list(first.values())[:3] == ["1", "9.5", "19"]
    assert "alcohol 1e+09, not 12.3 (100 %)" in list(first.values())[3]
    assert second["row"] == "0"


def test_the_cell_that_makes_a_large_error_is_first(
    tiny: Callable[..., Experiment], tmp_path: Path
) -> None:
    x = load(Blobs(samples=60, features=6, centers=3)).x
    x[7, 2] += 500
    np.savetxt(tmp_path / "x.csv", x, delimiter=",", header="a,b,c,d,e,f", comments="")
    artifacts = run(tiny(dataset=FileTable(path=str(tmp_path / "x.csv"))))
    tables = {table.name: table.columns for table in artifacts if isinstance(table, Table)}
    worst = tables["outliers"]
    assert (worst["row"][0], worst["feature"][0]) == (7, "c")
    assert worst["value"][0] == pytest.approx(x[7, 2], rel=1e-4)
    assert worst["share"][0] > 0.5
    assert worst["times_median"][0] > 1.2 * worst["times_median"][3] > 1.2


def test_a_card_lists_the_most_important_feature_first(wine: Dataset, tmp_path: Path) -> None:
    folder = made(tmp_path / "run", wine)
    table = (folder / "importance.csv").read_text()
    table = re.sub(r"(?m)^(z1,hue),.*$", r"\1,0.1,0.1,0.2,9", table)
    table = re.sub(r"(?m)^(z1,ash),.*$", r"\1,0.9,-0.1,0.2,99", table)  # of either sign
    (folder / "importance.csv").write_text(table)
    assert factor_cards(RunData(folder))[0].lines[0].feature == "hue"


def test_the_difference_to_simpler_methods_names_the_number_of_trainings(
    report: bytes,
) -> None:
    assert "mean of 8 trainings" in Elements(report).text


def test_the_smallest_possible_p_is_named(report: bytes) -> None:
    text = Elements(report).text
    assert "with 49 control tables it is never below 0.02" in text
    assert "with 99 control tables it is never below 0.01" in text


def test_learning_rates_are_sorted_as_numbers(wine: Dataset, tmp_path: Path) -> None:
    folder = made(tmp_path / "run", wine)
    (folder / "learning_rate.csv").write_text("rate,loss,val_loss\n1e-06,1.2,1.2\n0.1,0.4,0.5\n")
    content = page(folder, wine).decode()
    assert re.search(r'data-kind="number"><button[^>]*>rate<', content)
    assert 'data-value="1e-06"' in content


def test_the_power_has_a_confidence_interval(report: bytes) -> None:
    [_, row, _] = Elements(report).table("share found", "to")
    assert (row["share found"], row["95 % interval, from"], row["to"]) == (
        "0.7", "0.48", "0.85",
    )  # fmt: skip


def test_the_section_on_training_begins_with_the_verdict(report: bytes) -> None:
    _, _, training = report.decode().partition('<section id="training"')
    assert RECORD["verdict"]["sentence"] in training.partition("<h3>")[0]


@pytest.mark.parametrize("spec", [Blobs(samples=60), Diabetes()], ids=["classes", "a number"])
def test_every_metric_of_the_evidence_has_a_title(
    spec: DatasetSpec, tiny: Callable[..., Experiment]
) -> None:
    evidence = EvidenceSpec(repeats=1, permutations=1, clouds=1, labels=1)
    artifacts = run(tiny(dataset=spec, evidence=evidence))
    tables = {table.name: table.columns for table in artifacts if isinstance(table, Table)}
    names = {*tables["evidence"]["number"], *tables["labels"]["number"]}
    assert len(names) > 4
    assert not {name for name in names if title(name) == name}


def test_an_unreliable_factor_is_grey_and_the_reason_is_given(report: bytes) -> None:
    classes = [card["class"] for card in Elements(report).all("article")]
    assert classes == ["card", "card doubtful", "card doubtful"]
    text = Elements(report).text
    assert "This factor is a duplicate of z1" in text
    assert "This factor is dead" in text
    assert text.count("Other trainings do not find this factor again") == 2


def test_a_bar_has_the_length_of_its_importance(report: bytes) -> None:
    bars = Elements(report).all("rect")
    values = [row["by"] for row in Elements(report).table("feature", "by")]
    sizes = [abs(float(value.replace("−", "-"))) for value in values]
    widths = [float(bar["width"]) for bar in bars[: len(sizes)]]
    np.testing.assert_allclose(widths, np.array(sizes) * widths[0] / sizes[0], atol=0.5)
    sides = {value[0]: bar["class"] for value, bar in zip(values, bars, strict=False)}
    assert sides == {"+": "positive", "−": "negative"}


def test_the_command_and_the_settings_are_there(report: bytes) -> None:
    text = Elements(report).text
    assert "aeexp dataset=wine 'model.hidden=[8, 4]'" in text
    assert "seed: 0" in text
    assert "656dfdfc" in text
    assert "@inproceedings{kingma2015" in text


def test_headings_go_down_one_level_at_a_time_and_every_table_has_a_caption(report: bytes) -> None:
    elements = Elements(report)
    levels = [int(tag[1]) for tag, _ in elements.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1
    assert len(elements.all("caption")) == len(elements.all("table"))
    assert all(image["alt"] for image in elements.all("img"))


# The map of the rows


def test_the_map_has_the_factors_and_all_columns_that_can_colour_the_rows(
    report: bytes, wine: Dataset
) -> None:
    content = map_data(report)
    groups = {column["group"] for column in content["columns"]}
    assert groups == {
        "Factors", "Known labels", "Clusters", "Rows", "Reliability", "Features",
    }  # fmt: skip
    assert (content["rows"], content["names"], content["numbers"]) == (178, None, None)
    np.testing.assert_array_equal(unpacked(column(report, "cultivar")), wine.label.codes)
    proline = wine.features.index("proline")
    np.testing.assert_allclose(numbers(column(report, "proline")), wine.x[:, proline], atol=0.02)


def test_clusters_have_the_colours_of_matching_classes(wine: Dataset) -> None:
    codes = np.array([2, 0, 1])[wine.label.codes]
    assert cluster_colours(codes, wine.label) == [1, 2, 0]
    more = np.where(np.arange(178) == 0, 3, codes)
    assert cluster_colours(more, wine.label) == [1, 2, 0, 3]
    assert list(cluster_colours(np.full(178, -1), wine.label)) == []
    assert list(cluster_colours(codes, None)) == [0, 1, 2]


def test_rows_of_low_trustworthiness_or_continuity_are_unreliable(report: bytes) -> None:
    shares = [
        numbers(column)
        for column in map_data(report)["columns"]
        if re.match("(trust|contin)", column["name"])
    ]
    assert len(shares) == 2
    low = np.flatnonzero((np.array(shares) < 0.75).any(0))
    assert map_data(report)["doubtful"] == low.tolist()
    assert 0 < len(low) < 178


def test_a_sample_of_many_rows_is_shown_with_their_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in "run_data", "view":
        monkeypatch.setattr(f"aeexp.present.html.run.{module}.MAX_ROWS", 50)
    data = table_of(400, 4)
    content = page(made(tmp_path / "run", data), data)
    chosen = map_data(content)["numbers"]
    assert len(chosen) == map_data(content)["rows"] == 50
    values = numbers(column(content, "feature_2"))
    np.testing.assert_allclose(values, data.x[chosen, 2], atol=1e-3)
    assert "The map shows a random sample of 50 of the 400 rows." in Elements(content).text


def test_the_most_important_features_come_first(report: bytes) -> None:
    columns = map_data(report)["columns"]
    names = [column["name"] for column in columns if column["group"] == "Features"]
    rows = Elements(report).table("factor", "feature", "importance")
    total = dict.fromkeys(names, 0.0)
    for row in rows:
        total[row["feature"]] += abs(float(row["importance"]))
    assert names == sorted(names, key=lambda name: -total[name])


@given(
    arrays.arrays(
        np.float64, st.integers(1, 40), elements=st.floats(-1e308, 1e308) | st.just(np.nan)
    ),
    st.sampled_from([8, 16]),
)
def test_a_stored_column_is_exact_to_a_fraction_of_its_range(
    values: np.ndarray, bits: int
) -> None:
    with np.errstate(over="ignore"):
        again = numbers(columns.values("group", "name", values, bits))
    finite = np.isfinite(values)
    np.testing.assert_array_equal(np.isfinite(again), finite)
    if finite.any():
        low, high = values[finite].min(), values[finite].max()
        step = (high / 2 - low / 2) / (2**bits - 2)
        error = np.abs(again[finite] / 2 - values[finite] / 2)
        assert (error <= 0.51 * step + 1e-12 * max(abs(low), abs(high))).all()


def test_many_classes_and_missing_ones_have_different_codes() -> None:
    codes = np.array([-1, 0, 299])
    labels = Classes("kind", codes, tuple(map(str, range(300))))
    stored = columns.classes("Known labels", labels)
    assert stored["bits"] == 16
    assert unpacked(stored).tolist() == [65535, 0, 299]


def test_a_feature_and_a_factor_of_the_same_name_are_distinguished(tmp_path: Path) -> None:
    data = table_of(20, 4)
    data = replace(data, features=("z1", "kmeans", "z9", "dose"))
    content = map_data(page(made(tmp_path / "run", data, 2), data))
    names = [column["name"] for column in content["columns"]]
    assert len(names) == len({*names})
    assert {"z1", "z1 (column)", "kmeans (column)", "z9"} <= {*names}


# Names from the user's table


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    codes = np.arange(40) % len(HOSTILE)
    data = Dataset(
        HOSTILE[0],
        np.random.default_rng(0).normal(size=(40, len(HOSTILE))),
        HOSTILE,
        [f"{HOSTILE[i % len(HOSTILE)]}{i}" for i in range(40)],
        (Classes(HOSTILE[1], codes, HOSTILE), Values(HOSTILE[2], np.arange(40.0))),
        notes=HOSTILE,
    )
    folder = made(tmp_path_factory.mktemp("runs") / "hostile", data)
    (folder / "methods.md").write_text(HOSTILE[0])
    (folder / "references.bib").write_text(HOSTILE[1])
    sentences = [{"about": name, "claim": name, "sentence": name} for name in HOSTILE]
    (folder / "answer.json").write_text(json.dumps({"sentences": sentences}))
    return page(folder, data)


def test_names_are_never_interpreted_as_markup(hostile: bytes, report: bytes) -> None:
    kinds = [{tag for tag, _ in Elements(content).tags} for content in (hostile, report)]
    assert kinds[0] <= kinds[1]
    assert len(Elements(hostile).all("script")) == 2
    attributes = {name for _, named in Elements(hostile).tags for name in named}
    assert not {name for name in attributes if name.startswith("on")}
    assert HOSTILE[0] in Elements(hostile).text
    assert "\x1b" not in hostile.decode()
    assert "\u202e" not in hostile.decode()


def test_names_in_the_map_lose_only_unprintable_characters(hostile: bytes) -> None:
    stored = next(e for e in map_data(hostile)["columns"] if e.get("names") and "\u8d28" in str(e))
    assert stored["names"][0] == HOSTILE[0]
    assert stored["names"][3] == "\ufffd[2J\ufffdgpj"
    assert len(stored["names"][5]) == 60


def test_only_the_own_script_and_style_may_run(report: bytes) -> None:
    [policy] = [
        meta["content"]
        for meta in Elements(report).all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["img-src"] == "data:"
    assert parts["script-src"].startswith("'sha256-")
    assert not re.search(rb'(src|href)="(?!data:|#)', report)


# Missing files


@pytest.mark.parametrize(
    "names",
    [
        ["answer.json", "stability.json"],
        ["importance.csv"],
        ["latents.csv"],
        ["metrics.json", "run.json"],
        ["weights.csv", "importance.csv", "factors.csv", "traversals.csv"],
        [".hydra/config.yaml", ".hydra/overrides.yaml", "methods.md", "references.bib"],
        ["baselines.csv", "scree.csv", "rnx.csv", "evidence.csv", "power.csv", "labels.csv"],
    ],
    ids=" ".join,
)
def test_sections_of_missing_files_are_left_out(
    names: list[str], wine: Dataset, tmp_path: Path
) -> None:
    folder = made(tmp_path / "run", wine)
    for name in names:
        (folder / name).unlink()
    elements = Elements(page(folder, wine))
    assert elements.all("h1")
    headings = {section.get("aria-labelledby") for section in elements.all("section")}
    assert headings <= {attributes.get("id") for _, attributes in elements.tags}


def test_an_empty_directory_has_a_report(wine: Dataset, tmp_path: Path) -> None:
    elements = Elements(page(tmp_path, wine))
    assert "This run has no answer." in elements.text
    assert [section["id"] for section in elements.all("section")] == ["answer"]


def test_without_an_answer_the_verdict_is_shown(wine: Dataset, tmp_path: Path) -> None:
    folder = made(tmp_path / "run", wine)
    (folder / "answer.json").unlink()
    assert "Good: the training went well." in Elements(page(folder, wine)).text


def test_a_run_that_diverged_has_a_report(tiny: Callable[..., Experiment], tmp_path: Path) -> None:
    experiment = tiny(optimizer=SGD(lr=1e30), training=Training(epochs=3))
    tmp_path = tmp_path / "run"
    tmp_path.mkdir()
    assert save_run(experiment, tmp_path, lambda: run(experiment), Monitor()) is Status.DIVERGED
    elements = Elements(page(tmp_path, load(experiment.dataset)))
    assert "DIVERGED" in elements.text
    assert json.loads((tmp_path / "run.json").read_text())["verdict"]["sentence"] in elements.text
    sections = [section["id"] for section in elements.all("section")]
    assert sections == ["answer", "settings"]  # no tables without numbers


@pytest.mark.parametrize(
    ("rows", "features", "factors"), [(2, 1, 1), (3, 2, 2), (50, 40, 35)], ids=str
)
def test_small_tables_and_many_factors_have_a_report(
    rows: int, features: int, factors: int, tmp_path: Path
) -> None:
    data = table_of(rows, features)
    content = page(made(tmp_path / "run", data, factors), data)
    assert len(Elements(content).all("article")) == min(factors, 32, rows)


def test_rows_of_noise_and_constant_columns_have_a_report(tmp_path: Path) -> None:
    data = table_of(20, 3, x=np.ones((20, 3)))
    folder = made(tmp_path / "run", data, 2)
    text = (folder / "latents.csv").read_text().replace(",0,-1,", ",-1,-1,")
    (folder / "latents.csv").write_text(text)
    stored = column(page(folder, data), "kmeans")
    assert stored["names"] == []
    assert set(unpacked(stored)) == {255}


# Figures


def test_each_figure_is_in_its_section(report: bytes) -> None:
    matches = re.findall(r'<section id="(\w+)"|Figure (\w+) of the run', report.decode())
    sections, here = {}, ""
    for section, figure in matches:
        here = section or here
        if figure:
            sections[figure] = here
    assert sections == {
        "latent": "answer",
        "contingency_kmeans": "clusters",
        "loss": "training",
        "surprise": "more",
    }


@pytest.mark.parametrize(
    "question",
    [Structure(), HowMany(dimensions=2, seeds=2, copies=2), LearningRate(rates=10)],
    ids=lambda question: type(question).__name__,
)
def test_every_figure_has_a_caption(
    question: QuestionSpec, tiny: Callable[..., Experiment]
) -> None:
    evidence = EvidenceSpec(repeats=2, permutations=2, clouds=2, planted=2, labels=2)
    figures, clustering = AllFigures(dpi=20), {"kmeans": KMeans()}
    asked = tiny(question=question, evidence=evidence, figures=figures, clustering=clustering)
    drawn = {plot.name for plot in run(asked) if isinstance(plot, Plot)}
    assert drawn
    assert not {name for name in drawn if section_and_caption(name)[0] == "more"}


def test_a_large_png_is_reduced_and_white_stays_white(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    (tmp_path / "figures").mkdir()
    pixels = np.full((900, 3000, 3), 255, np.uint8)
    pixels[:, :1500] = np.random.default_rng(0).integers(0, 256, (900, 1500, 3))
    Image.fromarray(pixels).save(tmp_path / "figures" / "loss.png", dpi=(300, 300))
    [figure] = figures_by_section(tmp_path)["training"]
    assert figure.width == 960
    content = base64.b64decode(figure.source.partition(",")[2])
    (tmp_path / "again.png").write_bytes(content)
    with Image.open(tmp_path / "again.png") as again:
        assert again.size == (1400, 420)
        assert again.convert("RGB").getpixel((1390, 5)) == (255, 255, 255)


def test_svg_is_embedded_and_pdf_is_not(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "loss.svg").write_text('<svg width="648pt" height="3pt"></svg>')
    (tmp_path / "figures" / "weights.pdf").write_text("%PDF")
    [(section, [figure])] = figures_by_section(tmp_path).items()
    assert (section, figure.width) == ("training", 864)
    assert figure.source.startswith("data:image/svg+xml;base64,")


# Sizes


def test_the_report_of_many_rows_and_features_is_below_10_mb(tmp_path: Path) -> None:
    rows = 100_000
    data = table_of(rows, 50, rows=[f"cell_{i:07d}" for i in range(rows)])
    labels = Classes("type", np.arange(rows) % 8, tuple("abcdefgh"))
    data = replace(data, labels=(labels,))
    content = page(made(tmp_path / "run", data), data)
    assert 4_000_000 < len(content) < 10_000_000
    assert map_data(content)["rows"] == rows


def test_features_that_do_not_fit_are_left_out_and_a_note_counts_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("aeexp.present.html.run.view.MAX_BYTES", 20_000)
    data = table_of(1000, 40, rows=[f"r{i}" for i in range(1000)])
    rows_map = view(RunData(made(tmp_path / "run", data)), data)
    assert rows_map is not None
    assert len(rows_map.data) < 30_000
    count = sum(column["group"] == "Features" for column in json.loads(rows_map.data)["columns"])
    assert 0 <= count < 40
    assert f"The map includes {count} of 40 features" in " ".join(rows_map.notes)


def test_rows_with_too_long_names_are_numbered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("aeexp.present.html.run.view.MAX_NAME_BYTES", 1000)
    data = table_of(100, 3, rows=[f"patient {i}" for i in range(100)])
    content = page(made(tmp_path / "run", data), data)
    assert map_data(content)["names"] is None
    assert "Rows are numbered" in Elements(content).text
