"""A table on a page: cells wrap, so that it stays as wide as the text."""

import pandas as pd
from pandas.io.formats.style import Styler

from hsokv.flows.display import full_name

FLOW_COLUMNS = ("flow", "arm")
_CELLS = {"white-space": "normal", "text-align": "left"}


def show_table(table: pd.DataFrame, index: str | None = None) -> Styler:
    """Return a table to show, its text taken literally; flows are learners, with plain names.

    Args:
        table: cells are printed by `str`, but for what is missing, which is a dash.
        index: heading under which the index stands as the first column; without, it is left out.
    """
    if index is not None:
        table = table.rename_axis(index=index, columns=None).reset_index()
    of_flows = [name for name in FLOW_COLUMNS if name in table]
    table = table.assign(**{name: table[name].map(full_name) for name in of_flows})
    if len(of_flows) == 1:
        table = table.rename(columns={of_flows[0]: "learner"})
    cells = table.astype(object).where(table.notna(), "–").map(str)
    return cells.style.format(escape="html").hide().set_properties(**_CELLS)
