"""member: a planned model as a member of a population."""

from aeexp.analysis.controls import Control
from aeexp.training import Member


def member(control: Control) -> Member:
    """Return a planned model as a member of a population."""
    problem = control.problem
    return Member(
        experiment=control.experiment, x=problem.x, rows=control.rows, val=problem.rows.val
    )
