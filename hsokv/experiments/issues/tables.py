"""Tables of the eleven issues in words, for notebook and book."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hsokv.experiments.effects import BASE_NAMES, ISSUES, answer, arm_rows, points, verdict
from hsokv.flows.variants import BASES, arm_config
from hsokv.stats.intervals import Interval, exact_mean


def effects_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return an `effect_table` in words, for a page.

    Returns:
        Columns comparison, learner, condition, with (%), without (%), difference (points, with
        its simultaneous interval), one-shot words (points), seeds, verdict.
    """
    rows = [
        {"comparison": r.label if r.is_main else f"{r.label} (further)",
         "learner": BASE_NAMES[r.base], "condition": r.condition,
         "with (%)": f"{100 * r.accuracy_on:.1f}", "without (%)": f"{100 * r.accuracy_off:.1f}",
         "difference (points)": points(Interval(r.point, r.low, r.high, r.n)),
         "one-shot words (points)": r.one_shot, "seeds": r.n_seeds, "verdict": r.verdict}
        for r in table.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def arms_text(frame: pd.DataFrame, issue: str, condition: str = "verbatim") -> pd.DataFrame:
    """Return what the memories of an issue's arms held and did, means over seeds.

    Returns:
        Columns learner, variant (– for none), stored, consolidated, forgotten
        (entries), nearest key right (%), memory utility (points), network alone (accuracy in %
        without the memory), gate.
    """
    arms = [(e.base, v) for e in ISSUES[issue].effects for v in (e.off, e.on)]
    table = []
    for base, variant in dict.fromkeys(arms):
        rows = arm_rows(frame, base, variant, condition)
        if rows.empty:
            continue
        mean = rows.select_dtypes("number").agg(lambda column: exact_mean(column.dropna()))
        table.append(
            {"learner": BASE_NAMES[base], "variant": variant or "–",
             "stored": f"{mean['n_entries']:,.1f}",
             "consolidated": f"{mean['n_consolidated']:,.1f}",
             "forgotten": f"{mean['n_forgotten']:,.1f}",
             "nearest key right": f"{100 * mean['top1_key_correct']:.1f}",
             "memory utility": f"{100 * mean['memory_utility']:+.1f}",
             "network alone": f"{100 * (mean['accuracy'] - mean['memory_utility']):.1f}",
             "gate": f"{mean['gate_mean']:.2f}" if mean["gate_mean"] >= 0 else "–"}
        )  # fmt: skip
    return pd.DataFrame(table)


def hit_rate_text(means: pd.DataFrame) -> pd.DataFrame:
    """Return `hit_rate.arm_means` in words, the lowest hit rate first.

    Returns:
        Columns learner, variant, similarity, hit rate, nearest key right (%), memory utility
        (points), accuracy (%).
    """
    means = means.sort_values("kv_hit_rate", kind="stable")
    percent = {
        "nearest key right (%)": "top1_key_correct", "memory utility (points)": "memory_utility",
        "accuracy (%)": "accuracy",
    }  # fmt: skip
    shown = {"learner": means["base"].map(BASE_NAMES), "variant": means["variant"].replace("", "–"),
             "similarity": means["similarity"],
             "hit rate": [f"{x:.2f}" for x in means["kv_hit_rate"]]}  # fmt: skip
    for name, column in percent.items():
        shown[name] = [f"{100 * x:.1f}" for x in means[column]]
    return pd.DataFrame(shown)


def happens(frame: pd.DataFrame) -> dict[str, str]:
    """Tell whether what an issue describes happens in H-SOKV, where it can be seen in its memory.

    Means over seeds, under `verbatim`. An issue that speaks of accuracy alone has no entry.
    """
    rows = arm_rows(frame, BASES[0], "", "verbatim")
    if rows.empty:
        return {}
    own = rows.mean(numeric_only=True)
    written = own["n_entries"] + own["n_consolidated"] + own["n_forgotten"]
    deleted = {"1_1": own["n_consolidated"], "1_2": own["n_forgotten"]}
    told = {
        issue: f"{'yes' if n >= 1 else 'no'}: {n:,.0f} of {written:,.0f} memories deleted"
        for issue, n in deleted.items()
    }
    is_shut = "yes" if own["gate_mean"] < 0.5 else "no"
    told["4_1"] = f"{is_shut}: gate {own['gate_mean']:.2f}, the memory's share of the answer"
    capacity = arm_config(BASES[0]).capacity
    if written >= capacity:
        told["3_2"] = f"no: its memory is full, {capacity:,} entries"
    return told


def to_html(table: pd.DataFrame) -> str:
    """Return a table as HTML that wraps its cells and scrolls by itself where it is wide."""
    text = table.to_html(index=False, border=0, justify="left", classes="table")
    text = text.replace('class="dataframe table"', 'class="table"')  # whose cells never wrap
    return f'<div style="overflow-x: auto">{text}</div>'


def overview(effects: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the ten issues that are effects on accuracy, one `effect_table` each.

    Returns:
        Columns issue, claim, verdict, prototype and simple (the verdicts on H-SOKV alone, and on
        the other learners), measured (the answer in a sentence).
    """
    rows = [
        {"issue": ISSUES[key].number, "claim": ISSUES[key].claim, "verdict": verdict(table),
         "prototype": verdict(table, BASES[:1]), "simple": verdict(table, BASES[1:]),
         "measured": answer(table, key)}
        for key, table in effects.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)
