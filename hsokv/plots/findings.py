"""What a frame that is drawn shows, in a sentence: titles of figures, decided by the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hsokv.flows.display import display_name

HIGH = 0.9  # share of right answers that counts as answering
LEVEL = 0.005  # shares that are nearer are the same
UNITS = {"flops": "FLOPs"}
QUESTION = {
    "verbatim": "seen sentences", "recognise": "new sentences", "infer": "blanked words",
    "unseen": "words never stored", "inflect": "other forms", "define": "bare definitions",
    "two_words": "two words in a text", "sense": "words of two meanings",
}  # fmt: skip


def tell_conditions(summary: pd.DataFrame) -> str:
    """Tell who answers nine in ten questions of each kind: up to three by name, more by number.

    Args:
        summary: columns flow, condition, point (shares).
    """
    parts = []
    for condition, own in summary.groupby("condition", sort=False):
        high = own[own["point"] >= HIGH]["flow"].map(display_name)
        best = own.loc[own["point"].idxmax()]
        told = f"{len(high)} of {len(own)}" if len(high) > 3 else ", ".join(high)
        if not told:
            told = f"none, at best {display_name(best['flow'])} ({100 * best['point']:.0f} %)"
        parts.append(f"{QUESTION.get(condition, condition)}: {told}")
    return f"At least {100 * HIGH:.0f} % right on " + "; ".join(parts)


def tell_slopes(
    summary: pd.DataFrame, x: str, unit: str, condition: str = "", flows: Sequence[str] = ()
) -> str:
    """Tell accuracy at the least and at the most of x.

    Args:
        summary: columns flow, point (shares), x, and perhaps condition.
        unit: what x counts, such as 'words'.
        condition: which is told, by default the last.
        flows: which are told; by default, or if none was run, the best and the worst at the most.
    """
    where = ""
    if "condition" in summary:
        conditions = list(summary["condition"].unique())
        condition = condition if condition in conditions else conditions[-1]
        summary = summary[summary["condition"] == condition]
        where = f", {QUESTION.get(condition, condition)}"
    table = 100 * summary.pivot_table(index="flow", columns=x, values="point", sort=False)
    table = table[sorted(table)].dropna(how="any")
    first, last = table.columns[0], table.columns[-1]
    order = table[last].round(1).sort_values(ascending=False, kind="stable").index
    told = [flow for flow in flows if flow in order] or [order[0], order[-1]]
    span = f"{first:,g}" if first == last else f"{first:,g} to {last:,g}"
    ends = [
        f"{display_name(flow)} "
        + (f"{table[first][flow]:.0f} to " if first != last else "")
        + f"{table[last][flow]:.0f} %"
        for flow in dict.fromkeys(told)
    ]
    return f"{span} {unit}{where}: " + ", ".join(ends)


def tell_differences(table: pd.DataFrame, subject: str, min_effect: float | None = None) -> str:
    """Tell in how many comparisons a subject does better and worse beyond its interval.

    Args:
        table: columns low, high of differences; above zero the subject does better.
        subject: what is compared with others, a flow or a word.
        min_effect: smallest difference of interest; what lies wholly within it is alike.
    """
    better, worse, n = (table["low"] > 0).sum(), (table["high"] < 0).sum(), len(table)
    quiet = (table["low"] <= 0) & (table["high"] >= 0)
    bound = 0.0 if min_effect is None else min_effect
    alike = (quiet & (table["low"] > -bound) & (table["high"] < bound)).sum()
    name = display_name(subject)
    told = f"{name[0].upper()}{name[1:]}: better in {better} of {n} comparisons, worse in {worse}"
    told += f"; {alike} alike within {100 * bound:g} points" if alike else ""
    rest = n - better - worse - alike
    return told + (f"; {rest} cannot be told" if rest else "")


def tell_cost(table: pd.DataFrame, cost: str) -> str:
    """Tell the best accuracy without a cost, and the cheapest that is as good with it.

    Args:
        table: columns flow, point (shares) and the cost.
    """
    parts = []
    for paid in (False, True):
        own = table[(table[cost] > 0) == paid]
        if own.empty:
            continue
        best = own[own["point"] > own["point"].max() - LEVEL].sort_values(cost, kind="stable")
        row = best.iloc[0]
        how = f"for {row[cost]:.1e} {UNITS.get(cost, cost)}" if paid else "without training"
        parts.append(f"{100 * row['point']:.0f} % {how} ({display_name(row['flow'])})")
    return "Reached: " + ", ".join(parts)


def tell_specifications(table: pd.DataFrame, statement: str) -> str:
    """Tell in how many specifications a statement holds and in how many it fails.

    Args:
        table: column verdict, a specification each.
        statement: a sentence.
    """
    holds, fails = (table["verdict"] == "holds").sum(), (table["verdict"] == "fails").sum()
    return f"Holds in {holds} of {len(table)} specifications, fails in {fails}: {statement}"


def tell_range(values: pd.Series) -> str:
    """Return the least and the most of some shares, in percent."""
    low, high = 100 * np.min(values), 100 * np.max(values)
    return f"{low:.0f} to {high:.0f} %"
