"""What a frame that is drawn shows, in a sentence: titles of figures, decided by the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.flows.display import display_name

HIGH = 0.9  # share of right answers that counts as answering
QUESTION = {
    "verbatim": "seen sentences", "recognise": "new sentences", "infer": "blanked words",
    "unseen": "words never stored", "inflect": "other forms", "define": "bare definitions",
    "two_words": "two words in a text", "sense": "words of two meanings",
}  # fmt: skip


def tell_conditions(summary: pd.DataFrame) -> str:
    """Tell how many learners answer nine in ten questions of each kind.

    Args:
        summary: columns flow, condition, point (shares).
    """
    parts = [
        f"{(own['point'] >= HIGH).sum()} of {len(own)} on {QUESTION.get(condition, condition)}"
        for condition, own in summary.groupby("condition", sort=False)
    ]
    return f"Learners with at least {100 * HIGH:.0f} % right: " + ", ".join(parts)


def tell_slopes(summary: pd.DataFrame, x: str, unit: str) -> str:
    """Tell which learner changes least and which most from the least to the most of x.

    Args:
        summary: columns flow, point (shares), x, and perhaps condition, whose last one is told.
        unit: what x counts, such as 'words'.
    """
    where = ""
    if "condition" in summary:
        last = summary["condition"].iloc[-1]
        summary, where = summary[summary["condition"] == last], f", {QUESTION.get(last, last)}"
    table = summary.pivot_table(index="flow", columns=x, values="point", sort=False).dropna()
    if table.shape[1] < 2 or table.empty:
        at = f"{summary[x].iloc[0]:,g} {unit}{where}"
        best = summary.loc[summary["point"].idxmax()]
        return f"At {at}: {display_name(best['flow'])} is best, {100 * best['point']:.0f} %"
    first, last = table.columns[0], table.columns[-1]
    change = 100 * (table[last] - table[first]).sort_values(ascending=False, kind="stable")
    ends = [f"{display_name(name)} {_tell_change(change[name])}" for name in change.index]
    told = ends[0] if len(ends) == 1 else f"{ends[0]}, {ends[-1]}"
    return f"From {first:,g} to {last:,g} {unit}{where}: {told}"


def _tell_change(points: float) -> str:
    size = f"{abs(points):.0f}"
    if size == "0":
        return "stays level"
    return f"{'gains' if points > 0 else 'loses'} {size} points"


def tell_differences(table: pd.DataFrame, subject: str) -> str:
    """Tell in how many comparisons a subject does better and worse beyond its interval.

    Args:
        table: columns low, high of differences; above zero the subject does better.
        subject: what is compared with others, a flow or a word.
    """
    better, worse, n = (table["low"] > 0).sum(), (table["high"] < 0).sum(), len(table)
    rest = n - better - worse
    name = display_name(subject)
    told = f"{name[0].upper()}{name[1:]}: better in {better} of {n} comparisons, worse in {worse}"
    return told + (f"; {rest} cannot be told" if rest else "")


def tell_cost(table: pd.DataFrame, cost: str) -> str:
    """Tell the best accuracy without and with a cost.

    Args:
        table: columns flow, point (shares) and the cost.
    """
    parts = []
    for paid, name in ((False, "without training"), (True, "with training")):
        own = table[(table[cost] > 0) == paid]
        if len(own):
            best = own.loc[own["point"].idxmax()]
            parts.append(f"{name} {display_name(best['flow'])} reaches {100 * best['point']:.0f} %")
    told = ", ".join(parts)
    return told[0].upper() + told[1:]


def tell_specifications(table: pd.DataFrame, statement: str) -> str:
    """Tell in how many specifications a statement holds and in how many it fails.

    Args:
        table: column verdict, a specification each.
        statement: the statement, as a sentence's beginning.
    """
    holds, fails = (table["verdict"] == "holds").sum(), (table["verdict"] == "fails").sum()
    return f"{statement}: holds in {holds} of {len(table)} specifications, fails in {fails}"


def tell_range(values: pd.Series) -> str:
    """Return the least and the most of some shares, in percent."""
    low, high = 100 * np.min(values), 100 * np.max(values)
    return f"{low:.0f} to {high:.0f} %"
