"""An autoencoder as scikit-learn's transformers are: fit, transform, inverse_transform, score."""

import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from aeexp.analysis.reconstruction import explained
from aeexp.analysis.verdict import divergence
from aeexp.app.parameters import experiment, parameter
from aeexp.backend import choose, current, running, silence_stderr
from aeexp.config.spec import Adam, Backend, Deep, Experiment, Training
from aeexp.data import Dataset, Floats
from aeexp.data.checks import concerns
from aeexp.data.prepare import Problem, check, prepare
from aeexp.errors import UserError, named_by
from aeexp.present.text.training import describe_divergence
from aeexp.runs.artifact import DivergedError

if TYPE_CHECKING:
    from aeexp.models import Network

PRECISIONS = [np.float64, np.float32]


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Latent factors of the rows of a table, by a network that rebuilds the rows from them.

    By default it is `python -m aeexp model=deep split.validation=0`, with the same numbers where
    `random_state` is the run's seed.

    latent_dim: number of latent factors. hidden: units of each layer before them, mirrored after
    them; with none, and latent_activation="tanh", it is aeexp's shallow model. activation,
    latent_activation, output_activation: linear, relu, leaky_relu, elu, selu, gelu, silu,
    softplus, tanh or sigmoid. preprocessing: how each column is scaled, by standard, minmax,
    robust or none. l1, l2: weights in the loss of the absolute values and the squares of what the
    encoder's layers put out. dropout: share of what they read that training switches off. noise:
    standard deviation of what training adds to the scaled rows. loss: mse, mae, huber or
    binary_crossentropy. lr: learning rate of Adam. epochs: passes over the rows. batch_size: rows
    a step. validation: share of the rows held out. patience: epochs without a better loss on them
    (with none held out, in training) before training stops and goes back to the best; None never
    stops. backend: jax, tensorflow or torch; None takes what Keras already runs on, or the
    environment's KERAS_BACKEND, or jax. random_state: a seed, a generator, or None for a new one.

    history_: what happened in the training, loss and val_loss among it. scaling_: of each column.
    mean_: (features,) of the rows trained on. weights_: arrays by layer and role, "z/kernel" say.
    """

    def __init__(
        self,
        latent_dim: int = Deep.latent_dim,
        *,
        hidden: tuple[int, ...] = (32, 16),
        activation: str = Deep.activation.value,
        latent_activation: str = Deep.latent_activation.value,
        output_activation: str = Deep.output_activation.value,
        preprocessing: str = "standard",
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        noise: float = 0.0,
        loss: str = Training.loss.value,
        lr: float = Adam.lr,
        epochs: int = Training.epochs,
        batch_size: int = Training.batch_size,
        validation: float = 0.0,
        patience: int | None = None,
        backend: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.activation = activation
        self.latent_activation = latent_activation
        self.output_activation = output_activation
        self.preprocessing = preprocessing
        self.l1 = l1
        self.l2 = l2
        self.dropout = dropout
        self.noise = noise
        self.loss = loss
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation = validation
        self.patience = patience
        self.backend = backend
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on the rows of X: (rows, features). y is not looked at.

        Raises:
            UserError: A parameter is out of bounds, or asks of X what it cannot give.
            DivergedError: The loss became infinite or not a number.
        """
        asked = self._experiment()
        x = validate_data(self, X, dtype=PRECISIONS, ensure_min_samples=2)
        names = tuple(f"x{j + 1}" for j in range(x.shape[1]))
        with named_by(parameter):
            problem = prepare(asked, Dataset("X", x, names, rows=("",) * len(x)))
            check(asked, problem)
            choose(asked.backend)
            for concern in concerns(asked, problem):
                warnings.warn(concern, stacklevel=2)
            self._train(asked, problem)
        return self

    def transform(self, X: Any) -> Floats:
        """Return the latent factors (rows, latent_dim) of rows (rows, features)."""
        x = self._validated(X)
        return self._network.encode(self.scaling_.apply(x)).astype(x.dtype)

    def inverse_transform(self, X: Any) -> Floats:
        """Return rows (rows, features) in original units from factors (rows, latent_dim)."""
        check_is_fitted(self)
        z = check_array(X, dtype=PRECISIONS, input_name="X")
        if z.shape[1] != self._n_features_out:
            message = f"X must have {self._n_features_out} columns, as factors, got {z.shape[1]}."
            raise UserError(message)
        return self.scaling_.undo(self._network.decode(z.astype(np.float32))).astype(z.dtype)

    def score(self, X: Any, y: Any = None) -> float:
        """Return R^2 of the reconstruction of rows (rows, features), summed over scaled columns.

        It is 0 where the mean of the rows trained on would do as well. y is not looked at.
        """
        x, mean = self.scaling_.apply(self._validated(X)), self.scaling_.apply(self.mean_[None])
        return explained(x, self._network.decode(self._network.encode(x)), mean)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return z1, z2, …, as the factors are called in everything that aeexp writes."""
        names = super().get_feature_names_out(input_features)
        return np.array([f"z{k + 1}" for k in range(len(names))], object)

    def _experiment(self) -> Experiment:
        """Return what the parameters ask for, with a seed that is drawn unless it is given."""
        values = self.get_params(deep=False)
        values["backend"] = self.backend or current()
        if not isinstance(self.random_state, Integral):
            values["random_state"] = check_random_state(self.random_state).randint(2**31)
        return experiment(values)

    def _train(self, asked: Experiment, problem: Problem) -> None:
        with silence_stderr():
            from aeexp.training import Member, train  # noqa: PLC0415  (imports Keras)

        rows = problem.rows
        trained = train([Member(experiment=asked, x=problem.x, rows=rows.train, val=rows.val)])
        history = trained.histories[0]
        if history.diverged:
            raise DivergedError(describe_divergence(divergence(history)))
        self.history_, self.scaling_ = history, problem.scaling
        self.mean_ = problem.data.x[rows.train].mean(0, dtype=np.float64)
        self.weights_ = trained.network(0).weights()
        self._model, self._n_features_out = asked.model, asked.model.latent_dim
        self._built: Network | None = trained.templates[0]

    @property
    def _network(self) -> "Network":
        """Return the fitted network; what was unpickled builds it, on whatever backend."""
        if self._built is None:
            choose(running() or Backend(self.backend or current()))
            with silence_stderr():
                from aeexp.models import build, seeds  # noqa: PLC0415  (imports Keras)
            self._built = build(self._model, self.n_features_in_, {}, seeds(0))
            self._built.assign(self.weights_.values())
        return self._built

    def _validated(self, X: Any) -> Floats:
        check_is_fitted(self)
        return validate_data(self, X, dtype=PRECISIONS, reset=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out Keras's objects: the weights say it all."""
        state = super().__getstate__()
        return state | {"_built": None} if "_built" in state else state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
