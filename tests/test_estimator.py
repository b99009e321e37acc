"""The estimator follows scikit-learn's conventions and trains as a run does."""

import json
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sentences import Sentences
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import aeexp
from aeexp import Autoencoder
from aeexp.config.spec import Adam, Backend, Experiment, Residual, Split, Training
from aeexp.data import Floats
from aeexp.data.automatic import settled
from aeexp.data.prepare import prepare_problem
from aeexp.runs.artifact import DivergedError
from aeexp.training import Member, train

WINE: Floats = load_wine().data


def brief(**parameters: Any) -> Autoencoder:
    return Autoencoder(**{"latent_dim": 2, "epochs": 3, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def fitted() -> Autoencoder:
    return brief(epochs=5, lr=0.01).fit(WINE)


@pytest.mark.engine
@pytest.mark.filterwarnings("ignore:latent_dim|batch_size")
@parametrize_with_checks([Autoencoder(2, epochs=2)])
def test_it_passes_the_checks_of_scikit_learn(
    estimator: Autoencoder, check: Callable[[Autoencoder], None]
) -> None:
    check(estimator)


def test_the_package_exports_it() -> None:
    assert aeexp.Autoencoder is Autoencoder
    assert "Autoencoder" in dir(aeexp)


def test_an_unknown_attribute_of_the_package_raises() -> None:
    with pytest.raises(AttributeError, match="module 'aeexp' has no attribute 'Autoencodre'"):
        _ = aeexp.Autoencodre


def test_importing_the_package_does_not_import_its_dependencies() -> None:
    code = (
        "import aeexp, sys; dir(aeexp); assert not {'numpy', 'sklearn', 'keras'} & {*sys.modules}"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_the_estimator_does_not_import_keras() -> None:
    code = "import aeexp, sys; aeexp.Autoencoder(2); assert 'keras' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_its_defaults_are_those_of_a_run_without_held_out_rows() -> None:
    default = Autoencoder(random_state=0)._experiment()
    run = aeexp.compose("model=residual", "split.validation=0", "clustering=none")
    assert (default.model, default.training, default.optimizer, default.split) == (
        run.model,
        run.training,
        run.optimizer,
        run.split,
    )
    assert default.regulariser == run.regulariser == {}
    automatic = settled(default, 160, validated=False)
    assert (automatic.training.epochs, automatic.training.batch_size) == (200, 16)
    assert automatic.optimizer.lr == pytest.approx(0.003)


def test_it_equals_a_run_with_the_same_seed(backend: Backend) -> None:
    experiment = Experiment(
        model=Residual(latent_dim=2),
        split=Split(validation=0.2, seed=7),
        training=Training(epochs=3, batch_size=16),
        optimizer=Adam(lr=1e-3),
        backend=backend,
        seed=7,
    )
    problem = prepare_problem(experiment)
    rows = problem.rows
    trained = train([Member(experiment=experiment, x=problem.x, rows=rows.train, val=rows.val)])
    estimator = brief(validation=0.2, batch_size=16, random_state=7).fit(WINE)
    np.testing.assert_array_equal(estimator.history_.val_loss, trained.histories[0].val_loss)
    np.testing.assert_array_equal(estimator.transform(WINE), trained.network(0).encode(problem.x))


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"latent_dim": 0}, id="bound"),
        pytest.param({"latent_dim": 2.5}, id="kind"),
        pytest.param({"latent_dim": np.int64(0)}, id="numpy"),
        pytest.param({"hidden": 32}, id="sequence"),
        pytest.param({"hidden": (8, 0)}, id="each"),
        pytest.param({"dropout": 1}, id="rate"),
        pytest.param({"noise": -1}, id="sd"),
        pytest.param({"lr": "fast"}, id="number"),
        pytest.param({"lr": np.nan}, id="finite"),
        pytest.param(
            {"loss": "mes"},
            id="word",
        ),
        pytest.param(
            {"preprocessing": "zscore"},
            id="scaling",
        ),
        pytest.param(
            {"backend": "theano"},
            id="backend",
        ),
        pytest.param({"patience": "long"}, id="optional"),
        pytest.param({"patience": 0}, id="part"),
        pytest.param({"random_state": -1}, id="seed"),
        pytest.param(
            {"validation": 0.995},
            id="split",
        ),
        pytest.param(
            {"loss": "binary_crossentropy"},
            id="probability",
        ),
    ],
)
def test_an_invalid_parameter_is_refused_by_its_name(
    parameters: dict[str, Any], sentences: Sentences
) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011  (compared in whole)
        brief(**parameters).fit(WINE)
    sentences.check(str(refusal.value))


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"latent_dim": np.int64(2), "hidden": np.array([4])}, id="numpy"),
        pytest.param({"hidden": (), "latent_activation": "tanh"}, id="shallow"),
        pytest.param({"l1": 1e-3, "l2": 1e-3, "dropout": 0.1, "noise": 0.1}, id="regularised"),
        pytest.param({"preprocessing": "minmax", "output_activation": "sigmoid"}, id="minmax"),
        pytest.param({"validation": 0.2, "patience": 1}, id="early-stopping"),
        pytest.param({"random_state": np.random.RandomState(0)}, id="generator"),
        pytest.param({"random_state": None}, id="unseeded"),
    ],
)
def test_a_valid_parameter_is_accepted(parameters: dict[str, Any]) -> None:
    assert np.isfinite(brief(**parameters).fit(WINE).score(WINE))


@pytest.mark.parametrize(
    ("parameters", "warning"),
    [
        pytest.param({"latent_dim": 13}, "^latent_dim=13 does not compress", id="copies"),
        pytest.param({"batch_size": 999}, "^batch_size=999 is more than the 178", id="clipped"),
        pytest.param(
            {"output_activation": "sigmoid"}, "Set output_activation=linear", id="out-of-reach"
        ),
    ],
)
def test_unusual_parameters_are_warned_about(parameters: dict[str, Any], warning: str) -> None:
    with pytest.warns(UserWarning, match=warning):
        brief(**parameters).fit(WINE)


def test_the_error_of_a_diverged_training_names_the_remedy() -> None:
    with pytest.raises(DivergedError, match=r"^Diverged: loss nan in epoch .*: lower lr\.$"):
        brief(lr=1e30).fit(WINE)


def test_a_grid_search_continues_if_one_fit_diverges() -> None:
    search = GridSearchCV(brief(), {"lr": [1e-3, 1e30]}, cv=2, error_score=np.nan)
    with pytest.warns((FitFailedWarning, UserWarning)):
        search.fit(WINE)
    assert search.best_params_ == {"lr": 1e-3}


def test_its_score_is_r2_over_scaled_cells(fitted: Autoencoder) -> None:
    x_hat = fitted.inverse_transform(fitted.transform(WINE))
    x, x_hat, mean = (fitted.scaling_.apply(rows) for rows in (WINE, x_hat, WINE.mean(0)[None]))
    expected = 1 - ((x - x_hat) ** 2).sum() / ((x - mean) ** 2).sum()
    assert fitted.score(WINE) == pytest.approx(expected, abs=1e-4)


def test_its_score_reaches_that_of_pca_on_linear_data() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 2)) @ generator.normal(size=(2, 6)) + 5
    linear = brief(hidden=(), lr=0.05, batch_size=64, epochs=60).fit(x)
    assert PCA(2).fit(x).explained_variance_ratio_.sum() == pytest.approx(1)
    assert linear.score(x) > 0.99


def test_reconstructions_are_in_original_units(fitted: Autoencoder) -> None:
    x_hat = fitted.inverse_transform(fitted.transform(WINE))
    np.testing.assert_allclose(x_hat.mean(0), WINE.mean(0), rtol=0.1)


def test_a_wrong_number_of_factors_is_refused(fitted: Autoencoder) -> None:
    with pytest.raises(ValueError, match=r"^X must have 2 columns, as factors, got 3\.$"):
        fitted.inverse_transform(np.ones((4, 3)))


def test_single_precision_stays_single_precision(fitted: Autoencoder) -> None:
    z = fitted.transform(WINE.astype(np.float32))
    assert z.dtype == np.float32
    assert fitted.inverse_transform(z).dtype == np.float32


def test_the_factors_of_a_row_do_not_depend_on_other_rows(fitted: Autoencoder) -> None:
    alone = np.vstack([fitted.transform(WINE[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, fitted.transform(WINE)[:5], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_factors_are_returned_as_a_frame_with_aeexp_s_names(library: str) -> None:
    factors = brief().set_output(transform=library).fit_transform(WINE)
    assert type(factors).__module__.startswith(library)
    assert list(factors.columns) == ["z1", "z2"]


def test_a_frame_s_column_names_are_checked() -> None:
    frame = pd.DataFrame(WINE, columns=load_wine().feature_names)
    model = brief().fit(frame)
    assert list(model.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(frame[frame.columns[::-1]])


def test_it_clusters_the_wine_data_in_a_pipeline() -> None:
    model = brief(latent_dim=3, lr=0.01, epochs=30)
    groups = make_pipeline(model, KMeans(3, random_state=0)).fit_predict(WINE)
    best = [np.bincount(groups[load_wine().target == k]).max() for k in range(3)]
    assert sum(best) / len(WINE) > 0.7


def test_cross_validation_scores_its_reconstruction() -> None:
    folds = KFold(3, shuffle=True, random_state=0)
    assert (cross_val_score(brief(lr=0.01, epochs=30), WINE, cv=folds) > 0.3).all()


def test_a_clone_gives_the_same_result(fitted: Autoencoder) -> None:
    again = clone(fitted).fit(WINE)
    np.testing.assert_array_equal(again.transform(WINE), fitted.transform(WINE))


def test_the_global_generators_are_not_changed(fitted: Autoencoder) -> None:
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002, TID251  (what a user may do)
    expected = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    clone(fitted).fit(WINE)
    pickle.loads(pickle.dumps(fitted)).transform(WINE)  # noqa: S301
    assert random.getstate() == expected[0]
    assert np.random.get_state()[1].tolist() == expected[1]  # noqa: NPY002


def test_f44_fits_in_threads_equal_sequential_fits() -> None:
    """Every fit draws weights, dropout and noise from its own generators."""
    models = [
        brief(hidden=hidden, dropout=0.2, noise=0.1, lr=0.01, random_state=seed)
        for seed in (0, 1)
        for hidden in ((), (8,), (12, 6))
    ]
    serial = [clone(model).fit_transform(WINE) for model in models]
    for threads in (1, 2, 4):
        with ThreadPoolExecutor(threads) as pool:
            at_once = list(pool.map(lambda model: clone(model).fit_transform(WINE), 2 * models))
        for expected, result in zip(2 * serial, at_once, strict=True):
            np.testing.assert_array_equal(result, expected)


FORK = """
import multiprocessing, numpy as np
from aeexp import Autoencoder
x = np.random.default_rng(0).normal(size=(20, 4))
model = Autoencoder(latent_dim=2, epochs=1, random_state=0).fit(x)
def child(queue):
    try:
        queue.put(model.transform(x).shape)
    except RuntimeError as error:
        queue.put(str(error))
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=child, args=(queue,))
process.start()
print(queue.get(timeout=60))
"""


@pytest.mark.engine
@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_f43_a_forked_process_raises_instead_of_hanging(backend: Backend) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK],
        env=os.environ | {"KERAS_BACKEND": backend.value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "start it with multiprocessing" in done.stdout, done.stderr


def test_a_second_fit_of_the_same_structure_compiles_nothing(
    backend: Backend, fitted: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend is not Backend.jax:
        pytest.skip("only JAX compiles")
    jax = pytest.importorskip("jax")
    monkeypatch.delattr(jax.stages.Lowered, "compile")
    np.testing.assert_array_equal(clone(fitted).fit_transform(WINE), fitted.transform(WINE))
    assert clone(fitted).set_params(lr=0.1).fit(WINE).history_.loss[-1] != fitted.history_.loss[-1]


def test_unseeded_fits_differ() -> None:
    one, other = (brief(random_state=None).fit_transform(WINE) for _ in range(2))
    assert not np.allclose(one, other)


def test_a_pickle_contains_arrays_only(fitted: Autoencoder) -> None:
    assert b"keras" not in pickle.dumps(fitted)


@pytest.mark.parametrize("other", list(Backend))
def test_a_pickle_is_read_on_any_backend(
    other: Backend, fitted: Autoencoder, tmp_path: Path
) -> None:
    if find_spec(other.value) is None:
        pytest.skip(f"{other.value} is not installed")
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "x.npy", WINE)
    code = (
        "import numpy, pickle; model = pickle.load(open('model.pickle', 'rb'));"
        " numpy.save('z.npy', model.transform(numpy.load('x.npy')))"
    )
    environment = os.environ | {"KERAS_BACKEND": other.value}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    z = np.load(tmp_path / "z.npy")
    np.testing.assert_allclose(z, fitted.transform(WINE), rtol=1e-4, atol=1e-5)


@pytest.mark.engine
def test_it_uses_the_backend_of_an_imported_keras(tmp_path: Path, backend: Backend) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": backend.value}))
    code = (
        "import keras, numpy; from aeexp import Autoencoder; x = numpy.eye(20);"
        " Autoencoder(2, epochs=1).fit(x); print(keras.backend.backend())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    environment["KERAS_HOME"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [backend.value]


def test_another_backend_than_the_running_one_is_refused(backend: Backend) -> None:
    other = next(b for b in Backend if b is not backend)
    with pytest.raises(
        ValueError, match=f"^backend={other.value} (is not i|cannot follow {backend.value})"
    ):
        brief(backend=other.value).fit(WINE)


def test_an_unsupported_backend_is_refused_by_name() -> None:
    code = "from aeexp import Autoencoder; Autoencoder(2).fit([[1.0, 2.0]] * 5)"
    environment = os.environ | {"KERAS_BACKEND": "theano"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True
    )
    assert "KERAS_BACKEND=theano is not supported: set it to one of jax" in done.stderr


@pytest.mark.filterwarnings("ignore:Features that are constant")
@pytest.mark.parametrize("order", [{}, {"time": np.arange(60)}], ids=["animals", "sessions"])
def test_whole_groups_are_held_out(order: dict[str, Any]) -> None:
    groups = np.repeat(np.arange(6), 10)
    indicators = np.eye(6)[groups]
    model = brief(validation=0.3).fit(indicators, groups=groups, **order)
    assert sorted(model.mean_) == pytest.approx([0, 0, *[0.25] * 4])


def test_a_time_for_each_row_is_needed() -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        brief().fit(WINE, time=np.arange(3))
