"""Tables of one-shot rows: accuracies, paired differences, other measures.

Rows have the column `arm` (`arms.with_arm`). Accuracies are resampled over seeds and words, other
measures over seeds; intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hsokv.experiments.one_shot.arms import choose_readings, main_rows
from hsokv.experiments.word_rows import (
    accuracy_difference,
    accuracy_interval,
    common_seeds,
    count_words,
    measure_interval,
)
from hsokv.flows.named import FLOWS
from hsokv.flows.readings import TUNED
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import (
    Interval,
    exact_mean,
    holm,
    paired_permutation_p,
    seeds_mean,
)

SHARE, ANY = {"low": 0, "high": 1}, {}
#: Measure -> its heading in a table, what it is multiplied by, and the range of its values.
HEADINGS = {
    "accuracy": ("accuracy at the end (%)", 100, SHARE),
    "retention": ("retention (%)", 100, SHARE),
    "forgetting": ("forgetting (points)", 100, SHARE),
    "retention_as_printed": ("retention as printed (%)", 100, SHARE),
    "memory_utility": ("memory utility (points)", 100, {"low": -1, "high": 1}),
    "kv_hit_rate": ("hit rate", 1, ANY),
    "top1_key_correct": ("nearest key right (%)", 100, SHARE),
    "read_fraction": ("texts that read (%)", 100, SHARE),
    "gate_mean": ("gate", 1, SHARE),
    "novelty_auroc": ("AUROC of novelty", 1, SHARE),
    "train_s": ("training (s)", 1, ANY),
    "predict_ms": ("answer (ms)", 1, ANY),
}
OURS = ("lexical", "redesign", "first_redesign")


def accuracy_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy per arm and condition, in the largest task without distractors.

    Returns:
        Columns arm, flow, budget, reading, chosen (the best on validation words), validation (mean
        accuracy on them), condition, point, low, high, n, n_seeds, memory_utility (an `Interval`,
        or `None`), top1_key_correct and gate_mean (means, NaN where undefined).
    """
    rows, chosen, found = main_rows(rows), choose_readings(rows), []
    for (arm, condition), part in rows.groupby(["arm", "condition"], sort=False):
        flow, budget, reading = (part[name].iloc[0] for name in ("flow", "budget", "reading"))
        found.append({
            "arm": arm, "flow": flow, "budget": budget, "reading": reading,
            "chosen": chosen.get((flow, budget)) == reading,
            "validation": exact_mean(part["validation_accuracy"]), "condition": condition,
            **accuracy_interval(part)._asdict(), "n_seeds": len(part),
            "memory_utility": measure_interval(part, "memory_utility"),
            "top1_key_correct": exact_mean(part["top1_key_correct"].dropna()),
            "gate_mean": exact_mean(part["gate_mean"].dropna()),
        })  # fmt: skip
    table = pd.DataFrame(found)
    words = table[table["condition"] == "verbatim"].set_index("arm")["validation"]
    return table.assign(validation=table["arm"].map(words))


def best_flows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the best flow per condition, as text, of the source documents and of all.

    Flows of the source documents are those that the study did not add: no library baseline, no
    lookup and not its own designs.

    Args:
        table: of `accuracy_table`.

    Returns:
        Columns condition and, with name and accuracy, 'as documented', 'documented, tuned' and
        'any flow'; the lookup is in none. A dash where none was run.
    """
    of_sources = table["flow"].map(lambda flow: not FLOWS[flow].library) & ~table["flow"].isin(OURS)
    is_tuned = table["reading"] == TUNED
    groups = {
        "as documented": of_sources & ~is_tuned,
        "documented, tuned": of_sources & is_tuned,
        "any flow": table["flow"] != "headword_lookup",
    }
    found = []
    for condition, part in table.groupby("condition", sort=False):
        line = {"condition": condition}
        for name, chosen in groups.items():
            best = part[chosen[part.index]].nlargest(1, "point")  # the first of equal ones
            line[name] = "–" if best.empty else f"{best['arm'].iloc[0]} {_texts(best)[0]}"
        found.append(line)
    return pd.DataFrame(found, columns=["condition", *groups])


def accuracy_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return an accuracy table as text in percent, a line per arm and a column per condition.

    A dash marks what was not run.
    """
    return _wide_texts(table, "arm")


def accuracy_along(rows: pd.DataFrame, column: str, conditions: Sequence[str]) -> pd.DataFrame:
    """Return accuracy per arm and condition along the number of words, or of distractors.

    Args:
        rows: of words learned all at once.
        column: 'n_way' (without distractors) or 'n_distractors' (with the most words).
        conditions: which.

    Returns:
        Columns flow (the arm), condition, the column, point, low, high, n.
    """
    rows = rows[(rows["task"] == "words") & rows["condition"].isin(conditions)]
    other = {"n_way": "n_distractors", "n_distractors": "n_way"}[column]
    fixed = rows["n_way"].max() if other == "n_way" else 0
    keys = ["condition", "arm", column]
    return pd.DataFrame([
        dict(zip(["condition", "flow", column], group)) | accuracy_interval(part)._asdict()
        for group, part in rows[rows[other] == fixed].groupby(keys, sort=False)
    ])  # fmt: skip


def difference_table(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], conditions: Sequence[str]
) -> pd.DataFrame:
    """Return accuracy of one arm minus another's, paired by seed and word; what was run only.

    Returns:
        Columns label ('a − b'), condition, point, low, high, n, n_seeds, and p_holm: sign-flip p
        values over seeds, Holm-adjusted over the pairs of a condition.
    """
    rows, found = main_rows(rows), []
    for condition in conditions:
        here, p_values, lines = rows[rows["condition"] == condition], [], []
        for a, b in pairs:
            left, right = common_seeds(here[here["arm"] == a], here[here["arm"] == b])
            if len(left):
                gap = left["accuracy"].to_numpy() - right["accuracy"].to_numpy()
                p_values.append(paired_permutation_p(gap, rng=numpy_rng(0, "flip")))
                interval = accuracy_difference(left, right)._asdict()
                lines.append({"label": f"{a} − {b}", "condition": condition} | interval)
                lines[-1]["n_seeds"] = len(left)
        found += [line | {"p_holm": p} for line, p in zip(lines, holm(p_values) if lines else [])]
    columns = ["label", "condition", *Interval._fields, "n_seeds", "p_holm"]
    return pd.DataFrame(found, columns=columns)


def difference_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a difference table as text in points, a line per pair and a column per condition.

    A dash marks what was not run.
    """
    return _wide_texts(table, "label", sign="+")


def measures_table(rows: pd.DataFrame, measures: Sequence[str], condition: str) -> pd.DataFrame:
    """Return means of measures per arm in the largest task without distractors, NaN if undefined.

    Returns:
        Columns arm, n_seeds (with any of the measures) and one per measure.
    """
    rows = main_rows(rows)
    return pd.DataFrame([
        {"arm": arm, "n_seeds": int(part[list(measures)].notna().any(axis=1).sum()),
         **{name: exact_mean(part[name].dropna()) for name in measures}}
        for arm, part in rows[rows["condition"] == condition].groupby("arm", sort=False)
    ])  # fmt: skip


def measures_texts(rows: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """Return means of measures per arm as text, with 95 % intervals over seeds.

    Args:
        rows: of one condition.
        measures: keys of `HEADINGS`.

    Returns:
        Columns arm, one per measure under its heading (a dash where undefined), and seeds.
    """
    table = []
    for arm, part in rows.groupby("arm", sort=False):
        line = {"arm": arm}
        for name in measures:
            heading, scale, ends = HEADINGS[name]
            values, digits = part[name].dropna(), 1 if scale == 100 else 2
            found = seeds_mean(values, **ends, trials=count_words(part)) if len(values) else None
            told = [f"{scale * x:.{digits}f}" for x in found[:3]] if found else []
            line[heading] = f"{told[0]} [{told[1]}, {told[2]}]" if found else "–"
        seeds = int(part[list(measures)].notna().any(axis=1).sum())
        table.append(line | {"seeds": seeds})
    return pd.DataFrame(table, columns=["arm", *(HEADINGS[m][0] for m in measures), "seeds"])


def _wide_texts(table: pd.DataFrame, index: str, sign: str = "") -> pd.DataFrame:
    wide = table.assign(text=_texts(table, sign)).pivot(
        index=index, columns="condition", values="text"
    )
    return wide.loc[table[index].unique(), table["condition"].unique()].fillna("–")


def _texts(table: pd.DataFrame, sign: str = "") -> list[str]:
    """Return the intervals of a table in percent, without n."""
    ends = (100 * table[["point", "low", "high"]]).to_numpy()
    return [f"{point:{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]" for point, low, high in ends]
