"""Tables on a page."""

import numpy as np
import pandas as pd

from hsokv.plots import show_table


def test_a_table_wraps_and_is_taken_literally():
    """Text is no markup, what is missing is a dash, numbers keep their digits, cells wrap."""
    table = pd.DataFrame(
        {"a": [0.3, np.nan], "b": ["<b>", None], "n": [20, 3]}, index=pd.Index(["x", "y"])
    )
    page = show_table(table, "flow").to_html()
    assert ">learner</th>" in page and ">x</td>" in page and ">20</td>" in page
    assert ">0.3</td>" in page and page.count(">–</td>") == 2
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert "white-space: normal" in page
    assert ">x</td>" not in show_table(table).to_html()
