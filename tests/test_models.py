"""Networks match their specs."""

import gc
import json
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    L1,
    L1L2,
    L2,
    Activation,
    AppliesTo,
    Autoencoder,
    Deep,
    Dropout,
    Linear,
    NestedDropout,
    Noise,
    RegulariserSpec,
    Residual,
    Shallow,
)
from aeexp.models import Network, build, seeds, start
from aeexp.models.regularisers import DropoutLayer, NestedDropoutLayer, NoiseLayer, PenaltyLayer

pytestmark = pytest.mark.engine

SMOOTH = Deep(activation=Activation.tanh)
X = np.random.default_rng(0).normal(size=(32, 7)).astype(np.float32)


def built(spec: Autoencoder, *regularisers: RegulariserSpec) -> Network:
    return build(spec, 7, {type(r).__name__: r for r in regularisers}, seeds(0))


def losses(network: Network, x: np.ndarray, *, training: bool) -> float:
    network.training(x, training=training)
    return float(sum(keras.ops.convert_to_numpy(loss) for loss in network.training.losses))


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(kind(), id=name)
        for name, kind in OPTIONS["model"].items()
        if issubclass(kind, Autoencoder)
    ],
)
@pytest.mark.parametrize("latent_dim", [1, 3, 9])
def test_rows_are_encoded_and_decoded_in_their_shapes(spec: Autoencoder, latent_dim: int) -> None:
    spec.latent_dim = latent_dim
    network = built(spec)
    z = network.encode(X)
    assert z.shape == (32, latent_dim)
    assert network.decode(z).shape == X.shape


def test_a_layer_keeps_its_last_penalty_so_that_its_address_is_not_reused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    penalised, penalties = keras.layers.Dense(7), []
    layer = PenaltyLayer([L1()], penalised, AppliesTo.activity)
    monkeypatch.setattr(layer, "add_loss", lambda loss: penalties.append(weakref.ref(loss)))
    layer(keras.ops.convert_to_tensor(X))
    gc.collect()
    assert penalties[0]() is not None


def test_an_empty_table_is_encoded_to_an_empty_table() -> None:
    assert built(Shallow()).encode(X[:0]).shape == (0, 3)


def test_the_decoder_mirrors_the_encoder() -> None:
    network = built(Deep(hidden=[5, 4]))
    kernels = [w.shape for part in (network.encoder, network.decoder) for w in part.weights[::2]]
    assert kernels == [(7, 5), (5, 4), (4, 3), (3, 4), (4, 5), (5, 7)]


@pytest.mark.parametrize("kind", [Deep, Residual])
def test_decoding_the_encoding_equals_the_training_model(kind: type[Autoencoder]) -> None:
    network = built(kind(batch_norm=True), L1(), Dropout(rate=0.5), Noise(sd=1.0))
    weights = [np.full_like(w, 0.1) for w in network.weights().values()]
    network.assign(weights)  # the last ones of a residual model start at 0
    x_hat = keras.ops.convert_to_numpy(network.training(X, training=False))
    assert network.decode(network.encode(X)) == pytest.approx(x_hat, abs=1e-6)


@pytest.mark.parametrize("activation", list(Activation), ids=lambda a: a.name)
def test_activations_are_those_of_keras(activation: Activation) -> None:
    network = built(Shallow(latent_activation=activation))
    kernel, bias = network.encoder.get_weights()
    expected = keras.activations.get(activation.value)(
        keras.ops.convert_to_tensor(X @ kernel + bias)
    )
    assert network.encode(X) == pytest.approx(keras.ops.convert_to_numpy(expected), abs=1e-5)


@pytest.mark.parametrize(
    ("spec", "penalty"),
    [
        pytest.param(L1(strength=0.5), lambda a: 0.5 * np.abs(a).sum(), id="l1"),
        pytest.param(L2(strength=0.5), lambda a: 0.5 * (a**2).sum(), id="l2"),
        pytest.param(
            L1L2(l1=0.5, l2=2.0), lambda a: 0.5 * np.abs(a).sum() + 2 * (a**2).sum(), id="l1_l2"
        ),
    ],
)
@pytest.mark.parametrize("rows", [32, 5])
def test_a_penalty_on_activity_is_divided_by_the_rows_of_the_batch(
    spec: RegulariserSpec, penalty: object, rows: int
) -> None:
    network = built(Deep(hidden=[5]), spec)
    hidden = keras.Model(network.encoder.input, network.encoder.layers[1].output)
    x = X[:rows]
    layers = [keras.ops.convert_to_numpy(hidden(x)), network.encode(x)]
    expected = sum(penalty(a) for a in layers) / rows
    assert losses(network, x, training=True) == pytest.approx(expected, rel=1e-5)


def test_a_kernel_penalty_applies_to_every_layer_of_the_encoder_only() -> None:
    network = built(Deep(hidden=[5]), L1(strength=0.5, applies_to=AppliesTo.kernel))
    kernels = network.encoder.get_weights()[::2]
    expected = 0.5 * sum(np.abs(kernel).sum() for kernel in kernels)
    assert losses(network, X, training=True) == pytest.approx(expected, rel=1e-5)


def test_penalties_of_several_regularisers_add_up() -> None:
    one, both = (
        built(Shallow(), L1(strength=0.5)),
        built(Shallow(), L1(strength=0.5), L2(strength=1)),
    )
    z = one.encode(X)
    added = losses(both, X, training=True) - losses(one, X, training=True)
    assert added == pytest.approx((z**2).sum() / len(X), rel=1e-5)


@pytest.mark.parametrize(
    "spec",
    [Dropout(rate=0.5), Noise(sd=0.5), NestedDropout(rate=0.5)],
    ids=["dropout", "noise", "nested"],
)
@pytest.mark.parametrize("model", [Shallow(), Deep()], ids=["shallow", "deep"])
def test_dropout_and_noise_apply_in_training_only(
    spec: RegulariserSpec, model: Autoencoder
) -> None:
    network = built(model, spec)
    in_training, otherwise = (
        keras.ops.convert_to_numpy(network.training(X, training=mode)) for mode in (True, False)
    )
    assert not np.allclose(in_training, otherwise)
    assert otherwise == pytest.approx(network.decode(network.encode(X)), abs=1e-6)


def test_noise_has_its_standard_deviation() -> None:
    rows = np.zeros((20_000, 7), np.float32)
    network = built(Linear(latent_dim=7), Noise(sd=0.3))
    noise = next(layer for layer in network.training.layers if isinstance(layer, NoiseLayer))
    output = keras.ops.convert_to_numpy(noise(rows, training=True))
    assert output.std() == pytest.approx(0.3, rel=0.02)


def test_dropout_zeroes_its_rate_and_scales_up_the_rest() -> None:
    rows = np.ones((20_000, 7), np.float32)
    network = built(Linear(latent_dim=7), Dropout(rate=0.3))
    layer = next(layer for layer in network.training.layers if isinstance(layer, DropoutLayer))
    output = keras.ops.convert_to_numpy(layer(rows, training=True))
    assert np.mean(output == 0) == pytest.approx(0.3, rel=0.02)
    assert output[output != 0] == pytest.approx(1 / 0.7)


def test_penalties_do_not_change_the_activities() -> None:
    specs = [L1L2(l1=1.0, l2=1.0)]
    layer = PenaltyLayer(specs, keras.layers.Dense(7), AppliesTo.activity)
    a = keras.ops.convert_to_numpy(layer(X))
    assert np.array_equal(a, X)


def test_batch_normalisation_comes_before_the_activation() -> None:
    network = built(Deep(hidden=[5], batch_norm=True))
    kinds = [type(layer).__name__ for layer in network.encoder.layers[1:]]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dense"]


@pytest.mark.parametrize(
    "spec",
    [Deep(batch_norm=True), Residual(batch_norm=True, latent_activation=Activation.tanh)],
    ids=["deep", "residual"],
)
def test_the_export_loads_without_aeexp_and_reconstructs_the_same(
    spec: Autoencoder, tmp_path: Path
) -> None:
    network = built(spec, L1(), L2(applies_to=AppliesTo.kernel), Dropout())
    (tmp_path / "model.keras").write_bytes(network.export())
    np.save(tmp_path / "x.npy", X)
    code = (
        "import keras, numpy as np, json, sys; model = keras.saving.load_model('model.keras');"
        "print(json.dumps(keras.ops.convert_to_numpy(model(np.load('x.npy'))).tolist()));"
        "assert 'aeexp' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    x_hat = np.array(json.loads(done.stdout.splitlines()[-1]))
    assert x_hat == pytest.approx(network.decode(network.encode(X)), abs=1e-5)


@pytest.mark.parametrize(
    "spec", [Shallow(), SMOOTH, replace(SMOOTH, batch_norm=True)], ids=["1", "3", "normalised"]
)
def test_the_mean_jacobian_equals_finite_differences(spec: Autoencoder) -> None:
    network, step = built(spec), 1e-2 * np.eye(7, dtype=np.float32)
    changes = [network.encode(X + row) - network.encode(X - row) for row in step]
    assert network.mean_jacobian(X) == pytest.approx(np.mean(changes, axis=1) / 2e-2, abs=1e-3)


def test_weights_have_distinct_names() -> None:
    network = built(Deep(batch_norm=True))
    weights = network.weights()
    assert len(weights) == len(network.encoder.weights) + len(network.decoder.weights)
    assert {"encoder_1/kernel", "encoder_2_norm/gamma", "z/bias", "x_hat/kernel"} < set(weights)


def test_nested_dropout_keeps_a_geometric_number_of_first_factors() -> None:
    rows = np.ones((20_000, 5), np.float32)
    network = built(Linear(latent_dim=5), NestedDropout(rate=0.3))
    layers = network.training.layers
    layer = next(layer for layer in layers if isinstance(layer, NestedDropoutLayer))
    output = keras.ops.convert_to_numpy(layer(rows, training=True))
    assert (np.diff(output, axis=1) <= 0).all()  # all factors after a dropped one are dropped
    counts = np.bincount(output.sum(1).astype(int), minlength=6) / len(rows)
    expected = [0, *(0.3 * 0.7**k for k in range(4)), 0.7**4]
    assert counts == pytest.approx(expected, abs=0.01)
    assert np.array_equal(keras.ops.convert_to_numpy(layer(rows, training=False)), rows)


@pytest.mark.parametrize("kind", [Deep, Residual])
def test_a_penalty_on_the_factors_is_on_them_alone(kind: type[Autoencoder]) -> None:
    network = built(kind(), L1(strength=0.5, applies_to=AppliesTo.latent))
    expected = 0.5 * np.abs(network.encode(X)).sum() / len(X)
    assert losses(network, X, training=True) == pytest.approx(expected, rel=1e-5)


# --- residual


def started(spec: Residual, rows: np.ndarray) -> Network:
    network = built(spec)
    weights = network.weights() | start(spec, X, rows)
    network.assign(weights[name] for name in network.names)
    return network


@pytest.mark.parametrize("hidden", [[], [5], [5, 4]], ids=str)
def test_a_residual_model_starts_at_the_principal_components_of_its_training_rows(
    hidden: list[int],
) -> None:
    rows = np.array([*range(20), 3, 3])
    network, pca = started(Residual(hidden=hidden), rows), PCA(3, svd_solver="full").fit(X[rows])
    z = pca.transform(X)
    assert network.decode(network.encode(X)) == pytest.approx(pca.inverse_transform(z), abs=1e-5)
    assert np.abs(network.encode(X)) == pytest.approx(np.abs(z), abs=1e-5)


def test_the_largest_loading_of_each_first_axis_is_positive() -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(32, 7)).astype(np.float32)
        axes = start(Residual(), x, np.arange(32))["z/kernel"]
        assert (axes.max(0) > -axes.min(0)).all()


@pytest.mark.parametrize(("latent_dim", "rows", "count"), [(9, 32, 7), (5, 3, 3)])
def test_more_factors_than_principal_components_start_at_zero(
    latent_dim: int, rows: int, count: int
) -> None:
    network = started(Residual(latent_dim=latent_dim), np.arange(rows))
    z = network.encode(X)
    assert not z[:, count:].any()
    assert z[:, : count - 1].std(0).min() > 0.1
    assert network.decode(z)[:rows] == pytest.approx(X[:rows], abs=1e-5)


def test_penalties_of_a_residual_model_are_those_of_the_sum_and_of_both_kernels() -> None:
    spec, kernel = Residual(hidden=[5]), L2(strength=0.5, applies_to=AppliesTo.kernel)
    network = built(spec, L1(strength=0.5), kernel)
    weights = {name: np.full_like(w, 0.1) for name, w in network.weights().items()}
    network.assign(weights[name] for name in network.names)
    hidden = keras.Model(network.encoder.input, network.encoder.get_layer("encoder_1").output)
    layers = keras.ops.convert_to_numpy(hidden(X)), network.encode(X)
    activity = 0.5 * sum(np.abs(a).sum() for a in layers) / len(X)
    kernels = [w for n, w in weights.items() if n.startswith(("encoder_1/k", "z")) and w.ndim > 1]
    assert [w.shape for w in kernels] == [(7, 5), (7, 3), (5, 3)]
    expected = activity + 0.5 * sum((w**2).sum() for w in kernels)
    assert losses(network, X, training=True) == pytest.approx(expected, rel=1e-5)


def test_the_activation_of_the_factors_applies_to_the_sum() -> None:
    network = built(Residual(hidden=[5], latent_activation=Activation.tanh))
    plain = built(Residual(hidden=[5]))
    weights = {name: np.full_like(w, 0.2) for name, w in network.weights().items()}
    for both in (network, plain):
        both.assign(weights[name] for name in both.names)
    assert network.encode(X) == pytest.approx(np.tanh(plain.encode(X)), abs=1e-5)
