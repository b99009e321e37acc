"""The summary of a sweep: its counts, its means, its figures, its safety against any name."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sweep import Made, crossed, loss, made
from pages import Elements
from sentences import Sentences

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.histories import curves
from aeexp.analysis.sweep.latents import aligned, latents, turned
from aeexp.analysis.sweep.outcome import by_key, outcomes
from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.analysis.sweep.study import study
from aeexp.analysis.sweep.varied import varied
from aeexp.data.dataset import Classes, Values
from aeexp.present.figures.sweep.curves import training
from aeexp.present.figures.sweep.pareto import front
from aeexp.present.html.sweep.figures import figures
from aeexp.present.tables.sweep import _printable
from aeexp.present.text.sweep import spread_text
from aeexp.runs import Run
from aeexp.runs.csv_file import guarded
from aeexp.sweep.summary import Summary, summarise
from aeexp.text import number

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$\\frac{",
    "\x1b[2J\x1b]0;owned\x07",
    "</style></script><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "蛋白质",
    "W" * 300,
    "\ud800",
)


def seeds(setting: Sequence[str], values: Sequence[float | None], **more: object) -> list[Made]:
    return [
        Made([*setting, f"seed={i}"], metrics=loss(value), **more)
        for i, value in enumerate(values)
    ]


def two_models() -> list[Made]:
    """Shallow: 2, 4, 6 (mean 4, sd 2); deep: 1, 2 and one that diverged."""
    return [
        *seeds(["model=shallow"], [2, 4, 6]),
        *seeds(["model=deep"], [1, 2]),
        Made(["model=deep", "seed=2"], status="DIVERGED", metrics=loss(-99)),
    ]


def rows(summary: Summary) -> list[dict[str, str]]:
    with summary.table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text(summary: Summary) -> str:
    return summary.page.read_text(encoding="utf-8")


def named(jobs: Sequence[Made], folder: Path, content: object = None) -> list[str]:
    """Return the titles of the figures of a sweep."""
    sweep = made(folder / "sweep", jobs, content)
    searches = [*filter(None, [study(sweep)])]
    drawn = figures(Comparison(outcomes(sweep)), searches, folder)
    return [figure.alt.removesuffix("; its numbers are in the table below.") for figure in drawn]


# The table of runs


def test_the_table_has_a_row_per_run_and_a_column_per_varied_override(
    tmp_path: Path,
) -> None:
    jobs = [
        Made(["model=shallow", "seed=0", "figures=none"], metrics=loss(0.1)),
        Made(["model=deep", "seed=0", "figures=none"], metrics={"loss": None, "epochs": 3.0}),
    ]
    sweep = made(tmp_path, jobs)
    first, second = rows(summarise([sweep], sweep))
    assert list(first) == [
        "job", "model", "loss", "val_loss", "reconstruction.val.mse", "epochs", "status",
        "seconds", "directory", "error",
    ]  # fmt: skip
    assert (first["model"], first["loss"]) == ("shallow", "0.1")
    assert (second["job"], second["loss"], second["epochs"]) == ("1", "", "3")
    assert (second["status"], second["seconds"], second["directory"]) == ("COMPLETED", "1.25", "1")


def test_a_run_without_an_override_has_an_empty_cell(tmp_path: Path) -> None:
    jobs = [Made(["+experiment=a"]), Made(["model=deep", "experiment=b"]), Made(["~schedule"])]
    table = rows(summarise([made(tmp_path, jobs)], tmp_path))
    assert [row["experiment"] for row in table] == ["a", "b", ""]
    assert [row["model"] for row in table] == ["", "deep", ""]
    assert [row["~schedule"] for row in table] == ["", "", "deleted"]


def test_several_sweeps_share_one_table(tmp_path: Path) -> None:
    one = made(tmp_path / "a" / "first", seeds(["model=deep"], [1, 2]))
    other = made(tmp_path / "second", seeds(["model=deep", "epochs=9"], [3, 4]))
    summary = summarise([one, other], tmp_path)
    table = rows(summary)
    assert [row["sweep"] for row in table] == ["first"] * 2 + ["second"] * 2
    assert [row["epochs"] for row in table] == ["", "", "9", "9"]
    assert [row["directory"] for row in table] == [
        "a/first/0",
        "a/first/1",
        "second/0",
        "second/1",
    ]
    assert all((tmp_path / row["directory"]).is_dir() for row in table)


def test_a_repeated_sweep_counts_once(tmp_path: Path) -> None:
    sweep = made(tmp_path / "sweep", two_models())
    assert len(rows(summarise([sweep, tmp_path / "sweep" / "0" / ".."], tmp_path))) == 6


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-0.5", "-0.5"),
        ("+1e-3", "+1e-3"),
        ("deep", "deep"),
        ("'=1", "''=1"),
        ("'s", "'s"),
        ("a\x1b[2J", "a\N{REPLACEMENT CHARACTER}[2J"),
    ],
)
def test_no_text_in_the_table_is_a_formula_or_an_escape_code(cell: str, safe: str) -> None:
    assert guarded(_printable(cell)) == safe


def test_the_table_neutralises_values_and_names(tmp_path: Path) -> None:
    jobs = [Made(["name==cmd()"], metrics={"=m": -1.5}), Made(["name=-0.5"], metrics={"=m": 1})]
    table = rows(summarise([made(tmp_path, jobs)], tmp_path))
    assert [row["name"] for row in table] == ["'=cmd()", "-0.5"]
    assert [row["'=m"] for row in table] == ["-1.5", "1"]


# Counts and means


def test_every_run_is_counted_by_its_status(tmp_path: Path) -> None:
    jobs = [
        *seeds(["model=deep"], [1, 2, 3]),
        Made(["model=deep", "seed=3"], status="DIVERGED", metrics=loss(None)),
        Made(["model=deep", "seed=4"], status="FAILED", metrics=None, error="ValueError: no"),
        Made(["model=deep", "seed=5"], status="INTERRUPTED", metrics=loss(9)),
        Made(["model=deep", "seed=6"], status=None),
        Made(["model=deep", "seed=7"], status=None, begun=False),
    ]
    summary = summarise([made(tmp_path, jobs)], tmp_path)
    counts = {"COMPLETED": 3, "DIVERGED": 1, "FAILED": 1, "INTERRUPTED": 1, "INCOMPLETE": 2}
    assert summary.counts == counts
    failures = [(run.number, run.status, run.reason) for run in summary.failures]
    assert failures == [
        (4, "FAILED", "ValueError: no"),
        (6, "INCOMPLETE", "begun, but not ended"),
        (7, "INCOMPLETE", "not begun"),
    ]
    assert summary.failures[0].overrides == "seed=4"
    table = Elements(text(summary)).table("job", "status", "reason")
    assert [row["job"] for row in table] == ["3", "4", "5", "6", "7"]


def test_a_setting_is_averaged_over_its_completed_seeds(tmp_path: Path) -> None:
    summary = summarise([made(tmp_path, two_models())], tmp_path)
    deep, shallow = Elements(text(summary)).table("model", "runs", "val_loss")
    assert (deep["model"], deep["val_loss"]) == ("deep", "1.50 ± 0.71 (n=2)")
    assert deep["runs"] == "2 of 3, 1 DIVERGED"
    assert (shallow["model"], shallow["val_loss"]) == ("shallow", "4.0 ± 2.0 (n=3)")


def test_the_conclusion_names_the_best_run_and_the_best_setting(tmp_path: Path) -> None:
    jobs = two_models()
    jobs[1] = Made(["model=shallow", "seed=1"], metrics=loss(0.5))
    lines = summarise([made(tmp_path, jobs)], tmp_path).lines
    assert lines[0] == "6 runs of 2 settings: 5 COMPLETED, 1 DIVERGED."
    assert lines[1] == "Best run: job 1 (model=shallow seed=1): val_loss 0.5."
    assert lines[2] == (
        "? Which setting is best? model=deep: val_loss 1.50 ± 0.71 (n=2), 1 of its 3 runs not"
        " completed. 2 of 2 settings are as good, within one standard error."
    )


@pytest.mark.parametrize(
    ("second", "claim", "ending"),
    [
        pytest.param([5.0, 5.1], "yes", "next is model=b: 5.050 ± 0.071 (n=2).", id="apart"),
        pytest.param([0.5, 3.0], "undecided", "as good, within one standard error.", id="alike"),
        pytest.param([5.0], "undecided", "train each with several seeds.", id="few"),
        # the same difference for every seed is no chance, although the seeds vary more
        pytest.param([1.02, 1.13], "yes", "next is model=b: 1.075 ± 0.078 (n=2).", id="paired"),
    ],
)
def test_the_conclusion_judges_the_difference_between_the_best_settings(
    tmp_path: Path, second: list[float], claim: str, ending: str
) -> None:
    jobs = [*seeds(["model=a"], [1.0, 1.1]), *seeds(["model=b"], second)]
    summary = summarise([made(tmp_path, jobs)], tmp_path)
    assert summary.lines[2].endswith(ending)
    sentences = json.loads((tmp_path / "summary.json").read_text())["sentences"]
    assert sentences[0]["claim"] == claim


MSE, R2 = "reconstruction.val.mse", "reconstruction.val.r2"
ERRORS = {
    "loss": 0.1,
    "val_loss": 0.2,
    "reconstruction.val.mse": 0.3,
    "reconstruction.val.r2": 0.5,
}


@pytest.mark.parametrize(
    ("overrides", "ranked_by"),
    [
        pytest.param(["model=shallow", "model=deep"], "val_loss", id="model"),
        pytest.param(["model=not_installed", "model=deep"], MSE, id="unknown"),
        pytest.param(["regulariser.l1.strength=1", "regulariser.l1.strength=2"], MSE, id="weight"),
        pytest.param(["regulariser=[l1]", "regulariser=none"], MSE, id="penalty"),
        pytest.param(["regulariser=[dropout]", "regulariser=none"], "val_loss", id="dropout"),
        pytest.param(["regulariser.mine.l1=1", "regulariser.mine.l1=2"], MSE, id="own name"),
        pytest.param(["training.loss=mse", "training.loss=mae"], MSE, id="loss"),
        pytest.param(["training.early_stopping.patience=1", ""], "val_loss", id="stopping"),
        pytest.param(["preprocessing=minmax", "preprocessing=standard"], R2, id="scaling"),
        pytest.param(["preprocessing.fit_on=all", "preprocessing.fit_on=train"], R2, id="rows"),
        pytest.param(["dataset=wine", "dataset=iris"], R2, id="data"),
    ],
)
def test_settings_are_ranked_by_a_metric_with_one_definition(
    overrides: list[str], ranked_by: str, tmp_path: Path, sentences: Sentences
) -> None:
    better = {name: 2 * value for name, value in ERRORS.items()}
    if ranked_by != R2:
        better = {name: value / 2 for name, value in ERRORS.items()}
    jobs = [
        Made([override] if override else [], metrics=numbers)
        for override, numbers in zip(overrides, (ERRORS, better), strict=True)
    ]
    lines = summarise([made(tmp_path, jobs)], tmp_path).lines
    assert lines[1].startswith("Best run: job 1")
    assert lines[1].endswith(f": {ranked_by} {better[ranked_by]:g}.")
    assert any(line.startswith("Compared by") for line in lines) == (ranked_by != "val_loss")
    sentences.check("\n".join(lines))


def test_r2_compares_scalings_but_not_tables_that_are_smoothed_differently() -> None:
    assert is_redefined(R2, redefined("preprocessing.smooth", ["0", "2"]))
    assert not is_redefined(R2, redefined("preprocessing", ["minmax", "standard"]))


def test_without_a_comparable_metric_no_run_is_the_best(
    tmp_path: Path, sentences: Sentences
) -> None:
    metrics = {"loss": 1.0, "val_loss": 2.0, MSE: None, "reconstruction.train.mse": None}
    jobs = [Made([f"training.loss={name}"], metrics=metrics) for name in ("mse", "mae")]
    sentences.check("\n".join(summarise([made(tmp_path, jobs)], tmp_path).lines))


def test_different_data_with_the_same_overrides_is_a_caution(tmp_path: Path) -> None:
    jobs = [Made([f"seed={i}"], metrics=loss(1), data=f"{i}") for i in range(2)]
    assert "the data varied" in summarise([made(tmp_path, jobs)], tmp_path).lines[-1]


def test_runs_without_validation_rows_are_ranked_by_their_loss(tmp_path: Path) -> None:
    jobs = [Made([f"seed={i}"], metrics={"loss": 3 - i, "val_loss": None}) for i in range(3)]
    lines = summarise([made(tmp_path, jobs)], tmp_path).lines
    assert lines[1] == "Best run: job 2 (seed=2): loss 1."
    assert lines[2] == "Mean over all repeats: loss 2.0 ± 1.0 (n=3)."


@given(st.lists(st.floats(-1e6, 1e6), min_size=2))
def test_a_spread_is_mean_and_standard_deviation_of_a_sample(values: list[float]) -> None:
    got = spread([*values, float("nan"), float("inf")])
    assert got.n == len(values)
    assert got.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert got.sd == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([], "–"),
        ([0.25], "0.25 (n=1)"),
        ([0.5, 0.5], "0.5 ± 0 (n=2)"),
        ([0.30, 0.32, 0.34], "0.320 ± 0.020 (n=3)"),
        ([100, 300], "200 ± 141 (n=2)"),
        ([1e-8, 3e-8], "2e-08 ± 1.4e-08 (n=2)"),
        ([1e9, 3e9], "2e+09 ± 1.4e+09 (n=2)"),
    ],
)
def test_a_mean_has_as_many_digits_as_its_deviation_allows(
    values: list[float], written: str
) -> None:
    assert spread_text(spread(values)) == written


# Tasks other than structure


def how_many(claim: str, fewest: float | None, most: float | None, **more: object) -> Made:
    metrics = {"dimensions.fewest": fewest, "dimensions.most": most, "clusters.count": 3.0}
    claims = {"dimensions": claim, "clusters": "yes", "hint": "yes", "next": "yes"}
    return Made([f"seed={fewest}"], metrics=metrics, answers=claims, losses=(), latents=(), **more)


def test_recommended_numbers_are_counted(tmp_path: Path) -> None:
    jobs = [how_many("yes", 2, 3), how_many("yes", 3, 5), how_many("undecided", 9, 9)]
    jobs.append(how_many("no", None, None))
    summary = summarise([made(tmp_path, jobs)], tmp_path)
    assert summary.lines[1:3] == [
        "Dimensions: 2 to 5 (2 runs), none (1 run), undecided (1 run).",
        "Clusters: 3 (4 runs).",
    ]
    assert "Answer of job 1 (seed=3): dimensions: yes." in summary.lines
    assert not any("hint" in line or "nothing to compare" in line for line in summary.lines)
    table = Elements(text(summary)).table("job", "dimensions.fewest", "clusters.count")
    assert [row["dimensions.most"] for row in table] == ["3", "5", "9", ""]


def test_a_sweep_of_several_tasks_has_the_best_run_and_the_answers(tmp_path: Path) -> None:
    rate = {"learning_rate.recommended": 0.0123}
    answered = Made(["question=learning_rate"], metrics=rate, answers={"learning_rate": "yes"})
    jobs = [Made(["question=structure"], metrics=loss(1), answers={"structure": "yes"}), answered]
    lines = summarise([made(tmp_path, jobs)], tmp_path).lines
    assert lines[1:] == [
        "Best run: job 0 (question=structure): val_loss 1.",
        "Answer of job 1 (question=learning_rate): learning_rate: yes.",
    ]


def test_only_some_of_many_answers_are_listed(tmp_path: Path) -> None:
    jobs = [how_many("yes", i, i) for i in range(1, 40)]
    lines = summarise([made(tmp_path, jobs)], tmp_path).lines
    assert lines[1] == "Dimensions: 1 to 39 (39 runs)."
    assert len(lines) < 20


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"sentences": [1]}', '{"sentences": 1}'])
def test_an_unreadable_answer_is_ignored(tmp_path: Path, content: str) -> None:
    sweep = made(tmp_path, [how_many("yes", 2, 3), how_many("yes", 4, 5)])
    (sweep / "0" / "answer.json").write_text(content)
    assert not any("job 0" in line for line in summarise([sweep], tmp_path).lines)


# Broken files


def test_three_broken_runs_among_many_are_incomplete_with_reasons(tmp_path: Path) -> None:
    sweep = made(tmp_path, seeds(["model=deep"], [1.0] * 40))
    (sweep / "3" / "metrics.json").write_text('{"loss": 1.0, "val')
    (sweep / "7" / "run.json").write_bytes(b"")
    for path in sorted((sweep / "9").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (sweep / "9").rmdir()
    (sweep / "11" / "history.csv").write_text('epoch,loss\n1,0.5\n2,"')
    (sweep / "12" / "latents.csv").write_text("row,z1")
    summary = summarise([sweep], tmp_path)
    assert summary.counts == {"COMPLETED": 37, "INCOMPLETE": 3}
    assert [(run.number, run.reason.partition(" (")[0]) for run in summary.failures] == [
        (3, "metrics.json is not JSON"),
        (7, "run.json is not JSON"),
        (9, "its directory 9 is missing"),
    ]
    assert rows(summary)[9]["error"] == "its directory 9 is missing"
    assert summary.lines[2] == "Mean over all repeats: val_loss 1 ± 0 (n=37)."


@pytest.mark.parametrize("content", ["[]", "{}", '{"loss": "x"}', '{"loss": [1]}', "\x00", "null"])
def test_malformed_metrics_make_a_run_incomplete(tmp_path: Path, content: str) -> None:
    sweep = made(tmp_path, seeds(["model=deep"], [1.0, 2.0]))
    (sweep / "0" / "metrics.json").write_text(content)
    assert summarise([sweep], tmp_path).counts == {"COMPLETED": 1, "INCOMPLETE": 1}


@pytest.mark.parametrize(
    ("jobs", "line"),
    [
        pytest.param([], "0 runs of 0 settings: none planned.", id="no job"),
        pytest.param(seeds([], [1.0]), "1 run of 1 setting: 1 COMPLETED.", id="one job"),
        pytest.param(
            [Made(["seed=0"], status="FAILED", metrics=None, error="E: why")] * 2,
            "2 runs of 1 setting: 2 FAILED.",
            id="all failed",
        ),
        pytest.param(
            seeds(["model=deep"], [None, None]),
            "2 runs of 1 setting: 2 COMPLETED.",
            id="all null",
        ),
        pytest.param(
            [Made([f"a={i}", f"b={i}"], metrics={}) for i in range(3)],
            "3 runs of 3 settings: 3 INCOMPLETE.",
            id="no metric",
        ),
        pytest.param(
            [Made(["a=1"], metrics=loss(1), latents=(), losses=())] * 2,
            "2 runs of 1 setting: 2 COMPLETED.",
            id="the same job twice, without rows",
        ),
    ],
)
def test_a_sweep_with_few_results_is_summarised(
    tmp_path: Path, jobs: list[Made], line: str
) -> None:
    summary = summarise([made(tmp_path, jobs)], tmp_path)
    assert summary.lines[0] == line
    assert 1 < len(summary.lines) <= 5
    assert len(rows(summary)) == len(jobs)
    assert "</html>" in text(summary)


def test_the_first_error_is_shown_if_all_runs_failed(tmp_path: Path) -> None:
    jobs = [Made(["a=1"], status="FAILED", metrics=None, error="E: one\nsecond line")]
    assert summarise([made(tmp_path, jobs)], tmp_path).lines[1] == (
        "No run has a loss, so there is nothing to compare. "
        "First error (job 0): E: one second line"
    )


def test_a_directory_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"not the directory of a sweep.*sweep\.jsonl"):
        summarise([tmp_path], tmp_path)
    assert not (tmp_path / "summary.csv").exists()


# Settings


def test_overrides_are_parsed_into_keys_and_values() -> None:
    assert by_key(["model=deep", "+a.b=1", "++c=x=y", "~d", "e="]) == {
        "model": "deep", "a.b": "1", "c": "x=y", "~d": "deleted", "e": "",
    }  # fmt: skip


def test_numbers_are_sorted_and_words_keep_their_order(tmp_path: Path) -> None:
    jobs = [Made([f"lr={lr}", f"m={m}"]) for lr, m in (("0.1", "z"), ("1e-3", "a"), ("0.01", "z"))]
    lr, m = varied(outcomes(made(tmp_path, jobs)))
    assert lr.values == ("1e-3", "0.01", "0.1")
    assert lr.logarithmic
    assert m.values == ("z", "a")
    assert not m.logarithmic


# Figures


@pytest.mark.parametrize("settings", [1, 2, 4])
def test_the_legend_of_the_curves_names_every_line_within_the_figure(
    tmp_path: Path, settings: int
) -> None:
    jobs = [job for i in range(settings) for job in seeds([f"model={i}"], [1.0 + i, 2.0 + i])]
    comparison = Comparison(outcomes(made(tmp_path, jobs)))
    figure = training([*map(curves, comparison.ranked)], "val_loss", "")
    figure.canvas.draw()
    (legend,) = figure.legends
    names = {entry.get_text().split(":")[0] for entry in legend.get_texts()}
    best = {"validation, best setting"} if settings > 1 else set()
    assert names == {"training", "validation"} | best
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= max(axes.get_window_extent().y1 for axes in figure.axes)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        pytest.param({"seed": "012"}, [], id="seeds only"),
        pytest.param({"lr": "12", "seed": "01"}, ["The effect of lr"], id="one setting"),
        pytest.param({"m": "ab", "lr": "12"}, ["val_loss by m and lr"], id="two settings"),
        pytest.param(
            {"m": "ab", "lr": "12", "k": "23"},
            ["All settings at once", "The average effect of each override"],
            id="three settings",
        ),
    ],
)
def test_the_figures_suit_the_number_of_varied_overrides(
    tmp_path: Path, values: dict[str, str], names: list[str]
) -> None:
    combinations = crossed({key: list(letters) for key, letters in values.items()})
    jobs = [Made(job, metrics=loss(i + 1.0)) for i, job in enumerate(combinations)]
    always = ["Training by setting", "Aligned latent spaces"]
    assert named(jobs, tmp_path) == [*names, *always]


def test_a_mostly_empty_grid_is_not_drawn(tmp_path: Path) -> None:
    jobs = [Made([f"a={i}", f"b={i}"], metrics=loss(i + 1.0)) for i in range(6)]
    assert named(jobs, tmp_path)[:2] == [
        "All settings at once",
        "The average effect of each override",
    ]


def test_the_trade_off_is_between_error_and_trustworthiness_or_agreement(tmp_path: Path) -> None:
    gains = {"neighbours.val.trustworthiness": 0.9, "clustering.kmeans.ari": 0.5}
    for count, name in ((2, "neighbours.val.trustworthiness"), (1, "clustering.kmeans.ari")):
        chosen = dict(list(gains.items())[-count:])
        jobs = [Made([f"a={i}"], metrics=loss(i + 1.0, **chosen)) for i in range(3)]
        sweep = made(tmp_path / str(count), jobs)
        table = Elements(text(summarise([sweep], sweep))).table("on the front")
        assert name in table[0]
        assert [row["on the front"] for row in table] == ["yes", "no", "no"]


def test_the_front_has_all_points_that_none_dominates() -> None:
    error, gain = np.array([1, 2, 3, 2, 4.0]), np.array([0.2, 0.5, 0.4, 0.1, 0.9])
    assert front(error, gain).tolist() == [True, True, False, False, True]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_the_front_dominates_all_other_points(points: list[tuple[int, int]]) -> None:
    error, gain = np.array(points, float).T
    on_front = front(error, gain)
    for e, g in points:
        better = (error <= e) & (gain >= g) & ((error < e) | (gain > g))
        assert not on_front[(error == e) & (gain == g)].any() or not better.any()
        assert (on_front & (error <= e) & (gain >= g)).any()


def test_the_curves_of_a_setting_are_median_and_range_over_its_seeds(tmp_path: Path) -> None:
    losses = ([1, 2, 3], [3, 4], [5, 9, 9, 7])
    jobs = [Made([f"seed={i}"], metrics=loss(1), losses=x) for i, x in enumerate(losses)]
    jobs.append(Made(["seed=3"], status="DIVERGED", metrics=loss(None), losses=[99]))
    [setting] = Comparison(outcomes(made(tmp_path, jobs))).settings
    read = curves(setting)
    assert read.runs == 3
    band = read.bands["loss"]
    assert band.epoch.tolist() == [1, 2, 3, 4]
    assert band.median.tolist() == [3, 4, 6, 7]
    assert (band.low.tolist(), band.high.tolist()) == ([1, 2, 3, 7], [5, 9, 9, 7])
    assert read.bands["val_loss"].median.tolist() == [4, 5, 7, 8]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
def test_rotated_latents_are_aligned(seed: int, factors: int, mirrored: bool) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(30, factors))
    rotation, _ = np.linalg.qr(rng.normal(size=(factors, factors)))
    rotation[:, 0] *= -1 if mirrored else 1
    got, likeness = aligned(2 * z @ rotation + 5, z)
    assert got == pytest.approx(2 * (z - z.mean(axis=0)))
    assert likeness == pytest.approx(1)


def test_missing_factors_are_filled_with_zeros() -> None:
    z = np.random.default_rng(0).normal(size=(20, 2))
    wider = np.column_stack([z, np.zeros(20)])
    assert aligned(z, wider)[0] == pytest.approx(wider - wider.mean(axis=0))


def test_latents_are_aligned_by_common_rows_of_one_table(
    tmp_path: Path,
) -> None:
    z = ((0, 0, "a"), (1, 0, "b"), (0, 2, "b"), (3, 3, "a"))
    swapped = tuple((y, x, label) for x, y, label in z[:3])
    jobs = [
        Made(["seed=0"], metrics=loss(1), latents=z),
        Made(["seed=1"], metrics=loss(1), latents=swapped),
        Made(["seed=2"], metrics=loss(1), latents=swapped, data="other"),
    ]
    read = [latents(run) for run in outcomes(made(tmp_path, jobs))]
    first, same, other = turned([*filter(None, read)])
    centred = first.z[:3] - first.z[:3].mean(axis=0)
    assert same.z == pytest.approx(centred)
    assert other.z.tolist() == [[0, 0], [0, 1], [2, 0]]
    assert np.isnan(other.likeness)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["b", "a", "b"], ("b", "a")),
        (["class_10", "class_2", "class_2"], ("class_2", "class_10")),
        ([1.5, 2, 1.5], None),
    ],
)
def test_labels_are_classes_in_their_order_or_values(
    tmp_path: Path, column: list[str], expected: tuple[str, ...] | None
) -> None:
    repeated = [*column, *(range(30) if expected is None else [])]
    z = [(i, i, label) for i, label in enumerate(repeated)]
    [run] = outcomes(made(tmp_path, [Made(["a=1"], metrics=loss(1), latents=z)]))
    read = latents(run)
    assert read is not None
    if expected is None:
        assert isinstance(read.labels, Values)
    else:
        assert isinstance(read.labels, Classes)
        assert read.labels.names == expected


def test_only_the_shown_latents_are_read_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [
        Made([f"a={i}", f"seed={seed}"], metrics=loss(i + 1.0)) for i in range(30) for seed in "01"
    ]
    sweep, read, table = made(tmp_path, jobs), [], Run.table

    def reads(run: Run, name: str, *most: int) -> object:
        read.append((run.folder.name, name))
        return table(run, name, *most)

    monkeypatch.setattr(Run, "table", reads)
    page = text(summarise([sweep], tmp_path))
    assert len(read) == len(set(read))
    assert [folder for folder, name in read if name == "latents"] == [
        str(i) for i in range(0, 48, 2)
    ]
    assert len(Elements(page).table("panel", "similarity to the first")) == 24


def search(trials: list[dict[str, object]], **more: object) -> dict[str, object]:
    importances = {"optimizer.lr": 0.8, "model": 0.2}
    return {"objectives": ["val_loss"], "importances": importances, "trials": trials, **more}


TRIALS = [
    {"number": 0, "state": "COMPLETE", "values": [3.0], "params": {"optimizer.lr": 0.1}},
    {"number": 1, "state": "FAIL", "values": None, "params": {"optimizer.lr": 9}},
    {"number": 2, "state": "COMPLETE", "values": [1.0], "params": {"optimizer.lr": 0.2}},
    {"number": 3, "state": "PRUNED", "values": [0.5], "params": {}},
    {"number": 4, "state": "COMPLETE", "values": [2.0], "params": {"model": "deep"}},
]


@pytest.mark.parametrize(
    ("directions", "best"),
    [(["minimize"], ["3", "3", "1", "1", "1"]), (["maximize"], ["3", "3", "3", "3", "3"])],
)
def test_the_table_of_a_search_has_each_trial_and_the_best_so_far(
    tmp_path: Path, directions: list[str], best: list[str]
) -> None:
    jobs = [Made([f"optimizer.lr={i}"], metrics=loss(i + 1.0)) for i in range(2)]
    sweep = made(tmp_path, jobs, search(TRIALS, directions=directions))
    elements = Elements(text(summarise([sweep], tmp_path)))
    table = elements.table("trial", "best val_loss so far")
    assert [row["val_loss"] for row in table] == ["3", "", "1", "0.5", "2"]
    assert [row["best val_loss so far"] for row in table] == best
    assert elements.table("override", "share")[0] == {"override": "optimizer.lr", "share": "0.8"}


@pytest.mark.parametrize("content", [[], {}, search([]), {"objectives": [], "trials": [{}]}, 3])
def test_a_search_without_trials_or_with_malformed_content_is_ignored(
    tmp_path: Path, content: object
) -> None:
    jobs = [Made(["a=1"], metrics=loss(1))]
    assert "Trials" not in text(summarise([made(tmp_path, jobs, content)], tmp_path))


# The page


def test_the_page_is_complete(tmp_path: Path) -> None:
    page = text(summarise([made(tmp_path, two_models())], tmp_path))
    tags = Elements(page).tags
    policy = next(a["content"] for tag, a in tags if "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not [tag for tag, _ in tags if tag in {"link", "iframe", "object", "embed", "base"}]
    assert not [a for tag, a in tags if tag == "script" and "src" in a]
    images = [a["src"] or "" for tag, a in tags if tag == "img"]
    assert len(images) == 3
    assert all(source.startswith("data:image/svg+xml;base64,") for source in images)
    assert "http:" not in page.replace("http-equiv", "")


def test_every_figure_has_a_description_and_a_table(tmp_path: Path) -> None:
    page = text(summarise([made(tmp_path, two_models(), search(TRIALS))], tmp_path))
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert len(figures) == 5
    assert all('alt="' in figure and "<table>" in figure for figure in figures)


def test_links_lead_from_the_page_to_files_that_exist(tmp_path: Path) -> None:
    from urllib.parse import unquote  # noqa: PLC0415

    sweep = made(tmp_path / "a #1 %20?" / "sweep", two_models())
    summary = summarise([sweep], tmp_path)
    elements = Elements(text(summary))
    addresses = {link["href"] or "" for link in elements.all("a")}
    ids = {f"#{attributes.get('id')}" for _, attributes in elements.tags}
    links = {address for address in addresses if not address.startswith("#")}
    assert addresses - links <= ids
    assert "a%20%231%20%2520%3F/sweep/0/figures/loss.png" in links
    assert all((tmp_path / unquote(link)).exists() for link in links)


@pytest.mark.parametrize("payload", HOSTILE)
def test_names_are_never_interpreted_as_markup(tmp_path: Path, payload: str) -> None:
    labels = (payload.encode(errors="replace").decode().replace('"', ""), "b", "c")
    placed = [(i, i % 2, label) for i, label in enumerate(labels)]
    jobs = [
        Made(
            [f"{key}={payload}{i}", "lr=1"],
            metrics=loss(1.0 + i, **{f"clustering.{payload}.ari": 0.1}),
            latents=placed,
        )
        for i, key in enumerate(("model", "model", payload))
    ]
    jobs.append(Made([f"model={payload}"], status="FAILED", metrics=None, error=payload))
    content = search(
        [{"number": 0, "state": "COMPLETE", "values": [1], "params": {payload: payload}}]
    )
    content |= {"objectives": [payload], "importances": {payload: 1.0}}
    plain = made(tmp_path / "plain", two_models(), search(TRIALS))
    sweep = made(tmp_path / "hostile", jobs, content)
    summary = summarise([sweep], sweep)
    tags = Elements(text(summary)).tags
    expected = {tag for tag, _ in Elements(text(summarise([plain], plain))).tags}
    assert {tag for tag, _ in tags} <= expected
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert not [name for _, a in tags for name in a if name.startswith("on") or name == "style"]
    everything = text(summary) + "".join(summary.lines) + str(summary.failures)
    assert "\x1b" not in everything
    assert "\x1b" not in summary.table.read_text(encoding="utf-8")


def test_the_page_is_the_same_each_time(tmp_path: Path) -> None:
    sweep = made(tmp_path, two_models())
    assert text(summarise([sweep], tmp_path)) == text(summarise([sweep], tmp_path))


def test_a_failed_summary_leaves_the_previous_one_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = made(tmp_path, two_models())
    before = summarise([sweep], tmp_path)
    files = [before.table.read_bytes(), before.page.read_bytes()]

    def broken(*_: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("aeexp.sweep.summary.page", broken)
    (sweep / "0" / "metrics.json").write_text('{"loss": 7}')
    with pytest.raises(RuntimeError):
        summarise([sweep], tmp_path)
    assert [before.table.read_bytes(), before.page.read_bytes()] == files


def test_f47_a_thousand_runs_with_three_broken_ones_are_all_in_the_page(
    tmp_path: Path,
) -> None:
    jobs = [
        Made([f"a={i}", f"seed={seed}"], metrics=loss(i + 1.0 + seed / 10))
        for i in range(100)
        for seed in range(10)
    ]
    sweep = made(tmp_path, jobs)
    for job in (3, 500, 999):
        (sweep / f"{job}" / "metrics.json").write_text('{"loss": 1.0, "val')
    summary = summarise([sweep], tmp_path)
    assert summary.lines[0] == "1,000 runs of 100 settings: 997 COMPLETED, 3 INCOMPLETE."
    table = Elements(text(summary)).tables[-1]
    assert len(table) == 1001
    assert len(rows(summary)) == 1000


@pytest.mark.parametrize(
    ("value", "written"), [(3, "3"), (0.123456, "0.1235"), (float("nan"), "–"), (1e12, "1e+12")]
)
def test_numbers_are_written_short(value: float, written: str) -> None:
    assert number(value) == written


# By what runs are ranked, and which of them are repeats


def test_runs_are_ranked_by_the_objective_of_the_sweep(tmp_path: Path) -> None:
    ari = "clustering.kmeans.ari"
    jobs = [Made([f"lr={i}"], metrics=loss(i, **{ari: i / 10})) for i in (1, 2, 3)]
    sweep = made(tmp_path, jobs)
    assert summarise([sweep], tmp_path).lines[1].startswith("Best run: job 0 ")
    (sweep / "multirun.yaml").write_text(f"sweep: {{objective: {ari}}}\n")
    assert summarise([sweep], tmp_path).lines[1] == f"Best run: job 2 (lr=3): {ari} 0.3."
    search_of = {"objectives": [ari], "directions": ["minimize"], "trials": TRIALS}
    (sweep / "study.json").write_text(json.dumps(search_of))
    assert summarise([sweep], tmp_path).lines[1].startswith("Best run: job 0 ")


@pytest.mark.parametrize("key", ["seed", "split.seed", "dataset.seed"])
def test_seeds_of_weights_splits_and_samples_are_repeats(tmp_path: Path, key: str) -> None:
    jobs = [
        Made([f"lr={lr}", f"{key}={i}"], metrics=loss(lr + i), data=f"{i}")
        for lr in (1, 5)
        for i in range(2)
    ]
    comparison = Comparison(outcomes(made(tmp_path, jobs)))
    assert [setting.overrides for setting in comparison.ranked] == [{"lr": "1"}, {"lr": "5"}]
    assert comparison.ranked[0].spread("val_loss").n == 2


def test_the_same_experiment_twice_is_no_repeat(tmp_path: Path) -> None:
    jobs = [Made(["seed=0"], metrics=loss(1)), *seeds([], [1, 3])]
    (setting,) = Comparison(outcomes(made(tmp_path, jobs))).settings
    assert setting.spread("val_loss").n == 2


def test_the_repeats_of_a_single_run_are_its_spread(tmp_path: Path) -> None:
    repeated = {"val_loss.mean": 3.0, "val_loss.sd": 0.5, "val_loss.n": 8}
    jobs = [Made(["seed=0"], metrics=loss(1, **repeated))]
    (setting,) = Comparison(outcomes(made(tmp_path, jobs))).settings
    assert (setting.spread("val_loss"), setting.spread("loss").n) == (Spread(3, 0.5, 8), 1)
