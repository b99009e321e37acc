"""Figures draw any input, show all of their text, and represent the data correctly."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.markers import MarkerStyle
from matplotlib.text import Text

from aeexp.analysis.factors.differences import difference
from aeexp.data.dataset import Classes, Floats, Values
from aeexp.data.images import image_shape
from aeexp.present.figures import (
    Measure,
    Unreliable,
    baselines,
    by_label,
    contingency,
    images,
    latent,
    loss,
    reconstruction,
    style,
    weight_bars,
    weight_map,
)
from aeexp.present.figures.paint import Trajectory
from aeexp.present.figures.panel import panel, shown_ticks
from aeexp.present.figures.reconstruction import chosen_rows

pytestmark = pytest.mark.filterwarnings("error")

HOSTILE = ("$\\frac{", "_hidden", "a\nb\0\ud800", "<i>&amp;", "W" * 200, "蛋白质", "", "%s{x}")
EPOCHS = np.arange(1, 51)
FALLING = np.linspace(1, 0.5, 50)


def normal(*shape: int) -> Floats:
    return np.random.default_rng(0).normal(size=shape)


def classes(count: int, *, rows: int = 60, noise: bool = False) -> Classes:
    codes = np.arange(rows) % (count + noise) - noise
    return Classes("kind", codes, tuple(f"class_{i}" for i in range(count)))


def history(**columns: Floats) -> dict[str, Floats]:
    rate = np.full(50, 1e-3)
    plain = {"epoch": EPOCHS, "loss": FALLING, "val_loss": FALLING + 0.1, "learning_rate": rate}
    return plain | columns


def after(epoch: int, value: float) -> Floats:
    return np.where(epoch <= EPOCHS, value, FALLING)


def reconstructed(
    features: int, names: Sequence[str] | None = None, validation: slice = slice(12)
) -> Figure:
    x = normal(60, features) * 10.0 ** (np.arange(features) % 7 - 3)
    held_out = np.zeros(60, bool)
    held_out[validation] = True
    r2 = np.linspace(1, -1, features)
    return reconstruction(
        x, 0.8 * x[chosen_rows(*x.shape)], names or numbered(features), held_out, r2
    )


def numbered(count: int) -> list[str]:
    return [f"feature_{i}" for i in range(count)]


GROUPS = {
    "classes": classes(3),
    "ten_classes": classes(10),
    "sixty_classes": classes(60),
    "noise": classes(3, noise=True),
    "only_noise": Classes("kind", np.full(60, -1), ()),
    "hostile_names": Classes("$_{" * 60, np.arange(60) % 8, HOSTILE),
    "values": Values("$_{" * 60, normal(60)),
    "values_some_missing": Values("age", np.where(np.arange(60) % 4, normal(60), np.nan)),
    "values_all_missing": Values("age", np.full(60, np.nan)),
    "values_all_the_same": Values("age", np.full(60, 3.0)),
    "nothing": None,
}
LATENTS = {
    "one_row": normal(1, 3),
    "a_constant_factor": normal(60, 3) * [1, 0, 1],
    "constant_factors": np.full((60, 5), 7.0),
    "a_constant_factor_alone": np.full((60, 1), 1e20),
    "factors_of_unlike_range": normal(60, 4) * [1, 1e-6, 1e6, 3],
    "many_factors": normal(60, 12),
    "some_not_finite": np.where(normal(60, 3) > 2, np.nan, normal(60, 3)),
    "none_finite": np.full((60, 3), np.inf),
    "none_of_a_plane_finite": np.full((60, 2), np.nan),
    "single_precision": normal(60, 2).astype(np.float32) * np.float32(1e30),
}
HISTORIES = {
    "plain": history(),
    "no_validation": history(val_loss=np.full(50, np.nan)),
    "no_validation_column": {k: v for k, v in history().items() if k != "val_loss"},
    "one_epoch": {name: column[:1] for name, column in history().items()},
    "diverged": history(loss=after(30, np.inf), val_loss=after(29, np.nan)),
    "none_finite": history(loss=np.full(50, np.nan), val_loss=np.full(50, np.nan)),
    "negative": history(loss=FALLING - 0.7),
    "fast": history(loss=10.0 ** -np.arange(50)),
    "varying_rate": history(learning_rate=1e-3 * FALLING),
    "best_in_the_middle": history(val_loss=np.abs(FALLING - 0.7)),
}
WEIGHTS = {
    "wine": (normal(13, 3), numbered(13)),
    "one_feature": (normal(1, 1), numbered(1)),
    "one_factor": (normal(30, 1), numbered(30)),
    "large": (normal(300, 64), numbered(300)),
    "zeros": (np.zeros((5, 2)), numbered(5)),
    "tiny": (1e-9 * normal(5, 2), numbered(5)),
    "hostile_names": (normal(8, 2), HOSTILE),
    "long_names": (normal(30, 6), [200 * "mW"[i % 2] for i in range(30)]),
}
TABLES = {
    "agreeing": (np.arange(60) % 3, classes(3)),
    "noise": (np.arange(60) % 3 - 1, classes(3)),
    "only_noise": (np.full(60, -1), classes(3)),
    "many": (np.arange(60), classes(60)),
    "hostile_names": (np.arange(60) % 3, GROUPS["hostile_names"]),
    "unlabelled_rows": (np.arange(60) % 3, classes(3, noise=True)),
}


def drawn_bars(weights: Floats, features: Sequence[str], quantity: str) -> Figure:
    return weight_bars(weights, np.abs(weights), features, quantity)


def squashed(factors: int) -> Floats:
    """Return factors in which two of 60 rows are far from all others."""
    z = normal(60, factors)
    z[7, 0], z[9, 1] = 1000, -1000
    return z


def differing(z: Floats, label: Classes) -> Figure:
    rows = label.codes >= 0
    return by_label(z, label, [difference(factor, label.codes[rows]) for factor in z[rows].T])


def cases() -> Iterator[tuple[str, Callable[[], Figure]]]:
    for k in (1, 2, 3, 5):
        for name, groups in GROUPS.items():
            yield f"latent-{k}-{name}", lambda k=k, g=groups: latent(normal(60, k), g, title="z")
    for name, z in LATENTS.items():
        yield f"latent-{name}", lambda z=z: latent(z, classes(3, rows=len(z)), title="$\\{" * 60)
    for name, columns in HISTORIES.items():
        yield f"loss-{name}", lambda columns=columns: loss(columns)
        repeats = [columns, history(loss=2 * FALLING)], [HISTORIES["diverged"], *[columns] * 3]
        for i, repeat in enumerate(repeats):
            yield f"loss-{name}-repeats-{i}", lambda c=columns, r=repeat: loss(c, *r)
    for name, (w, features) in WEIGHTS.items():
        for draw in (drawn_bars, weight_map):
            yield (
                f"{draw.__name__}-{name}",
                lambda draw=draw, w=w, f=features: draw(w, f, "encoder weight"),
            )
    for name, (clusters, label) in TABLES.items():
        yield f"contingency-{name}", lambda a=clusters, b=label: contingency(a, b, "$\\{" * 60)
    for features in (1, 2, 13, 16, 64):
        yield f"reconstruction-{features}", lambda n=features: reconstructed(n)
    yield "reconstruction-no_validation", lambda: reconstructed(3, validation=slice(0))
    yield "reconstruction-only_validation", lambda: reconstructed(3, validation=slice(None))
    yield "reconstruction-hostile_names", lambda: reconstructed(8, HOSTILE)


def new_cases() -> Iterator[tuple[str, Callable[[], Figure]]]:
    for k in (1, 3, 9):
        for name, label in GROUPS.items():
            if isinstance(label, Classes) and len(label.names) > 1:
                yield f"by_label-{k}-{name}", lambda k=k, g=label: differing(normal(60, k), g)
    yield "by_label-constant_factor", lambda: differing(normal(60, 2) * [0, 1], classes(3))
    yield "by_label-one_row_per_class", lambda: differing(normal(60, 2), classes(60))
    for k in (2, 3, 5):
        yield f"latent-{k}-outliers", lambda k=k: latent(squashed(k), classes(3), title="z")
        marked = Unreliable(held_out=np.arange(60) < 12)
        yield (
            f"latent-{k}-held_out",
            lambda k=k, m=marked: latent(normal(60, k), classes(3), title="z", unreliable=m),
        )
    for rows, factors in (1, 0), (3, 2), (40, 30):
        several = normal(rows, 12), normal(rows, 12), numbered(factors), normal(factors, 11, 12)
        yield f"images-{rows}-{factors}", lambda several=several: images(*several, (3, 4))


CASES = [pytest.param(draw, id=name) for name, draw in [*cases(), *new_cases()]]


def saved(figure: Figure, kind: str = "png") -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, dpi=80, format=kind)
    return buffer.getvalue()


def text_of(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def colours_of_rows(figure: Figure, z: Floats) -> Floats:
    """Return the colour of each row's dot in the first panel."""
    dots = figure.axes[0].collections[-1]
    nearest = [np.abs(dots.get_offsets() - point).sum(axis=1).argmin() for point in z]
    return dots.get_facecolors()[nearest]


# Any input


@pytest.fixture(scope="module", params=CASES)
def figure(request: pytest.FixtureRequest) -> Figure:
    """Return a figure that has been drawn and saved."""
    figure = request.param()
    saved(figure)
    return figure


def test_all_text_is_inside_the_figure(figure: Figure) -> None:
    drawn = figure.get_tightbbox()
    (x, y), rounding = figure.get_size_inches(), 0.01
    assert min(drawn.x0, drawn.y0) >= -rounding
    assert drawn.x1 <= x + rounding
    assert drawn.y1 <= y + rounding


def test_numbers_and_names_on_an_axis_do_not_overlap(figure: Figure) -> None:
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        labels = [label for tick in ticks for label in (tick.label1, tick.label2)]
        level = [label for label in labels if label.get_visible() and not label.get_rotation()]
        boxes = [label.get_window_extent() for label in level if label.get_text()]
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_legends_do_not_overlap_panels(figure: Figure) -> None:
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert not any(box.overlaps(axes.get_tightbbox()) for axes in figure.axes)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda: latent(normal(20_000, 3), None, title="z"), id="many_rows"),
        pytest.param(lambda: contingency(*TABLES["hostile_names"], "$_{"), id="hostile_names"),
        pytest.param(lambda: loss(HISTORIES["diverged"]), id="diverged"),
    ],
)
def test_a_vector_file_stays_small(draw: Callable[[], Figure], kind: str) -> None:
    assert len(saved(draw(), kind)) < 500_000


def test_drawing_restores_the_settings_of_matplotlib() -> None:
    before = dict(mpl.rcParams)
    saved(latent(normal(60, 2), None, title="z"))
    assert dict(mpl.rcParams) == before


def test_a_figure_is_independent_of_the_settings_of_matplotlib() -> None:
    with mpl.rc_context({"xtick.labelsize": 40, "text.usetex": True, "axes.grid": False}):
        image = saved(drawn_bars(*WEIGHTS["wine"], "encoder weight"))
    assert image == saved(drawn_bars(*WEIGHTS["wine"], "encoder weight"))


# Names


@given(st.text(max_size=300), st.floats(0.3, 5), st.sampled_from([style.SMALL, style.TITLE]))
def test_a_name_fits_its_room(name: str, inches: float, size: float) -> None:
    assert style.width(style.fit(name, inches, size), size) <= inches


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("proline", "proline", id="a_name_that_fits_is_left_alone"),
        pytest.param("$x_1$", "$x_1$", id="mathematics_is_not_set"),
        pytest.param("a\nb\tc", "a b c", id="control_characters_are_spaces"),
        pytest.param("蛋 é", "□ é", id="a_character_without_a_glyph_is_a_box"),
        pytest.param("mean" + "_" * 90 + "area", "mean____…____area", id="the_ends_are_kept"),
    ],
)
def test_a_name_is_shown_as(name: str, shown: str) -> None:
    room = style.width(shown, style.TEXT) + 0.01
    assert style.fit(name, room, style.TEXT) == shown


# Loss


def test_the_band_contains_90_percent_of_the_repeats_that_still_train() -> None:
    shorter = {name: column[:20] for name, column in history(loss=FALLING + 9).items()}
    figure = loss(*(history(loss=FALLING + i) for i in range(10)), shorter)
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    for epoch, offsets in {1: [*range(10), 9], 50: range(10)}.items():
        edges = band[band[:, 0] == epoch, 1]
        expected = FALLING[epoch - 1] + np.quantile(offsets, [0.05, 0.95])
        assert [edges.min(), edges.max()] == pytest.approx(expected)
    assert "90 % of 11 repeats while they train" in text_of(figure)
    assert "repeats" not in text_of(loss(history()))


def test_repeats_are_shown_if_the_model_of_the_run_diverged_in_the_first_epoch() -> None:
    lost = {name: column[:1] for name, column in history(loss=np.full(50, np.nan)).items()}
    figure = loss(lost | {"val_loss": np.full(1, np.nan)}, history(), history())
    assert len(figure.axes[0].collections) == 2
    assert "no finite loss" not in text_of(figure)


@pytest.mark.parametrize(
    ("columns", "scale"),
    [
        pytest.param(history(), "linear", id="within_a_decade"),
        pytest.param(history(loss=np.geomspace(1, 0.1, 50)), "log", id="a_decade"),
        pytest.param(history(val_loss=20 * FALLING), "log", id="a_decade_between_the_curves"),
        pytest.param(history(loss=FALLING - 0.5), "linear", id="zero_has_no_logarithm"),
        pytest.param(history(loss=after(30, np.inf)), "linear", id="infinity_does_not_count"),
    ],
)
def test_the_loss_axis_is_logarithmic_from_one_decade(
    columns: dict[str, Floats], scale: str
) -> None:
    assert loss(columns).axes[0].get_yscale() == scale


@pytest.mark.parametrize(
    ("rate", "panels"),
    [
        pytest.param(np.full(50, 1e-3), 1, id="constant"),
        pytest.param(1e-3 * FALLING, 2, id="varying"),
        pytest.param(np.full(50, np.nan), 1, id="unknown"),
    ],
)
def test_the_learning_rate_has_a_panel_only_when_it_varies(rate: Floats, panels: int) -> None:
    assert len(loss(history(learning_rate=rate)).axes) == panels


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        pytest.param(history(), "training (final 0.5)", id="final_training_loss"),
        pytest.param(history(), "validation (final 0.6)", id="final_validation_loss"),
        pytest.param(history(loss=after(30, np.nan)), "diverged at epoch 30", id="divergence"),
        pytest.param(
            history(val_loss=np.where(EPOCHS == 20, 0.25, FALLING)),
            "best validation (0.25 at epoch 20)",
            id="best_epoch_long_ago",
        ),
        pytest.param(HISTORIES["none_finite"], "no finite loss", id="none_finite"),
    ],
)
def test_the_loss_figure_mentions(columns: dict[str, Floats], text: str) -> None:
    assert text in text_of(loss(columns))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        pytest.param(HISTORIES["no_validation"], "validation", id="no_validation_rows"),
        pytest.param(history(), "best", id="the_best_epoch_is_the_last"),
        pytest.param(history(), "diverged", id="it_converged"),
    ],
)
def test_the_loss_figure_does_not_mention(columns: dict[str, Floats], text: str) -> None:
    assert text not in text_of(loss(columns))


# Latent space


def test_a_class_has_the_same_colour_as_the_cluster_that_matches_it() -> None:
    z, label = normal(60, 2), classes(3)
    renumbered = np.array([2, 0, 1])
    clusters = Classes("kmeans", renumbered[label.codes], ("0", "1", "2"))
    by_class = latent(z, label, title="class")
    by_cluster = latent(z, clusters, title="cluster", colours=np.argsort(renumbered))
    assert np.array_equal(colours_of_rows(by_class, z), colours_of_rows(by_cluster, z))


def test_a_row_has_the_colour_of_its_class() -> None:
    z, label = normal(60, 2), classes(3)
    colours = colours_of_rows(latent(z, label, title="z"), z)
    assert all(same_color(colours[i], style.class_colour(label.codes[i])) for i in range(60))


def test_twenty_classes_have_twenty_colours_and_none_is_the_colour_of_noise() -> None:
    assert len({style.class_colour(code) for code in range(20)} - {style.NOISE}) == 20


def test_noise_is_drawn_behind_as_grey_crosses() -> None:
    crosses, dots = latent(normal(60, 2), classes(2, noise=True), title="z").axes[0].collections
    assert len(crosses.get_offsets()) == 20
    assert same_color(crosses.get_edgecolors()[0], style.NOISE)
    assert len(crosses.get_paths()[0].vertices) == 4  # two strokes
    assert crosses.get_zorder() < dots.get_zorder()


def test_the_legend_has_the_markers_of_the_rows_and_grey_clusters_differ() -> None:
    z, clusters = normal(60, 2), Classes("kmeans", np.arange(60) % 5 - 1, tuple("abcd"))
    figure = latent(z, clusters, title="z", colours=[None, 3, None, None])
    handles = figure.legends[0].get_lines()
    shapes = [line.get_marker() for line in handles]
    assert shapes[0] == "x"  # noise
    assert shapes[2] == "o"
    assert len({"x", *shapes}) == 4
    assert len({line.get_color() for line in handles}) == 5
    drawn = {len(dots.get_paths()[0].vertices) for dots in figure.axes[0].collections}
    paths: list[Any] = [MarkerStyle(str(shape)).get_path() for shape in shapes]
    assert drawn == {len(path.vertices) for path in paths}


@pytest.mark.parametrize("factors", [2, 3, 5])
def test_rows_that_follow_one_another_are_joined(factors: int) -> None:
    z, sessions = normal(60, factors), (np.arange(40)[::-1], np.arange(40, 60))
    time = Trajectory("bin", np.arange(60.0), sessions)
    figure = latent(z, time, title="z")
    joined = [line.get_xydata() for axes in figure.axes for line in axes.lines]
    assert sum(len(line) == 40 for line in joined) == factors * (factors - 1) // 2 + (factors == 3)
    assert any(np.allclose(line, z[sessions[0]][:, :2]) for line in joined if len(line) == 40)


def test_unreliable_factors_are_starred_in_space_too() -> None:
    figure = latent(normal(60, 3), None, title="z", unreliable=Unreliable(factors=[0, 2]))
    assert {"z1*", "z2", "z3*"} <= {text.get_text() for text in figure.axes[3].texts}


def test_notes_continue_in_a_second_line_if_there_is_room() -> None:
    figure, why = Figure((5, 3)), "rows whose neighbours here are not theirs; " * 2
    style.headline(figure, "title", why, lines=2)
    style.headline(figure, "title", why)
    _, *wrapped, _, cut = [text.get_text() for text in figure.texts]
    assert " ".join(wrapped) == why.strip()
    assert "…" in cut


@pytest.mark.parametrize(
    "text", [pytest.param("noise (20)", id="noise"), pytest.param("class_1 (20)", id="class")]
)
def test_the_legend_counts(text: str) -> None:
    assert text in text_of(latent(normal(60, 2), classes(2, noise=True), title="z"))


@pytest.mark.parametrize(
    ("k", "panels"),
    [
        pytest.param(1, 1, id="a_histogram"),
        pytest.param(2, 1, id="a_plane"),
        pytest.param(3, 4, id="space_and_its_three_projections"),
        pytest.param(5, 15, id="a_grid_of_pairs"),
        pytest.param(12, 21, id="a_grid_of_pairs_of_six"),
    ],
)
def test_latent_space_is_drawn_as(k: int, panels: int) -> None:
    assert len(latent(normal(60, k), None, title="z").axes) == panels


def test_the_factors_with_the_largest_variance_are_drawn() -> None:
    z = normal(60, 8) * [1, 0, 1, 1, 1, 0, 1, 1]
    labels = {axes.get_xlabel() for axes in latent(z, None, title="z").axes} - {""}
    assert labels == {"z1", "z3", "z4", "z5", "z7", "z8"}


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(("low", "high"), [(0.05, 20), (1, 9), (30, 40)])
def test_a_panel_names_only_the_ticks_within_its_limits(
    scale: str, low: float, high: float
) -> None:
    figure = Figure()
    axes = panel(figure, GridSpec(1, 1, figure)[0])
    axes.set(yscale=scale, ylim=(low, high))
    axes.yaxis.set_major_formatter("{x:g}")
    shown = shown_ticks(axes.yaxis)
    ticks = [at for at in axes.get_yticks() if low <= at <= high]
    assert [at for at, _ in shown] == pytest.approx(ticks)
    assert [name for _, name in shown] == [f"{at:g}" for at in ticks]


@pytest.mark.parametrize(
    ("scale", "equal"),
    [
        pytest.param([1, 1, 3], True, id="equal"),
        pytest.param([1, 0, 3], True, id="one_constant"),
        pytest.param([1, 1, 50], False, id="different"),
    ],
)
def test_distances_look_equal_unless_the_ranges_are_very_different(
    scale: list[float], equal: bool
) -> None:
    figure = latent(normal(60, 3) * scale, None, title="z")
    figure.canvas.draw()
    inches = [np.ptp(axes.transData.transform([(0, 0), (1, 1)]), 0) for axes in figure.axes[:3]]
    assert np.allclose(inches, inches[0][0]) == equal


def test_the_choice_of_rows_is_reproducible() -> None:
    z = normal(30_000, 2)
    first, second = (latent(z, None, title="z").axes[0].collections[0] for _ in range(2))
    assert len(first.get_offsets()) == 20_000
    assert np.array_equal(first.get_offsets(), second.get_offsets())


def test_every_row_is_in_the_histogram() -> None:
    [*parts] = latent(normal(60, 1), classes(3), title="z").axes[0].patches
    counts = [(part.get_data().values - part.get_data().baseline).sum() for part in parts]
    assert counts == [20, 20, 20]


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        pytest.param(
            lambda: latent(normal(30_000, 2), None, title="z"),
            "20,000 of 30,000 rows shown",
            id="rows",
        ),
        pytest.param(
            lambda: latent(LATENTS["none_finite"], None, title="z"),
            "0 of 60 rows",
            id="not_finite",
        ),
        pytest.param(
            lambda: latent(normal(60, 9), None, title="z"), "6 of 9 factors shown", id="factors"
        ),
        pytest.param(
            lambda: latent(normal(60, 5), classes(60), title="z"), "(and 32 more)", id="classes"
        ),
        pytest.param(
            lambda: latent(normal(60, 2), GROUPS["values_some_missing"], title="z"),
            "crosses: rows without a value",
            id="values",
        ),
        pytest.param(
            lambda: drawn_bars(normal(64, 8), numbered(64), "weight"),
            "6 of 8 factors shown, with the largest norm; "
            "for each, the 20 of 64 features with the largest effect",
            id="weights",
        ),
        pytest.param(
            lambda: reconstructed(64), "the 8 best and 8 worst of 64 features", id="features"
        ),
    ],
)
def test_the_notes_mention_rows_and_features_that_are_left_out(
    draw: Callable[[], Figure], text: str
) -> None:
    assert text in text_of(draw())


# Weights


def test_the_colour_of_a_bar_is_its_sign() -> None:
    w = np.array([[0.5, -0.1], [-0.2, 0.3]])
    bars = [bar for axes in drawn_bars(w, numbered(2), "weight").axes for bar in axes.patches]
    signs = {style.POSITIVE: 1, style.NEGATIVE: -1}
    shown = [next(s for c, s in signs.items() if same_color(b.get_fc(), c)) for b in bars]
    assert shown == [1, -1, -1, 1]


def test_the_panels_of_weights_share_their_limits() -> None:
    limits = {axes.get_xlim() for axes in drawn_bars(*WEIGHTS["wine"], "weight").axes}
    assert len(limits) == 1


def test_the_features_with_the_largest_effect_are_drawn_in_decreasing_order() -> None:
    w, moves = normal(64, 1), np.abs(normal(64, 1)[::-1])
    bars = weight_bars(w, moves, numbered(64), "weight").axes[0].patches
    assert [bar.get_width() for bar in bars] == [*w[np.argsort(-moves[:, 0])[:20], 0]]


def test_the_cells_of_an_unreliable_factor_keep_their_colours() -> None:
    figure = weight_map(normal(5, 3), numbered(5), "weight", Unreliable(factors=[1]))
    assert not figure.axes[0].patches
    assert "z2*" in [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_the_colours_of_a_weight_map_are_symmetric_about_zero() -> None:
    figure = weight_map(np.array([[3.0, -0.1]]), numbered(1), "weight")
    assert figure.axes[1].get_ylim() == (-3, 3)


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        pytest.param((30, 10), True, id="few"),
        pytest.param((64, 3), False, id="many_features"),
        pytest.param((5, 40), False, id="many_factors"),
    ],
)
def test_weights_are_written_in_their_cells_if_they_fit(
    shape: tuple[int, int], written: bool
) -> None:
    w = np.full(shape, 0.25)
    assert ("0.25" in text_of(weight_map(w, numbered(shape[0]), "weight"))) == written


# Contingency


def test_the_contingency_table_counts_rows_with_noise_in_the_last_row() -> None:
    clusters = np.array([0, 0, 4, 4, 4, -1])
    label = Classes("kind", np.array([0, 1, 1, 1, -1, 0]), ("a", "b"))
    axes = contingency(clusters, label, "title").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "4", "noise"]
    assert [text.get_text() for text in axes.texts] == ["1", "1", "0", "2", "1", "0"]


def test_a_number_is_legible_on_its_cell() -> None:
    assert style.ink_on(np.array(style.COUNTS(0.0))) == style.INK
    assert style.ink_on(np.array(style.COUNTS(1.0))) == "white"


# Reconstruction


@pytest.mark.parametrize(
    ("r2", "expected"),
    [
        pytest.param(np.nan, "-", id="undefined"),
        pytest.param(1.0, "1.00", id="perfect"),
        pytest.param(-0.004, "-0.00", id="hardly_worse_than_the_mean"),
        pytest.param(-12345.0, "-1.2e+04", id="far_worse_than_the_mean"),
    ],
)
def test_the_title_of_a_panel_has_r2(r2: float, expected: str) -> None:
    x = normal(9, 1)
    figure = reconstruction(
        x, x[chosen_rows(*x.shape)], ["alcohol"], np.zeros(9, bool), np.array([r2])
    )
    saved(figure)
    assert figure.axes[0].get_title() == f"alcohol\nR² = {expected}"


def test_the_best_and_the_worst_of_many_features_are_drawn() -> None:
    x, r2 = normal(60, 40), np.linspace(1, -1, 40)
    r2[39] = np.nan
    figure = reconstruction(x, x[chosen_rows(*x.shape)], numbered(40), np.zeros(60, bool), r2)
    drawn = {axes.get_title().split("\n")[0] for axes in figure.axes}
    assert drawn == {f"feature_{i}" for i in (*range(8), *range(31, 39))}


def test_training_rows_are_drawn_behind_validation_rows() -> None:
    lines = reconstructed(1).axes[0].lines[1:]
    assert [len(line.get_xdata()) for line in lines] == [48, 12]
    assert same_color(lines[0].get_color(), style.TRAINING)


# The factors by label


def test_the_factor_that_differs_most_is_named_with_its_effect_size() -> None:
    label = Classes("condition", np.arange(60) % 2, ("control", "treated"))
    z = normal(60, 3) + [0, 3, 1] * (np.arange(60) % 2)[:, None]
    shown = text_of(differing(z, label))
    assert "z2 differs most by condition" in shown
    assert "treated minus control" in shown
    assert "control (30)" in shown


def test_the_interval_of_a_difference_contains_the_truth_as_often_as_stated() -> None:
    random, trials, hits = np.random.default_rng(0), 200, np.zeros(2)
    two, three = np.arange(60) % 2, np.arange(90) % 3
    explained = np.var([0, 0.5, 1]) / (1 + np.var([0, 0.5, 1]))
    for _ in range(trials):
        g = difference(random.normal(size=60) + 0.8 * two, two)
        eta = difference(random.normal(size=90) + 0.5 * three, three)
        hits += [g.low <= 0.8 <= g.high, eta.low <= explained <= eta.high]
    assert (np.abs(hits / trials - 0.95) < 0.04).all()


def test_dependent_rows_and_constant_factors_have_no_interval() -> None:
    codes = np.arange(60) % 2
    dependent = difference(normal(60), codes, independent=False)
    assert np.isfinite(dependent.value)
    assert np.isnan([dependent.low, dependent.high]).all()
    assert np.isnan(difference(np.zeros(60), codes).value)


# Outliers, matches and pixels


def test_far_rows_are_arrows_at_the_edge_and_do_not_squash_the_others() -> None:
    z = squashed(2)
    figure = latent(z, classes(3), title="z")
    axes = figure.axes[0]
    assert np.ptp(axes.get_xlim()) < 20
    assert "arrows: 2 rows beyond the axes" in text_of(figure)
    shown = np.concatenate([dots.get_offsets() for dots in axes.collections])
    assert len(shown) == 60
    assert shown[:, 0].max() == pytest.approx(axes.get_xlim()[1])
    assert "arrows" not in text_of(latent(normal(60, 2), classes(3), title="z"))


def test_matching_clusters_are_on_the_diagonal() -> None:
    label = classes(3)
    codes = np.array([2, 0, 1])[label.codes]
    codes[0] = -1
    figure = contingency(codes, label, "kmeans")
    names = [text for _, text in shown_ticks(figure.axes[0].yaxis)]
    assert names == ["2", "0", "1", "noise"]
    assert "98 % of the rows are in the kmeans cluster of their kind" in text_of(figure)


def test_features_of_equal_weights_are_together() -> None:
    weights = np.array([[1, 0], [0, 1], [1, 0.01], [0, 1.01]])
    figure = weight_map(weights, ["a", "b", "c", "d"], "weight")
    names = [text for _, text in shown_ticks(figure.axes[0].yaxis)]
    assert {frozenset(names[:2]), frozenset(names[2:])} == {frozenset("ac"), frozenset("bd")}


@pytest.mark.parametrize(
    ("features", "shape"),
    [
        ([f"pixel_{i}_{j}" for i in range(3) for j in range(8)], (3, 8)),
        ([f"pixel{i}" for i in range(1, 26)], (5, 5)),
        ([f"pixel{i}" for i in range(24)], None),
        ([f"gene{i}" for i in range(25)], None),
        ([f"t_{i}_{2 * j}" for i in range(4) for j in range(4)], None),
    ],
)
def test_images_are_recognised_by_the_names_of_their_pixels(
    features: list[str], shape: tuple[int, int] | None
) -> None:
    assert image_shape(features) == shape


def test_the_loss_is_compared_with_pca() -> None:
    figure = loss(history(), pca=0.7)
    assert "The validation loss ends at 0.6; that of PCA is 0.7" in text_of(figure)
    assert any(line.get_ydata()[0] == 0.7 for line in figure.axes[0].lines)


def test_a_slide_is_16_to_9_and_shows_the_whole_figure() -> None:
    for draw in (lambda: loss(history()), lambda: weight_map(*WEIGHTS["wine"], "weight")):
        figure, page = draw(), draw()
        style.centre_on_slide(figure)
        wide, high = figure.get_size_inches()
        assert wide / high == pytest.approx(16 / 9)
        saved(figure), saved(page)
        for axes, before in zip(figure.axes, page.axes, strict=True):
            inches = axes.get_position().size * [wide, high]
            np.testing.assert_allclose(inches, before.get_position().size * page.get_size_inches())
        drawn = figure.get_tightbbox()
        assert min(drawn.x0, drawn.y0) >= 0
        assert drawn.x1 <= wide
        assert drawn.y1 <= high


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (0.02, "Autoencoder and PCA have the best error, within two standard errors"),
        (0.002, "Autoencoder has the best error"),
    ],
)
def test_the_title_of_baselines_names_all_methods_that_are_as_good_as_the_best(
    error: float, title: str
) -> None:
    names = ["autoencoder", "PCA", "random projection"]
    measure = Measure("less is better", np.array([0.36, 0.38, 0.9]), np.full(3, error))
    measures = dict.fromkeys(["error (MSE)", "neighbours", "distances"], measure)
    drawn = text_of(baselines(names, measures, ""))
    assert title in " ".join(drawn.split())
