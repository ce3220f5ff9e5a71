"""Issue 5.1: does the source documents' hit rate say whether a memory is of use?

Over the arms of an experiment the mean score of what was read is compared with two measures of use:
the share of queries whose nearest key belongs to the right word, and accuracy with the memory minus
without.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.experiments.effects import OPPOSITE, REAL, combine
from hsokv.flows.variants import arm_config
from hsokv.seeds import numpy_rng
from hsokv.stats.decisions import NOT_RUN, OPEN
from hsokv.stats.intervals import (
    Interval,
    decimal_units,
    draw_weights,
    exact_mean,
    percentile_interval,
)
from hsokv.stats.metrics import rank_correlations

NUMBER, CLAIM = "5.1", "the hit rate misleads"
USES = {"top1_key_correct": "nearest key right", "memory_utility": "memory utility"}
SIMILARITIES = ("cosine", "dot")
PROXY = 0.7  # rank correlation from which the hit rate would stand for use: half the variance
N_BOOT = 1000
MIN_ARMS, MIN_SEEDS = 5, 3  # fewer tell nothing about a correlation


def arm_means(frame: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Return means over seeds of hit rate and use, one row per arm.

    Args:
        frame: rows of the experiment `issues`, or others with a column `similarity`.
        condition: a test condition.

    Returns:
        Columns base, variant, similarity ('cosine' or 'dot'), kv_hit_rate, top1_key_correct,
        memory_utility, accuracy.
    """
    rows = frame[frame["condition"] == condition]
    if "similarity" not in rows:
        kinds = [arm_config(*arm).similarity for arm in zip(rows["base"], rows["variant"])]
        rows = rows.assign(similarity=kinds)
    names = ["kv_hit_rate", *USES, "accuracy"]
    by_arm = rows.groupby(["base", "variant", "similarity"], sort=False)[names]
    return by_arm.agg(lambda column: exact_mean(column.dropna())).dropna().reset_index()


def rank_correlation(
    frame: pd.DataFrame, use: str, condition: str, similarity: str = ""
) -> Interval | None:
    """Return Spearman's correlation over arms of hit rate and a measure of use.

    The interval resamples seeds and takes the arms as they are; n counts arms. With fewer than
    `MIN_SEEDS` it is all of [-1, 1]. `None` with fewer than `MIN_ARMS` or without spread.

    Args:
        frame: as for `arm_means`.
        use: a key of `USES`.
        condition: a test condition.
        similarity: 'cosine' or 'dot' for the arms that score by it, whose scores have one unit.
    """
    rows = frame[frame["condition"] == condition].dropna(subset=["kv_hit_rate", use])
    if similarity:
        arms = arm_means(frame, condition)
        arms = arms[arms["similarity"] == similarity]
        rows = rows.merge(arms[["base", "variant"]], on=["base", "variant"])
    wide = [
        rows.pivot_table(index="seed", columns=["base", "variant"], values=name, observed=True)
        for name in ("kv_hit_rate", use)
    ]
    values = [table.to_numpy() for table in wide]  # (n_seeds, n_arms) each
    n_seeds, n_arms = values[0].shape if rows.size else (0, 0)
    if n_arms < MIN_ARMS:
        return None
    point = rank_correlations(*(_means(v, np.ones((1, n_seeds))) for v in values))[0]
    if n_seeds < MIN_SEEDS and np.isfinite(point):
        return Interval(float(point), -1.0, 1.0, n_arms)
    rng = numpy_rng(0, "hit rate", use, condition)
    weights = draw_weights(rng, N_BOOT, n_seeds)
    draws = rank_correlations(*(_means(v, weights) for v in values))
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(point) or not draws.size:
        return None
    return percentile_interval(point, draws, n_arms)


def _means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weighted means over the seeds an arm has, (B, n_arms); NaN where it has none.

    Args:
        values: (n_seeds, n_arms), NaN where an arm was not run.
        weights: (B, n_seeds).
    """
    present = np.isfinite(values)
    units, one = decimal_units(np.where(present, values, 0.0))  # exact: arms that tie stay tied
    count = weights @ present.astype(float)
    count[count == 0] = np.nan
    return weights @ units / count / one


def correlation_table(frame: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    """Return the rank correlations with both measures of use, for all arms and per similarity.

    Returns:
        Columns condition, arms ('all', 'cosine' or 'dot'), use, point, low, high, n.
    """
    table = []
    for condition in conditions:
        for arms in ("all", *SIMILARITIES):
            for use, label in USES.items():
                similarity = "" if arms == "all" else arms
                interval = rank_correlation(frame, use, condition, similarity)
                if interval is not None:
                    row = {"condition": condition, "arms": arms, "use": label}
                    table.append(row | interval._asdict())
    return pd.DataFrame(table, columns=["condition", "arms", "use", *Interval._fields])


def verdict(frame: pd.DataFrame) -> str:
    """Return whether the hit rate misleads, judged where memories are of use: `verbatim`.

    It does where its rank correlation with utility is below `PROXY`. Arms that score by cosine and
    by dot product are judged apart: their hit rates have different units.
    """
    found = (
        rank_correlation(frame, "memory_utility", "verbatim", similarity)
        for similarity in SIMILARITIES
    )
    return combine([_verdict(interval) for interval in found])


def _verdict(interval: Interval | None) -> str:
    if interval is None:
        return NOT_RUN
    if interval.high < PROXY:
        return REAL
    return OPPOSITE if interval.low >= PROXY else OPEN


def answer(frame: pd.DataFrame) -> str:
    """Return issue 5.1's answer in a sentence, judged where memories are of use: `verbatim`."""
    within = {s: rank_correlation(frame, "memory_utility", "verbatim", s) for s in SIMILARITIES}
    pooled = {use: rank_correlation(frame, use, "verbatim") for use in USES}
    told = verdict(frame)
    if None in pooled.values():
        return "Issue 5.1: not run at this scale."
    means = arm_means(frame, "verbatim")
    most = means.loc[means["kv_hit_rate"].idxmax()]
    above = int((means["kv_hit_rate"] > 1).sum())
    apart = " and ".join(
        f"{interval.text(percent=False)} by {name}" for name, interval in within.items() if interval
    )
    return (
        f"{told[0].upper()}{told[1:]}: under verbatim the hit rate's rank correlation with memory "
        f"utility is {apart or 'not known'} (arms of one unit), and over all arms "
        f"{pooled['memory_utility'].text(percent=False)}; with the share of right nearest keys "
        f"{pooled['top1_key_correct'].text(percent=False)}. And it is no rate: it exceeds 1 in "
        f"{above} of {len(means)} arms, up to {most['kv_hit_rate']:.2f} by {most['similarity']}."
    )
