"""Whether layers read the numbers that their models differ in whenever they are called."""

from collections.abc import Iterator, Sequence
from copy import deepcopy

import numpy as np
from keras import ops

from aeexp.data import Floats
from aeexp.models import built
from aeexp.spec import Experiment
from aeexp.training.population import Member, maker, numbers, owners, put

ROWS = 8  # that two networks are compared on


def require_read(members: Sequence[Member], experiment: Experiment) -> None:
    """Refuse to train members together that differ in a number which is read while building.

    It would be the same for all of them. Of aeexp's own models and regularisers, tests hold that
    there is none. experiment: what the members have in common.

    Raises:
        RuntimeError: A model or a regulariser of a package has such a number.
    """
    common = numbers(experiment)
    for key in _foreign(experiment):
        others = {numbers(member.experiment)[key] for member in members} - {common[key]}
        if others and not is_read(experiment, members[0].x[:ROWS], key, others.pop()):
            message = (
                f"{key} is read while layers are built, so that models which differ in it cannot"
                " train together: read it when a layer is called, or declare it with"
                " param(..., traced=False)."
            )
            raise RuntimeError(message)


def _foreign(experiment: Experiment) -> Iterator[str]:
    """Yield the numbers of models and regularisers that are not aeexp's own."""
    for key, spec, name in owners(experiment):
        own = type(spec).__module__.partition(".")[0] == "aeexp"
        if not own and key.partition(".")[0] in {"model", "regulariser"}:
            yield f"{key}.{name}"


def is_read(experiment: Experiment, x: Floats, key: str, value: float) -> bool:
    """Return whether a network that is given another number computes as one built with it.

    x: (rows, features), scaled.
    """
    given, with_it = deepcopy(experiment), deepcopy(experiment)
    put(with_it, {key: value})
    networks = [built(maker(each, x.shape[1]), each.seed) for each in (given, with_it)]
    put(given, {key: value})
    outcomes = []
    for network in networks:
        made = [network.training(x, training=True), *network.training.losses]
        made += [network.encoder(x), *(variable.value for variable in network.variables)]
        outcomes.append([ops.convert_to_numpy(each) for each in made])
    return all(map(np.array_equal, *outcomes))
