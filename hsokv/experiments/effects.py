"""What the rows say about each of the eleven issues: effects, verdicts and answers in a sentence.

An effect is accuracy with a mechanism minus accuracy without it, paired by seed and word: below
zero it harms. The intervals of an issue cover together with 95 % (Bonferroni over its main cells),
so the largest of them may be picked out. The rules below were written before the rows were run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hsokv.experiments.memory_rows import CONDITIONS
from hsokv.experiments.word_rows import (
    MIN_EFFECT,
    accuracy_difference,
    common_seeds,
    one_shot_cells,
)
from hsokv.flows.variants import BASES, UNTRAINED
from hsokv.stats.decisions import NOT_RUN, OPEN
from hsokv.stats.intervals import Interval, exact_mean
from hsokv.stats.two_way import seeds_words_difference

REAL = "real"  # the whole interval beyond the smallest effect of interest, on the harmful side
REAL_UNSIZED = "real, size unclear"  # the whole interval harmful, but not all beyond it
REAL_SMALL = "real but small"  # the whole interval harmful and short of it
OPPOSITE = "the opposite"  # the same three on the beneficial side
OPPOSITE_UNSIZED = "the opposite, size unclear"
OPPOSITE_SMALL = "the opposite but small"
NO_EFFECT = "no effect found"  # the whole interval within the smallest effect of interest
FLOOR_VERDICT = "at the floor"  # zero inside, and neither arm answers enough to lose anything
DEPENDS = "depends on the learner"  # harmful in one cell, beneficial in another
HARMFUL = (REAL, REAL_UNSIZED, REAL_SMALL)  # the strongest first
HELPFUL = (OPPOSITE, OPPOSITE_UNSIZED, OPPOSITE_SMALL)
FLOOR = 0.10  # accuracy below which an arm has nothing to lose
ALPHA = 0.05
BASE_NAMES = {
    "current": "H-SOKV",
    "simple": "plain memory",
    UNTRAINED: "random vectors",
}


@dataclass(frozen=True)
class Effect:
    """A mechanism's effect in one base: accuracy of the arm with it minus the arm without.

    Attributes:
        base: one of `flows.variants.BASES`.
        on: variant with the mechanism.
        off: variant without it.
        label: what is compared, in a few words.
        is_main: whether the verdict rests on it; others are further evidence.
    """

    base: str
    on: str
    off: str
    label: str
    is_main: bool = True


@dataclass(frozen=True)
class Issue:
    """One of the source documents' issues.

    Attributes:
        number: e.g. '2.1'.
        claim: the source documents' claim in our words.
        mechanism: what is switched, for a figure and for the answer.
        effects: the comparisons that test it, main ones first.
    """

    number: str
    claim: str
    mechanism: str
    effects: tuple[Effect, ...]


def _effects(*rows: tuple) -> tuple[Effect, ...]:
    return tuple(Effect(*row) for row in rows)


NN = UNTRAINED
ISSUES: dict[str, Issue] = {
    "1_1": Issue("1.1", "consolidation deletes memories that are still needed", "consolidation",
        _effects(("current", "", "no_consolidation", "consolidation"),
                 ("simple", "consolidation", "", "consolidation"),
                 ("simple", "gate_consolidation", "gate", "consolidation, gated answer", False),
                 ("current", "", "no_lifecycle", "consolidation and forgetting", False))),
    "1_2": Issue("1.2", "forgetting by utility deletes first exposures", "forgetting by utility",
        _effects(("current", "", "no_forgetting", "forgetting"),
                 ("simple", "forgetting", "", "forgetting"), (NN, "forgetting", "", "forgetting"),
                 ("current", "interference", "no_forgetting", "the shipped rule", False),
                 ("simple", "interference", "", "the shipped rule", False),
                 (NN, "interference", "", "the shipped rule", False))),
    "1_3": Issue("1.3", "the protection of first exposures is too weak",
        "weak, not strong, protection",
        _effects(("current", "", "strong_boost", "weak − strong protection"),
                 ("simple", "boost", "strong_boost", "weak − strong protection"),
                 (NN, "boost", "strong_boost", "weak − strong protection"),
                 ("current", "", "no_boost", "weak − no protection", False),
                 ("simple", "boost", "", "weighting and weak protection", False),
                 (NN, "boost", "", "weighting and weak protection", False),
                 ("current", "", "no_confidence", "weighting by confidence", False))),
    "2_1": Issue("2.1", "normalising queries and keys loses information", "cosine, not dot product",
        _effects(("current", "", "dot", "cosine − dot product"),
                 ("simple", "", "dot", "cosine − dot product"),
                 (NN, "cosine", "", "cosine − dot product"))),
    "2_2": Issue("2.2", "averaging the top five dilutes the best match", "mean of five, not best",
        _effects(("current", "", "top1", "mean of 5 − top 1"),
                 ("simple", "top5", "", "mean of 5 − top 1"),
                 (NN, "top5", "", "mean of 5 − top 1"),
                 ("simple", "top5_vote", "", "vote of 5 − top 1", False),
                 (NN, "top5_vote", "", "vote of 5 − top 1", False))),
    "2_3": Issue("2.3", "context boosts are noise that swaps winners", "context boosts",
        _effects(("current", "", "no_context", "context boosts"),
                 ("simple", "context", "", "context boosts"),
                 (NN, "context", "", "context boosts"))),
    "3_1": Issue("3.1", "the swarm adds more noise than signal", "the swarm, not plain Adam",
        _effects(("current", "swarm", "", "swarm − plain Adam"),
                 ("simple", "swarm", "", "swarm − plain Adam"))),
    "3_2": Issue("3.2", "the surprise threshold is too high", "writing by surprise",
        _effects(("current", "", "threshold_005", "threshold 0.3 − 0.05"),
                 ("simple", "surprise", "", "surprise − every text once"),
                 (NN, "surprise", "", "novelty − every text"),
                 ("current", "", "write_all", "threshold 0.3 − every text", False),
                 ("simple", "surprise", "surprise_005", "threshold 0.3 − 0.05", False),
                 ("simple", "surprise_once", "", "surprise, once − every text once", False))),
    "4_1": Issue("4.1", "the gate learns to ignore the memory", "the gate, not stored labels",
        _effects(("current", "", "label", "gate − stored label"),
                 ("simple", "gate", "", "gate − stored label"))),
    "4_2": Issue("4.2", "four layers of width 256 are too shallow and too small",
        "four layers, not eight",
        _effects(("current", "layers_4", "layers_8", "4 − 8 layers"),
                 ("simple", "layers_4", "layers_8", "4 − 8 layers"),
                 ("current", "", "layers_4", "1 − 4 layers", False),
                 ("simple", "", "layers_4", "1 − 4 layers", False),
                 ("current", "", "wide", "width 64 − 256", False),
                 ("simple", "", "wide", "width 64 − 256", False),
                 ("current", "documented_size", "wide", "4 − 1 layers at width 256", False),
                 ("simple", "documented_size", "wide", "4 − 1 layers at width 256", False),
                 ("current", "last_token", "", "last token − mean pooling", False),
                 ("simple", "last_token", "", "last token − mean pooling", False))),
}  # fmt: skip


def verdict_of(interval: Interval, best: float = 1.0) -> str:
    """Return the verdict on one cell.

    Args:
        interval: accuracy with the mechanism minus without.
        best: the better arm's accuracy.
    """
    for kinds, low, high in (
        (HARMFUL, -interval.high, -interval.low), (HELPFUL, interval.low, interval.high)
    ):  # fmt: skip
        if low > 0:
            clear, unsized, small = kinds
            return clear if low > MIN_EFFECT else small if high < MIN_EFFECT else unsized
    if best < FLOOR:
        return FLOOR_VERDICT
    if interval.low > -MIN_EFFECT and interval.high < MIN_EFFECT:
        return NO_EFFECT
    return OPEN


def combine(verdicts: list[str]) -> str:
    """Return the verdict on an issue from those on its main cells; cells at the floor are mute."""
    said = [v for v in verdicts if v not in (FLOOR_VERDICT, NOT_RUN)]
    harmful, helpful = ([v for v in kinds if v in said] for kinds in (HARMFUL, HELPFUL))
    if harmful and helpful:
        return DEPENDS
    if harmful or helpful:
        return (harmful or helpful)[0]
    if said and set(said) == {NO_EFFECT}:
        return NO_EFFECT
    return OPEN if said or FLOOR_VERDICT in verdicts else NOT_RUN


def arm_rows(frame: pd.DataFrame, base: str, variant: str, condition: str) -> pd.DataFrame:
    """Return one arm's rows under a condition, by seed; empty where it was not run."""
    is_arm = (frame["base"] == base) & (frame["variant"] == variant)
    return frame[is_arm & (frame["condition"] == condition)].sort_values("seed")


def effect_table(frame: pd.DataFrame, issue: str) -> pd.DataFrame:
    """Return every effect of an issue under every condition where both arms were run, in order.

    Returns:
        Columns label, base, condition, is_main, point, low, high, n, n_seeds, accuracy_on,
        accuracy_off, one_shot (the effect on words with one training text, with a plain 95 %
        interval), verdict.
    """
    effects = ISSUES[issue].effects
    level = 1 - ALPHA / (len(CONDITIONS) * sum(effect.is_main for effect in effects))
    table = []
    for effect in effects:
        for condition in CONDITIONS:
            pair = (arm_rows(frame, effect.base, v, condition) for v in (effect.on, effect.off))
            on, off = common_seeds(*pair)
            if on.empty:
                continue
            interval = accuracy_difference(on, off, level=level)
            means = exact_mean(on["accuracy"]), exact_mean(off["accuracy"])
            row = {"label": effect.label, "base": effect.base, "condition": condition}
            row |= {"is_main": effect.is_main} | interval._asdict() | {"n_seeds": len(on)}
            row |= {"accuracy_on": means[0], "accuracy_off": means[1]}
            row |= {"one_shot": _one_shot(on, off), "verdict": verdict_of(interval, max(means))}
            table.append(row)
    columns = ["label", "base", "condition", "is_main", *Interval._fields, "n_seeds",
               "accuracy_on", "accuracy_off", "one_shot", "verdict"]  # fmt: skip
    return pd.DataFrame(table, columns=columns)


def _one_shot(on: pd.DataFrame, off: pd.DataFrame) -> str:
    cells = *one_shot_cells(on), *one_shot_cells(off)
    return points(seeds_words_difference(*cells)) if (cells[1] & cells[3]).any() else "–"


def points(interval: Interval) -> str:
    """Return an interval in points without its unit and n, for a table."""
    return interval.text(signed=True).rpartition(", n =")[0].replace(" points", "")


def verdict(table: pd.DataFrame, bases: Sequence[str] = BASES) -> str:
    """Return the verdict on an issue from its `effect_table`, on all bases or on some."""
    return combine(list(table.loc[table["is_main"] & table["base"].isin(bases), "verdict"]))


def answer(table: pd.DataFrame, issue: str) -> str:
    """Return the issue's answer: its verdict, then size and question per learner."""
    told = verdict(table)
    main = table[table["is_main"]]
    if main.empty:
        return f"Issue {ISSUES[issue].number}: not run at this scale."
    parts = []
    for base in BASES:
        rows = main[main["base"] == base]
        if rows.empty:
            continue
        row = rows.loc[_telling(rows)]
        text = Interval(row["point"], row["low"], row["high"], int(row["n"])).text(signed=True)
        parts.append(f"{BASE_NAMES[base]} {text}, {row['condition']} ({row['verdict']})")
    head = f"Does it hurt? {told[0].upper()}{told[1:]}. Effect of {ISSUES[issue].mechanism}: "
    return head + "; ".join(parts) + "."


def _telling(rows: pd.DataFrame) -> int:
    """Return the index of the cell to report: decided before undecided, then the largest."""
    decided = rows["verdict"].isin([*HARMFUL, *HELPFUL])
    quiet = rows["verdict"] != FLOOR_VERDICT
    chosen = rows[decided] if decided.any() else rows[quiet] if quiet.any() else rows
    return chosen["point"].abs().idxmax()
