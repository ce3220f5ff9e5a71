"""Summaries of the printed table's rows: each printed number beside what was measured here.

A summary is the mean over seeds with a 95 % interval from resampled seeds, since one seed prints
one table. Differences are paired by seed: the same draw of words and texts, for repairs even the
same trained weights.
"""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.printed_table.printed import PRINTED
from hsokv.stats.intervals import Interval, binomial_interval, seeds_mean

ARM_OF = {"h_sokv": "as_shipped"}  # printed rows whose arm has another name
#: Arm -> what a reader calls it.
ARM_NAME = {
    "as_shipped": "H-SOKV as shipped",
    "as_shipped_masked": "H-SOKV, padding hidden",
    "baseline_1": "Baseline-1",
    "baseline_2": "Baseline-2",
    "baseline_2_cosine": "Baseline-2, cosine",
    "baseline_3": "Baseline-3",
}
ROW_NAME = {
    "h_sokv": "H-SOKV",
    "baseline_1": "Baseline-1",
    "baseline_2": "Baseline-2",
    "baseline_3": "Baseline-3",
}
ROW_IS = {
    "h_sokv": "swarm-trained transformer\nwith gated memory",
    "baseline_1": "trained transformer,\nno memory",
    "baseline_2": "nearest neighbour,\nrandom word vectors",
    "baseline_3": "trained transformer with\nthe same memory, no swarm",
}  # what the code did in each row
HEADING_NAME = {
    "one_shot": "one-shot accuracy",
    "retention": "retention",
    "kv_hit_rate": "KV hit rate",
}
# Heading -> (column with the table's own definition, column with what the heading promises).
HEADINGS = {
    "one_shot": ("printed_one_shot", "one_shot_accuracy"),
    "retention": ("printed_retention", "retention"),
    "kv_hit_rate": ("kv_hit_rate", "top1_key_correct"),
}
SECOND = "sixty more texts of the same kind straight after training: a second test score"
FIXED = "written in as zero"
REASONS = {
    ("h_sokv", "one_shot"): "five texts of one word at one seed",
    ("h_sokv", "retention"): SECOND,
    ("h_sokv", "kv_hit_rate"): "a mean similarity times a boost, no rate; it falls as keys go "
    "stale",
    ("baseline_1", "one_shot"): "never measured: 0.3 times the accuracy on all words",
    ("baseline_1", "retention"): SECOND,
    ("baseline_1", "kv_hit_rate"): f"{FIXED}; there is no memory",
    ("baseline_2", "one_shot"): "accuracy on all words; the held-out texts are stored too",
    ("baseline_2", "retention"): "never measured: 0.3 times the accuracy on all words",
    ("baseline_2", "kv_hit_rate"): f"{FIXED}, although every answer is read from the memory",
    ("baseline_3", "one_shot"): "accuracy on all words; told about the nearest neighbour, but "
    "this row is a trained transformer",
    ("baseline_3", "retention"): SECOND,
    ("baseline_3", "kv_hit_rate"): "as for H-SOKV; no nearest neighbour has such a rate",
}


def rows_of(frame: pd.DataFrame, arm: str, repair: str = "") -> pd.DataFrame:
    """Return the rows of an arm under a repair, by seed; none where it was not run."""
    found = frame[(frame["arm"] == arm) & (frame["repair"] == repair)]
    return found.sort_values("seed")


def mean_of(frame: pd.DataFrame, arm: str, column: str, repair: str = "") -> Interval | None:
    """Return the mean over seeds of a measure, or `None` where nothing was measured."""
    values = rows_of(frame, arm, repair)[column].dropna().to_numpy(float)
    low = -1 if column == "memory" else 0  # a difference of two shares
    return seeds_mean(values, **_range(column, low)) if len(values) else None


def difference(
    frame: pd.DataFrame, a: tuple[str, str], b: tuple[str, str], column: str
) -> Interval | None:
    """Return a measure of a minus that of b, both (arm, repair), paired by seed; `None` if none."""
    left, right = (rows_of(frame, *side).set_index("seed")[column] for side in (a, b))
    paired = (left - right).dropna().to_numpy(float)
    return seeds_mean(paired, **_range(column, -1)) if len(paired) else None


def _range(column: str, low: int) -> dict[str, int]:
    """Return the range of a measure: of a share, but for the two that are none."""
    return {} if column in ("kv_hit_rate", "relative_norm") else {"low": low, "high": 1}


def compare_printed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return every printed number with its measured counterparts.

    Returns:
        Columns row, heading, printed (share), reason, and twice point, low, high, n with a prefix:
        `same_` is our number by the table's own definition, `meant_` what the heading promises.
        NaN where there is nothing to measure.
    """
    table = []
    for row, printed in PRINTED.items():
        for heading, value in printed.items():
            entry = {"row": row, "heading": heading, "printed": value}
            entry["reason"] = REASONS[row, heading]
            for prefix, column in zip(("same_", "meant_"), HEADINGS[heading]):
                written_in = row in ("baseline_1", "baseline_2") and column == "kv_hit_rate"
                found = None if written_in else mean_of(frame, ARM_OF.get(row, row), column)
                values = found or (float("nan"),) * 3 + (0,)
                entry |= {prefix + name: x for name, x in zip(Interval._fields, values)}
            table.append(entry)
    return pd.DataFrame(table)


def said(interval: Interval | None, signed: bool = False) -> str:
    """Return an interval as prose, or 'not measured'."""
    return "not measured" if interval is None else interval.text(signed=signed)


def explain_printed(table: pd.DataFrame) -> pd.DataFrame:
    """Return `compare_printed` for reading: a line per printed number, a dash where none is."""

    def text(entry: dict, prefix: str) -> str:
        values = [entry[prefix + name] for name in Interval._fields]
        return Interval(*values).text() if entry[prefix + "n"] else "–"

    entries = table.to_dict("records")
    return pd.DataFrame(
        {
            "row": [
                f"{ROW_NAME[e['row']]}: {ROW_IS[e['row']]}".replace("\n", " ") for e in entries
            ],
            "heading": [HEADING_NAME[e["heading"]] for e in entries],
            "printed": [f"{100 * e['printed']:.0f} %" for e in entries],
            "measured, same definition": [text(e, "same_") for e in entries],
            "measured, what it promises": [text(e, "meant_") for e in entries],
            "why it differs": [e["reason"] for e in entries],
        }
    )


def spread_table(frame: pd.DataFrame, column: str = "one_shot_accuracy") -> pd.DataFrame:
    """Return how far seeds lie apart: learner, seeds, mean, lowest, median, highest, as text."""
    table = []
    for arm in frame["arm"].unique():
        values = 100 * rows_of(frame, arm)[column].dropna()
        if len(values):
            mean = said(mean_of(frame, arm, column))
            entry = {"learner": ARM_NAME[arm], "seeds": len(values), "mean": mean}
            ends = {"lowest": values.min(), "median": values.median(), "highest": values.max()}
            table.append(entry | {name: f"{value:.1f} %" for name, value in ends.items()})
    return pd.DataFrame(table)


def repair_table(frame: pd.DataFrame, column: str = "accuracy") -> pd.DataFrame:
    """Return what each repair alone changes, paired by seed.

    Returns:
        Columns arm, repair, label, point, low, high, n (seeds); 'mask padding' is the retrained
        arm. Arms and repairs that were not run are left out.
    """
    pairs = [
        ((arm, repair), (arm, ""))
        for arm in ("as_shipped", "baseline_3")
        for repair in frame.loc[(frame["arm"] == arm) & (frame["repair"] != ""), "repair"].unique()
    ]
    n_shipped = sum(a[0] == "as_shipped" for a, _ in pairs)
    pairs.insert(n_shipped, (("as_shipped_masked", ""), ("as_shipped", "")))
    table = []
    for a, b in pairs:
        found = difference(frame, a, b, column)
        if found is not None:
            name = a[1] or "mask padding"
            entry = {"arm": b[0], "repair": name, "label": f"{ARM_NAME[b[0]]}: {name}"}
            table.append(entry | found._asdict())
    return pd.DataFrame(table, columns=["arm", "repair", "label", *Interval._fields])


CAUSES = {
    "nearest stored key is right": ("top1_key_correct", ""),
    "... after re-encoding the keys": ("top1_key_correct", "refresh"),
    "texts that read anything": ("read_fraction", ""),
    "length of what is read / of the state": ("relative_norm", ""),
    "weight of the memory in the mix": ("gate_mean", ""),
    "accuracy with the memory": ("accuracy", ""),
    "accuracy without it": ("accuracy_without", ""),
}  # from key to answer: what -> (measure, repair)


def cause_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the chain of causes for both gated arms.

    Returns:
        Columns arm, label, point, low, high, n, in the order of `CAUSES`; all are shares.
    """
    frame = frame.assign(relative_norm=frame["read_norm"] / frame["state_norm"])
    table = []
    for arm in ("as_shipped", "baseline_3"):
        for label, (column, repair) in CAUSES.items():
            found = mean_of(frame, arm, column, repair)
            if found is not None:
                table.append({"arm": arm, "label": label} | found._asdict())
    return pd.DataFrame(table, columns=["arm", "label", *Interval._fields])


def few_texts_table(n: int = 5) -> pd.DataFrame:
    """Return what 0 to n right answers of n can tell: right, point, low, high (exact, 95 %)."""
    return pd.DataFrame([{"right": k} | binomial_interval(k, n)._asdict() for k in range(n + 1)])
