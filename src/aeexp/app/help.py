"""What --help prints: the commands, or the page of one group."""

from textwrap import wrap

from aeexp.app.menu import SWEEPS, WIDTH, groups, page
from aeexp.errors import UserError
from aeexp.text import listed

HELP = """\
aeexp reveals hidden structure in tables of numbers with autoencoders.

Train on your table
  aeexp data.csv                            describe it, and offer the command that trains on it
  aeexp dataset.path=data.csv               train on it as it is
Look at results. RUN is the directory of a run, its start or end, or latest
  aeexp list                                runs and sweeps below outputs/, the newest first
  aeexp open RUN                            the report in a browser
  aeexp export RUN --format h5ad            factors and clusters of its rows for another program
  aeexp verify RUN                          run it again, and compare the numbers
Apply a trained model
  aeexp encode RUN new.csv -o z.csv         factors, errors and clusters of new rows
  aeexp decode RUN z.csv                    factors to columns and units of the table
  aeexp reconstruct RUN new.csv             new rows as the model reconstructs them
  aeexp sample RUN -n 100 -o new.csv        new rows, drawn from a model=variational
Choose options, set parameters, compare settings
  aeexp                                     the default: wine data, 3 factors
  aeexp dataset=digits model=deep seed=1    an option of a group, a value of a key
  aeexp 'clustering=[kmeans,hdbscan]'       several options in one run
  aeexp --multirun model=shallow,deep       a sweep: one run for each value, and a summary
  aeexp resume SWEEP                        finish an interrupted sweep
  aeexp compare SWEEP …                     summarise one or several sweeps
  aeexp model=deep --cfg job                print the configuration
  aeexp model=deep --verbose                print long answers and tables, too (-v)

--help GROUP explains the options and keys of one of these groups, --help all those of all:
  {groups}
Every run writes a directory below outputs/.
Exit codes: 0 completed, 1 failed, 2 invalid input, 3 diverged. AEEXP_DEBUG=1 prints tracebacks.
"""


def help_text(topics: list[str]) -> str:
    """Return the text of --help. topics: groups such as `model`, `all`, or none.

    Raises:
        UserError: There is no such group.
    """
    choices = groups()
    if not topics:
        return HELP.format(groups="\n  ".join(wrap(" ".join(choices), WIDTH - 2)))
    names = [topic.partition("=")[0].partition(".")[0] for topic in topics]
    if names == ["all"]:
        names = choices
    if unknown := [name for name in names if name not in choices]:
        raise UserError(f"--help {unknown[0]}: choose all, {listed(choices, and_=' or ')}.")
    return "\n".join(page(name) + (f"\n{SWEEPS}" if name == "sweep" else "") for name in names)
