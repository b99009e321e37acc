"""The edge: argv in, files and exit codes out."""

import os
import sys
from argparse import Namespace
from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.backend import require
from aeexp.explain import explain
from aeexp.menu import menu
from aeexp.options import conf_dir, register
from aeexp.spec import Experiment
from aeexp.words import compositions, quoted, said

FAILED, REFUSED, INTERRUPTED = 1, 2, 130
EXIT = {"COMPLETED": 0, "DIVERGED": 3}
REFUSALS = (HydraException, OmegaConfBaseException, ValueError, OverflowError, MemoryError)


class FailedError(Exception):
    """A run failed; it has been recorded and told."""


def main() -> None:
    """Run the command line; exits 0 done, 1 failed, 2 refused, 3 diverged, 130 interrupted."""
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra's errors come here instead of being printed
    try:
        code = _answer(get_args_parser().parse_args())
    except REFUSALS as error:
        sys.stderr.write(f"{explain(error)}\n")
        code = REFUSED
    except FailedError:
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _answer(arguments: Namespace) -> int:
    if arguments.help:
        sys.stdout.write(menu())
        return 0
    if _trains(arguments):
        # behind the last override: later words win, and argparse wants overrides in one row
        last = arguments.overrides[-1:] or sys.argv[-1:]
        position = len(sys.argv) - sys.argv[::-1].index(last[0])
        sys.argv.insert(position, _directory(arguments))
    codes: list[int] = []
    hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(
        lambda config: codes.append(_perform(config))
    )()
    return max(codes, default=0)


def _trains(arguments: Namespace) -> bool:
    asks = (arguments.hydra_help, arguments.cfg, arguments.info)
    return not any((*asks, arguments.shell_completion, arguments.experimental_rerun))


def _directory(arguments: Namespace) -> str:
    """Check all that is asked for, then make the directory for it; return the word that names it.

    Raises:
        ValueError, HydraException: Something cannot be done; nothing has been written.
    """
    configs = compositions(arguments)
    _check([said(config) for config in configs])
    from aeexp.runs import claim  # noqa: PLC0415  (imports NumPy)

    key = "hydra.sweep.dir" if arguments.multirun else "hydra.run.dir"
    wanted = OmegaConf.select(configs[0], key)
    try:
        return f"{key}={quoted(str(claim(Path(wanted).resolve())))}"
    except OSError as error:
        message = f"{key}={wanted} cannot be made ({error.strerror}): choose another with {key}=…"
        raise ValueError(message) from error


def _check(experiments: list[Experiment]) -> None:
    for experiment in experiments:
        require(experiment.backend)
    backends = sorted({experiment.backend.value for experiment in experiments})
    if len(backends) > 1:
        message = (
            f"backend={','.join(backends)}: Keras cannot change its backend within a process;"
            " start one sweep per backend."
        )
        raise ValueError(message)
    from aeexp.problem import pose  # noqa: PLC0415  (imports scikit-learn)

    for experiment in experiments:
        pose(experiment)


def _perform(config: DictConfig) -> int:
    from aeexp.perform import perform  # noqa: PLC0415  (imports scikit-learn)

    try:
        return EXIT[perform(config).value]
    except Exception as error:
        raise FailedError from error
