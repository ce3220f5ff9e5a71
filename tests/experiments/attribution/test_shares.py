"""Shares by specification: what is committed, and how signs are compared."""

import pandas as pd
import pytest

from hsokv.experiments.attribution.shares import (
    OPEN,
    OPPOSITE,
    SAME,
    compare_signs,
    interval_of,
    share_table,
    sign_table,
)
from hsokv.stats.intervals import Interval
from tests.experiments.attribution.test_tables import make_frame
from tools import shares

UP, DOWN, NONE = (Interval(x, x - 0.1, x + 0.1, 9) for x in (0.5, -0.5, 0.05))


def test_the_committed_shares_are_what_the_rows_say(capsys):
    """`results/shapley.csv` is computed from `results/attribution.csv`, to the last digit."""
    assert shares.main([]) == 0, capsys.readouterr().out


def test_another_table_is_noticed_and_written(monkeypatch, tmp_path, capsys):
    """A table that the rows do not bear out is named; writing mends it."""
    path = shares.ROOT / "_build" / f"{tmp_path.name}.csv"
    path.parent.mkdir(exist_ok=True)
    monkeypatch.setattr(shares, "PATH", path)
    monkeypatch.setattr(shares, "share_table", lambda *_: pd.DataFrame([{"switch": "keys"}]))
    try:
        assert shares.main([]) == 1 and "--write" in capsys.readouterr().out
        assert shares.main(["--write"]) == 0 and shares.main([]) == 0
    finally:
        path.unlink()


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [(UP, UP, SAME), (DOWN, DOWN, SAME), (UP, DOWN, OPPOSITE), (UP, NONE, OPEN), (NONE, UP, OPEN)],
)
def test_compare_signs(a, b, said):
    """Only where both intervals exclude 0 is there a sign to compare."""
    assert compare_signs(a, b) == said


def test_tables_of_made_rows():
    """Both games and outcomes; a right answer to everything leaves nothing to share out."""
    frame = make_frame()
    table = share_table(frame, ("verbatim",))
    assert len(table) == 2 * (8 + 9) and set(table["n_seeds"]) == {3}
    plain = table[table["outcome"] == "accuracy"].set_index(["game", "switch"])
    keys = interval_of(plain.loc[("redesign", "keys")])
    assert 0.4 < keys.point < 0.6 and keys.low > 0
    signs = sign_table(table, "verbatim", "redesign")
    assert list(signs.columns) == ["mean, tuned", "mean, tuned, fallback", "n_same", "n_opposite"]
    assert signs.loc["keys", "mean, tuned, fallback"][:3] == (0, 0, 0)
    assert not signs[["n_same", "n_opposite"]].any(axis=None)
