"""What a claim is measured by: named quantities of the committed rows, each with its interval.

A *measure* is a mapping that names a quantity and its arguments, as it stands in the claims
ledger. `where` chooses rows; `a` and `b` add to it what differs between the two sides.

- `mean` (rows, column, where): mean of a column, for `accuracy` over texts, else over seeds
- `difference` (rows, column, where, a, b): a minus b, paired by seed, accuracies also by word
- `share` (rows, column, between, where): share of seeds whose value lies in a range
- `main_effect` (rows, switch, where): mean over all cells of moving a switch away from `current`
- `shapley` (rows, switch, game, where): a switch's share of the gap between two cells; with
  `outcome` of that other outcome in place of accuracy
- `correlation` (rows, x, y, where): rank correlation of two columns' means over all cells
- `arithmetic` (expression): a sum that the source documents print, recomputed
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from hsokv.boundary.checks import check_keys
from hsokv.claims.arithmetic import calculate
from hsokv.claims.rows import (
    FACTORIAL,
    MIN_SEEDS,
    NotRun,
    Rows,
    check_values,
    settings_of,
)
from hsokv.experiments.attribution import tables as shapley
from hsokv.experiments.attribution.cells import OUTCOMES
from hsokv.experiments.registry import list_experiments
from hsokv.experiments.word_rows import (
    common_seeds,
    count_words,
    one_shot_cells,
    word_cells,
)
from hsokv.flows.factorial import NAMES
from hsokv.seeds import numpy_rng
from hsokv.stats.decisions import Rule
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    decimal_units,
    draw_weights,
    percentile_interval,
    seeds_mean,
)
from hsokv.stats.metrics import rank_correlations
from hsokv.stats.two_way import seeds_words_difference, seeds_words_interval

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "mean": ("rows", "column"),
    "difference": ("rows", "column", "a", "b"),
    "share": ("rows", "column", "between"),
    "main_effect": ("rows", "switch"),
    "shapley": ("rows", "switch", "game"),
    "correlation": ("rows", "x", "y"),
    "arithmetic": ("expression",),
}
OPTIONAL = {"arithmetic": (), "shapley": ("where", "outcome")}  # of all others: where
SHARES = {
    "accuracy", "accuracy_with_fallback", "network_accuracy", "one_shot_accuracy", "retention",
    "retention_as_printed", "forgetting",
    "top1_key_correct", "read_fraction", "single_accuracy", "multi_accuracy", "accuracy_without",
    "printed_one_shot", "printed_retention", "intact",
}  # fmt: skip
PERCENT, POINTS, NUMBER = "percent", "points", "number"
N_BOOT = 2000
CELLS = {"accuracy": word_cells, "one_shot_accuracy": one_shot_cells}  # known word by word
MIN_CELL_SEEDS = 2  # with one seed nothing is known of others


class Measured(NamedTuple):
    """A quantity: its interval (rounded to six decimals), its unit, and what n counts."""

    interval: Interval
    unit: str
    counted: str


def check_measure(measure: Mapping[str, Any]) -> None:
    """Check every name in a measure.

    Raises:
        ValueError: an unknown quantity, argument, table, column, arm, or the like; the message
            gives the nearest valid name.
    """
    quantity = measure.get("quantity")
    check_keys([quantity], ARGUMENTS, "quantity")
    wanted = ARGUMENTS[quantity]
    optional = OPTIONAL.get(quantity, ("where",))
    check_keys(measure, ("quantity", *wanted, *optional), f"argument of {quantity}")
    missing = [name for name in wanted if name not in measure]
    if missing:
        raise ValueError(f"{quantity} lacks {', '.join(missing)}; add it to the measure")
    if quantity == "arithmetic":
        calculate(measure["expression"])
        return
    table = measure["rows"]
    check_keys([table], list_experiments(), "table of rows")
    if quantity in FACTORIAL and table != "attribution":
        raise ValueError(f"rows={table!r}: {quantity} needs all cells; set rows to 'attribution'")
    columns = [name for name in ("column", "x", "y") if name in measure]
    kinds = {
        n: getattr(c.dtype, "type", str)
        for n, c in list_experiments()[table].schema.columns.items()
    }
    numeric = [name for name, kind in kinds.items() if is_numeric_dtype(kind)]
    check_keys([measure[name] for name in columns], numeric, f"numeric column of {table}")
    if "outcome" in measure:
        check_keys([measure["outcome"]], OUTCOMES, "outcome")
    if "game" in measure:
        check_keys([measure["game"]], shapley.GAMES, "game")
    if "switch" in measure:
        players = shapley.GAMES[measure["game"]].players if "game" in measure else NAMES
        check_keys([measure["switch"]], players, "switch")
    if "between" in measure:
        Rule.read({"within": measure["between"]})
    for setting in settings_of(measure).values():
        check_values(table, setting)


def describe(measure: Mapping[str, Any]) -> str:
    """Return a measure as one line, e.g. 'difference of accuracy in issues, ...'."""
    names = ("column", "switch", "x", "y", "game", "outcome")
    head = " ".join(str(measure[name]) for name in names if name in measure)
    if "expression" in measure:
        return f"arithmetic: {measure['expression']}"
    parts = [f"{measure['quantity']} {head} in {measure['rows']}"]
    if "between" in measure:
        parts.append("between {} and {}".format(*measure["between"]))
    for side, setting in settings_of(measure).items():
        words = ", ".join(f"{k}={v}" for k, v in setting.items() if v != "")
        parts.append(f"{side}: {words}" if side else words)
    return "; ".join(parts)


def unit_of(measure: Mapping[str, Any]) -> str:
    """Return the unit of a measure: 'percent' for shares, 'points' for differences, 'number'."""
    quantity, column = measure["quantity"], measure.get("column")
    if quantity in ("main_effect", "shapley"):
        return POINTS
    if quantity == "share":
        return PERCENT
    if column == "memory_utility" or (quantity == "difference" and column in SHARES):
        return POINTS
    return PERCENT if column in SHARES else NUMBER


def take(measure: Mapping[str, Any], rows: Rows) -> Measured:
    """Return the value of a measure.

    Raises:
        NotRun: the rows are not there, or the quantity is undefined in them.
        ValueError: see `check_measure`.
    """
    check_measure(measure)
    interval, counted = _TAKE[measure["quantity"]](measure, rows)
    numbers = (round(x, 6) + 0.0 for x in interval[:3])  # + 0.0: never -0.0
    return Measured(Interval(*numbers, interval.n), unit_of(measure), counted)


def _mean(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    column, setting = measure["column"], settings_of(measure)[""]
    chosen = rows.select(measure["rows"], setting)
    if column in CELLS and "correct_words" in chosen:
        cells = CELLS[column](chosen)
        _need(cells[1], column)
        return seeds_words_interval(*cells), "texts"
    return _over_seeds(chosen[column], chosen, measure), "seeds"


def _difference(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    column, settings = measure["column"], settings_of(measure)
    a, b = (rows.select(measure["rows"], setting) for setting in settings.values())
    a, b = common_seeds(a, b)
    if a.empty:
        raise NotRun("the two sides have no seed in common")
    if column in CELLS and "correct_words" in a:
        left, right = CELLS[column](a), CELLS[column](b)
        _need(left[1] & right[1], column)
        return seeds_words_difference(*left, *right), "texts"
    values = a[column].reset_index(drop=True) - b[column].reset_index(drop=True)
    return _over_seeds(values, a, measure), "seeds"


def _share(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    values = rows.select(measure["rows"], settings_of(measure)[""])[measure["column"]]
    inside = values.between(*measure["between"])  # a missing value is outside
    return binomial_interval(int(inside.sum()), len(values)), "runs"


def _main_effect(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    values = rows.cells(settings_of(measure)[""], "accuracy")
    return values.interval(shapley.effect_weights(measure["switch"])), "texts"


def _shapley(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    values = rows.cells(settings_of(measure)[""], measure.get("outcome", "accuracy"))
    weights = shapley.shapley_weights(shapley.GAMES[measure["game"]])
    return values.interval(weights[measure["switch"]]), "texts"


def _correlation(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    setting = settings_of(measure)[""]
    x, y = (rows.grid(setting, measure[name]) for name in "xy")  # (S, C)
    defined = ~(np.isnan(x) | np.isnan(y)).any(axis=0)
    if not defined.any():
        raise NotRun(f"{measure['x']} or {measure['y']} is undefined in every cell")
    x, y = x[:, defined], y[:, defined]
    rng = numpy_rng(0, "correlation", measure["x"], measure["y"])
    weights = np.vstack([np.ones(len(x)), draw_weights(rng, N_BOOT, len(x))])  # (1 + B, S)
    sums = (weights @ decimal_units(values)[0] for values in (x, y))  # exact: ties stay ties
    # Without spread there is no correlation: 0.
    point, *drawn = np.nan_to_num(rank_correlations(*sums))
    return percentile_interval(point, drawn, defined.sum()), "combinations"


def _arithmetic(measure: Mapping, rows: Rows) -> tuple[Interval, str]:
    value = calculate(measure["expression"])
    return Interval(value, value, value, 0), ""


def _need(tested: np.ndarray, column: str) -> None:
    if not tested.any():
        raise NotRun(f"{column} is undefined in these rows")
    if tested.any(axis=1).sum() < MIN_CELL_SEEDS:
        raise NotRun(f"one seed is too few for an interval, {MIN_CELL_SEEDS} the least")


def _over_seeds(values: pd.Series, rows: pd.DataFrame, measure: Mapping) -> Interval:
    values = values.dropna().to_numpy(float)
    if not len(values):
        raise NotRun(f"{measure['column']} is undefined in these rows")
    if len(values) < MIN_SEEDS:
        raise NotRun(f"{len(values)} seeds are too few for an interval, {MIN_SEEDS} the least")
    if (unit := unit_of(measure)) == NUMBER:
        return seeds_mean(values)
    return seeds_mean(values, low=-1 if unit == POINTS else 0, high=1, trials=count_words(rows))


_TAKE = {
    "mean": _mean,
    "difference": _difference,
    "share": _share,
    "main_effect": _main_effect,
    "shapley": _shapley,
    "correlation": _correlation,
    "arithmetic": _arithmetic,
}
