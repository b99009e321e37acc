"""Your own table: a file, or a frame in memory. Imports pandas only when there is one."""

from aeexp.config.spec import Table
from aeexp.data.dataset import Dataset, load


@load.register
def _(spec: Table) -> Dataset:
    return load_table(spec, aside=None)


def load_table(spec: Table, aside: str | None) -> Dataset:
    """Return the table that a spec names.

    aside: a column that says what each row is for, "train" or "val", and is no feature.

    Raises:
        UserError: It cannot be read, or holds what cannot be learnt from.
    """
    from aeexp.data.frame import tabulate  # noqa: PLC0415  (imports pandas)

    return tabulate(spec, aside)
