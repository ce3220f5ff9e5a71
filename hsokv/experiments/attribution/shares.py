"""Every switch's share in every specification, and whether its sign survives; `shapley.csv`.

The table is computed from the committed rows by `python -m tools.shares --write` and committed
beside them, for all of this takes half a minute.
"""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.attribution.cells import OUTCOMES, cell_values, complete_seeds
from hsokv.experiments.attribution.specifications import SPECIFICATIONS, Specification
from hsokv.experiments.attribution.tables import GAMES, alone, shapley_table
from hsokv.stats.intervals import Interval

SAME, OPPOSITE, OPEN = "same", "opposite", "cannot be told"


def share_table(frame: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    """Return the shares of every game, by condition, specification and outcome.

    Args:
        frame: rows by specification.
        conditions: test conditions.

    Returns:
        One row per switch: condition, pooling, rate, outcome, game, switch, n_seeds, n, and point,
        low and high of `share` and of the same change as the `first` and as the `last` one, as
        differences in accuracy rounded to six digits. Specifications without a whole seed are left
        out.
    """
    return pd.DataFrame(
        row
        for condition in conditions
        for specification in SPECIFICATIONS
        if complete_seeds(frame, condition, specification)
        for outcome in OUTCOMES
        for row in _share_rows(frame, condition, specification, outcome)
    )


def _share_rows(
    frame: pd.DataFrame, condition: str, specification: Specification, outcome: str
) -> list[dict]:
    values = cell_values(frame, condition, specification, outcome=outcome)
    about = {"condition": condition, **specification._asdict(), "outcome": outcome}
    rows = []
    for game in GAMES.values():
        for share in shapley_table(values, game).itertuples():
            found = {"share": Interval(share.point, share.low, share.high, share.n)}
            found |= zip(("first", "last"), alone(values, game, share.switch))
            rows.append(
                about
                | {"game": game.name, "switch": share.switch}
                | {"n_seeds": len(values.by_seed), "n": values.n}
                | {name + end: round(getattr(interval, key), 6) + 0.0
                   for name, interval in found.items()
                   for end, key in (("", "point"), ("_low", "low"), ("_high", "high"))}
            )  # fmt: skip
    return rows


def interval_of(row: pd.Series, name: str = "share") -> Interval:
    """Return 'share', 'first' or 'last' of a row of `share_table`."""
    return Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], int(row["n"]))


def sign_of(interval: Interval) -> int:
    """Return 1 or -1 where the whole interval lies on one side of 0, else 0."""
    return int(interval.low > 0) - int(interval.high < 0)


def compare_signs(main: Interval, other: Interval) -> str:
    """Return whether another interval has the sign of the main one; both must exclude 0."""
    product = sign_of(main) * sign_of(other)
    return OPEN if product == 0 else SAME if product > 0 else OPPOSITE


def sign_table(shares: pd.DataFrame, condition: str, game: str) -> pd.DataFrame:
    """Return, per switch, how the sign of its share fares against that of the main specification.

    Args:
        shares: `share_table`.
        condition, game: which of its rows.

    Returns:
        A row per switch and a column per specification without and with the fallback, named
        'pooling, rate' and 'pooling, rate, fallback', the main one first; then `n_same`, the other
        columns whose sign is the same, and `n_opposite`. The entries are intervals.
    """
    chosen = shares[(shares["condition"] == condition) & (shares["game"] == game)]
    columns: dict[str, dict[str, Interval]] = {}
    for row in chosen.to_dict("records"):
        name = str(Specification(row["pooling"], row["rate"]))
        name += ", fallback" if row["outcome"] != "accuracy" else ""
        columns.setdefault(name, {})[row["switch"]] = interval_of(row)
    table = pd.DataFrame(columns)
    main, *others = table.columns
    signs = table[others].apply(lambda c: [compare_signs(a, b) for a, b in zip(table[main], c)])
    table["n_same"] = (signs == SAME).sum(axis=1)
    table["n_opposite"] = (signs == OPPOSITE).sum(axis=1)
    return table
