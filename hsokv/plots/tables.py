"""A table on a page: cells wrap, so that it stays as wide as the text."""

import pandas as pd
from pandas.io.formats.style import Styler

from hsokv.flows.display import full_name

FLOW_COLUMNS = ("flow", "arm")
_CELLS = {"white-space": "normal", "text-align": "left"}


def show_table(table: pd.DataFrame, index: str | None = None) -> Styler:
    """Return a table to show, its text taken literally; flows get their plain names, too.

    Args:
        table: cells are printed by `str`, but for what is missing, which is a dash.
        index: heading under which the index stands as the first column; without, it is left out.
    """
    if index is not None:
        table = table.rename_axis(index=index, columns=None).reset_index()
    table = table.assign(**{n: table[n].map(full_name) for n in FLOW_COLUMNS if n in table})
    cells = table.astype(object).where(table.notna(), "–").map(str)
    return cells.style.format(escape="html").hide().set_properties(**_CELLS)
