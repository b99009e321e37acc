"""Autoencoder: a scikit-learn transformer."""

import warnings
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from aeexp.analysis.divergence import divergence
from aeexp.analysis.reconstruction import explained
from aeexp.app.parameters import config_parameter, experiment_of
from aeexp.backend import choose, current, running, silence_stderr
from aeexp.config.spec import Backend, Experiment, Residual, Training
from aeexp.data import Dataset, Floats
from aeexp.data.automatic import settled
from aeexp.data.checks import setting_warnings
from aeexp.data.design import design_of
from aeexp.data.prepare import Problem, check, prepare
from aeexp.errors import UserError, named_by
from aeexp.present.text.training import describe_divergence
from aeexp.runs.artifact import DivergedError

if TYPE_CHECKING:
    from aeexp.models import Network

PRECISIONS = [np.float64, np.float32]


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Latent factors of the rows of a table, and the reconstruction of rows from them.

    The defaults are those of the command line, with three exceptions. The model is the first
    network that `model=auto` tries, because a choice among models needs validation rows, which
    scikit-learn's searches provide. No rows are held out and no folds are made, because `fit`
    learns from the rows that it is given and cross-validation is the caller's. The factors keep
    the axes in which they were trained. With `random_state` as the run's seed, the network is that
    of `aeexp model=residual split.validation=0 optimizer.lr=0.003`.

    Parameters
    ----------
        latent_dim: number of latent factors.
        model: residual, which starts at the principal components and improves on them; or deep,
            with random initial weights.
        hidden: units of the encoder's hidden layers; the decoder has them in reverse order. With
            none, model="deep" and latent_activation="tanh", it is aeexp's shallow model.
        activation, latent_activation, output_activation: linear, relu, leaky_relu, elu, selu,
            gelu, silu, softplus, tanh or sigmoid.
        preprocessing: scaling of the columns: standard, minmax, robust or none.
        l1, l2: weights of the loss terms |a| and a^2 of the encoder layers' outputs a.
        dropout: share of the encoder layers' inputs that training drops.
        noise: standard deviation of the noise that training adds to the scaled rows.
        loss: mse, mae, huber or binary_crossentropy.
        lr: learning rate of Adam. None is 0.003, or 0.001 if epochs is set.
        epochs: passes over the rows. None trains until the validation loss stops falling, or for
            200 epochs without held-out rows.
        batch_size: rows per step. None is about a sixteenth of the rows, 16 to 256.
        validation: share of held-out rows.
        patience: epochs without a better validation loss before training stops and restores the
            best weights. Without held-out rows, the training loss counts. None follows from the
            rows if epochs is None and rows are held out, and otherwise never stops.
        backend: jax, tensorflow or torch. None takes the backend that Keras already runs on, or
            the environment's KERAS_BACKEND, or jax.
        random_state: a seed, a generator, or None for a new seed.

    Attributes
    ----------
        history_: losses of the training. scaling_: of each column. mean_: (features,) of the
            training rows. weights_: arrays by layer and role, such as "z/kernel".
    """

    def __init__(
        self,
        latent_dim: int = Residual.latent_dim,
        *,
        model: str = "residual",
        hidden: tuple[int, ...] = (32, 16),
        activation: str = Residual.activation.value,
        latent_activation: str = Residual.latent_activation.value,
        output_activation: str = Residual.output_activation.value,
        preprocessing: str = "standard",
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: float = 0.0,
        noise: float = 0.0,
        loss: str = Training.loss.value,
        lr: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        validation: float = 0.0,
        patience: int | None = None,
        backend: str | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.latent_dim = latent_dim
        self.model = model
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

    def fit(self, X: Any, y: Any = None, *, groups: Any = None, time: Any = None) -> Self:
        """Train on the rows of X: (rows, features). y is ignored.

        groups: (rows,), the animal, subject or session of each row; whole groups are held out.
        time: (rows,), the time of each row; blocks of time are held out, with a gap on both sides.

        Raises:
            UserError: A parameter is out of bounds, or not possible with X.
            DivergedError: The loss became infinite, not a number, or 1,000 times the baseline's.
        """
        experiment = self._experiment()
        x = validate_data(self, X, dtype=PRECISIONS, ensure_min_samples=2)
        names = tuple(f"x{j + 1}" for j in range(x.shape[1]))
        check_consistent_length(x, groups, time)
        design = design_of(x, time, groups)
        with named_by(config_parameter):
            data = Dataset("X", x, names, rows=("",) * len(x), design=design)
            problem = prepare(experiment, data)
            rows = problem.rows
            validated = len(rows.val) > 0
            experiment = settled(experiment, len(rows.train), validated=validated)
            check(experiment, problem)
            choose(experiment.backend)
            for warning in setting_warnings(experiment, problem):
                warnings.warn(warning, stacklevel=2)
            self._train(experiment, problem)
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
            raise UserError(
                f"X must have {self._n_features_out} columns, as factors, got {z.shape[1]}."
            )
        return self.scaling_.undo(self._network.decode(z.astype(np.float32))).astype(z.dtype)

    def score(self, X: Any, y: Any = None) -> float:
        """Return R^2 of the reconstruction of rows (rows, features), over all scaled columns.

        0 is as good as the mean of the training rows. y is ignored.
        """
        x, mean = self.scaling_.apply(self._validated(X)), self.scaling_.apply(self.mean_[None])
        return explained(x, self._network.reconstruct(x), mean)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return z1, z2, …, the names of the factors in all files of aeexp."""
        names = super().get_feature_names_out(input_features)
        return np.array([f"z{k + 1}" for k in range(len(names))], object)

    def _experiment(self) -> Experiment:
        """Return the experiment of the parameters, with a random seed if none is given."""
        values = self.get_params(deep=False)
        values["backend"] = self.backend or current()
        if not isinstance(self.random_state, Integral):
            values["random_state"] = check_random_state(self.random_state).randint(2**31)
        return experiment_of(values)

    def _train(self, experiment: Experiment, problem: Problem) -> None:
        with silence_stderr():
            from aeexp.training import Member, train  # noqa: PLC0415  (imports Keras)

        rows = problem.rows
        trained = train(
            [Member(experiment=experiment, x=problem.x, rows=rows.train, val=rows.val)]
        )
        history = trained.histories[0]
        if history.diverged:
            raise DivergedError(describe_divergence(divergence(history)))
        self.history_, self.scaling_ = history, problem.scaling
        self.mean_ = problem.data.x[rows.train].mean(0, dtype=np.float64)
        self.weights_ = trained.network(0).weights()
        self._model, self._n_features_out = experiment.model, experiment.model.latent_dim
        self._built: Network | None = trained.templates[0]

    @property
    def _network(self) -> "Network":
        """Return the fitted network; an unpickled estimator builds it, on any backend."""
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
        """Return the state without Keras objects, which the weights can restore."""
        state = super().__getstate__()
        return state | {"_built": None} if "_built" in state else state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
