"""Finish an interrupted sweep, and summarise several."""

import os
import sys
from datetime import datetime
from pathlib import Path

from aeexp.app.experiments import check, insert, refuse_flags, run_sweep, trains
from aeexp.app.outputs import find, link_latest
from aeexp.config.compose import compositions, jobs_of
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.quoting import quoted
from aeexp.errors import UserError


def resume(name: str, repeated: list[str]) -> int:
    """Run the missing jobs of a sweep that somebody else may have started.

    name: its directory, or a part of it; see `outputs.find`. repeated: Hydra settings that the
    user repeats, and so trusts.
    """
    from aeexp.runs import Ledger, Run, refuse_links  # noqa: PLC0415
    from aeexp.sweep.resume import (  # noqa: PLC0415
        merge_arguments,
        require_own_settings,
        require_unchanged,
    )

    folder = find(name).resolve()
    refuse_links(folder)
    ledger = Ledger(folder)
    argv = merge_arguments(ledger.arguments(), repeated)
    try:
        os.chdir(ledger.cwd())  # relative paths in the command start there
    except OSError as error:
        raise UserError(
            f"{ledger.path}: the sweep was started in {ledger.cwd()}, which cannot be entered"
            f" ({error.strerror}): make that directory, or start another sweep."
        ) from error
    sys.argv[1:] = argv
    insert(get_args_parser().parse_args(), *repeated, f"hydra.sweep.dir={quoted(str(folder))}")
    arguments = get_args_parser().parse_args()
    if not arguments.multirun or not trains(arguments):
        raise UserError(
            f"{ledger.path} does not record a --multirun command, so it cannot be resumed."
        )
    refuse_flags(arguments)
    trusted = next(compositions(get_args_parser().parse_args(repeated)))
    check(arguments, lambda config: require_own_settings(config, trusted, argv, folder))
    done = {number: job for number, job in ledger.jobs().items() if job.done}
    configs = jobs_of(arguments, [job.overrides for job in done.values()])
    for number, config in zip(done, configs, strict=True):
        require_unchanged(folder, number, Run(folder / str(done[number].directory)), config)
    try:
        return run_sweep(folder, argv)
    finally:
        link_latest(folder)


def compare(names: list[str]) -> int:
    """Write one summary of several sweeps."""
    from aeexp.runs import Ledger, claim, refuse_links  # noqa: PLC0415
    from aeexp.sweep.finalize import finalize  # noqa: PLC0415

    folders = [*map(find, names)]
    for folder in folders:
        refuse_links(folder)
        Ledger(folder).arguments()  # refuses a directory without a sweep
    if len(folders) == 1:
        return finalize(folders, folders[0])
    now = datetime.now().astimezone()
    return finalize(folders, claim(Path(f"outputs/compare/{now:%Y-%m-%d/%H-%M-%S-%f}").resolve()))
