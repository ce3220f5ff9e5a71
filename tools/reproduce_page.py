"""The page on how to reproduce the study, with what it costs to compute all rows from nothing.

`book/reproduce.md` says with the line `% cpu time` where the table belongs.
"""

import pandas as pd

from hsokv.experiments.registry import list_experiments
from tools.cpu_measure import SCALED
from tools.cpu_time import hours, read_costs, tell_hours
from tools.markdown import table
from tools.paths import BOOK

MARK = "% cpu time\n"
HEAD = ["page", "trials", "timed", "scaled", "CPU time"]


def render_costs(rows: pd.DataFrame) -> str:
    """Return the table of what each experiment's rows cost, as Markdown.

    Args:
        rows: as `read_costs` returns them; an experiment without a row is told as not timed.
    """
    lines, sums = [], []
    for name, experiment in list_experiments().items():
        own = rows[rows["experiment"] == name]
        total = hours(name, rows)
        counts = [f"{own[c].sum():,}" for c in ("n_trials", "n_timed")]
        page = f"{{doc}}`../notebooks/{experiment.notebook}`"
        lines.append([page, *counts, _share_scaled(own), tell_hours(total)])
        sums.append(total)
    known = None if None in sums else sum(sums)
    counts = [f"{rows[c].sum():,}" for c in ("n_trials", "n_timed")]
    lines.append(["all", *counts, _share_scaled(rows), tell_hours(known)])
    return table(HEAD, lines) + "\n"


def _share_scaled(rows: pd.DataFrame) -> str:
    """Return the share of the known CPU time that was scaled, not timed."""
    seconds = rows["cpu_s_once"] + rows["n_trials"] * rows["cpu_s_per_trial"]
    scaled = seconds[rows["timed"] == SCALED].sum()
    return f"{100 * scaled / seconds.sum():.0f} %" if scaled else "none"


def render_reproduce() -> str:
    """Return the page.

    Raises:
        ValueError: the page does not say where the table belongs.
    """
    page = BOOK / "reproduce.md"
    before, mark, after = page.read_text("utf8").partition(MARK)
    if not mark:
        raise ValueError(f"{page}: no line '{MARK.strip()}', where the table belongs; add it")
    return before + render_costs(read_costs()) + after
