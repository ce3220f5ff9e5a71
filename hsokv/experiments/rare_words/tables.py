"""Summaries of rare-word rows: intervals per flow and setting, paired comparisons, tables.

An *arm* is a flow under a budget: 'redesign', 'current (demo)', 'current (full)'. Accuracies are
resampled over seeds and words, other measures over seeds. Every interval is a 95 % interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hsokv.experiments.word_rows import (
    accuracy_difference,
    accuracy_interval,
    common_seeds,
)
from hsokv.flows.named import FLOWS
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import (
    Interval,
    exact_mean,
    holm,
    paired_permutation_p,
)


def with_arm(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `arm`, in the order of the flows."""
    plain = frame["budget"].isin(["none", "fixed"])
    arm = frame["flow"].where(plain, frame["flow"] + " (" + frame["budget"] + ")")
    order = {flow: i for i, flow in enumerate(FLOWS)}
    frame = frame.assign(arm=arm, _order=frame["flow"].map(order))
    return frame.sort_values(["_order", "arm", "seed"], kind="stable").drop(columns="_order")


def list_arms(frame: pd.DataFrame) -> list[str]:
    """Return the arms present, in the order of the flows."""
    return list(dict.fromkeys(with_arm(frame)["arm"]))


def rows_of(
    frame: pd.DataFrame, arm: str, condition: str, n_way: int = 100, n_distractors: int = 0
) -> pd.DataFrame:
    """Return one arm's rows in one setting, one per seed, by seed.

    Raises:
        ValueError: there is none.
    """
    rows = with_arm(frame)
    rows = rows[
        (rows["arm"] == arm)
        & (rows["condition"] == condition)
        & (rows["n_way"] == n_way)
        & (rows["n_distractors"] == n_distractors)
    ]
    if rows.empty:
        raise ValueError(
            f"no rows of {arm!r} under {condition!r}, n_way={n_way}, n_distractors="
            f"{n_distractors}: run the experiment with these settings first"
        )
    return rows.sort_values("seed")


def summarise(
    frame: pd.DataFrame,
    conditions: Sequence[str],
    *,
    arms: Sequence[str] | None = None,
    n_ways: Sequence[int] = (100,),
    n_distractors: Sequence[int] = (0,),
) -> pd.DataFrame:
    """Return accuracy per arm and setting, where it was measured.

    Returns:
        Columns flow (the arm), condition, n_way, n_distractors, point, low, high, n, n_seeds.
    """
    rows = with_arm(frame)
    arms = list_arms(frame) if arms is None else arms
    keep = rows["condition"].isin(conditions) & rows["n_way"].isin(n_ways) & rows["arm"].isin(arms)
    rows = rows[keep & rows["n_distractors"].isin(n_distractors)]
    keys = ["arm", "condition", "n_way", "n_distractors"]
    table = [
        dict(zip(keys, group)) | accuracy_interval(part)._asdict() | {"n_seeds": len(part)}
        for group, part in rows.groupby(keys, sort=False)
    ]
    table = pd.DataFrame(table).rename(columns={"arm": "flow"})
    table["_arm"] = table["flow"].map({arm: i for i, arm in enumerate(arms)})
    table["_condition"] = table["condition"].map({c: i for i, c in enumerate(conditions)})
    table = table.sort_values(["_condition", "_arm", "n_way", "n_distractors"])
    return table.drop(columns=["_arm", "_condition"]).reset_index(drop=True)


def compare(frame: pd.DataFrame, a: str, b: str, condition: str, **setting) -> Interval:
    """Return accuracy of arm a minus arm b, paired by seed and word.

    Args:
        setting: n_way and n_distractors, see `rows_of`.

    Raises:
        ValueError: an arm was not run in this setting, or no seed is common to both.
    """
    left, right = _common(
        rows_of(frame, a, condition, **setting), rows_of(frame, b, condition, **setting)
    )
    return accuracy_difference(left, right)


def _common(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    a, b = common_seeds(a, b)
    if a.empty:
        raise ValueError("the two arms have no seed in common: run both with the same seeds")
    return a, b


def comparison_table(
    frame: pd.DataFrame, pairs: Sequence[tuple[str, str]], condition: str, **setting
) -> pd.DataFrame:
    """Return paired differences with Holm-adjusted sign-flip p values over the family.

    Returns:
        Columns label, point, low, high, n, n_seeds, p_holm; pairs not measured are left out.
    """
    table, p_values = [], []
    for a, b in pairs:
        try:
            left, right = _common(
                rows_of(frame, a, condition, **setting), rows_of(frame, b, condition, **setting)
            )
        except ValueError:
            continue
        difference = left["accuracy"].to_numpy() - right["accuracy"].to_numpy()
        p_values.append(paired_permutation_p(difference, rng=numpy_rng(0, "flip")))
        interval = compare(frame, a, b, condition, **setting)
        table.append({"label": f"{a} − {b}", **interval._asdict(), "n_seeds": len(left)})
    columns = ["label", *Interval._fields, "n_seeds"]
    return pd.DataFrame(table, columns=columns).assign(p_holm=holm(p_values) if table else [])


def measures_table(
    frame: pd.DataFrame,
    measures: Sequence[str],
    condition: str,
    *,
    arms: Sequence[str] | None = None,
    n_way: int = 100,
) -> pd.DataFrame:
    """Return means of measures per arm without distractors; NaN where undefined.

    Returns:
        Columns flow (the arm), n_seeds (with any of the measures) and one per measure.
    """
    table = []
    for arm in list_arms(frame) if arms is None else arms:
        try:
            rows = rows_of(frame, arm, condition, n_way=n_way)
        except ValueError:
            continue
        means = {name: exact_mean(rows[name].dropna()) for name in measures}
        n_seeds = int(rows[list(measures)].notna().any(axis=1).sum())
        table.append({"flow": arm, "n_seeds": n_seeds, **means})
    return pd.DataFrame(table)
