"""The report's findings as quantities with decision rules, computed from rows and nothing else.

`results/findings.csv` holds what the research rows say; `make demo` computes the same quantities
from rows of its own and says which verdicts came out again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hsokv.experiments.rare_words.tables import compare, rows_of
from hsokv.experiments.rare_words.trials import make_store
from hsokv.experiments.word_rows import MIN_EFFECT, accuracy_interval, measure_interval
from hsokv.stats.decisions import decide
from hsokv.stats.intervals import Interval

CURRENT = "current (demo)"


@dataclass(frozen=True)
class Finding:
    """A statement, the quantity it is about, and when it holds.

    Attributes:
        key: short name.
        statement: what is claimed.
        quantity: what is measured, in words.
        measure: rows -> interval of the quantity.
        above: the statement holds when the whole interval lies above this ...
        below: ... and below this; it fails when the whole interval lies outside.
        percent: print as percentages.
        signed: a difference, printed in points with its sign.
    """

    key: str
    statement: str
    quantity: str
    measure: Callable[[pd.DataFrame], Interval | None]
    above: float = float("-inf")
    below: float = float("inf")
    percent: bool = True
    signed: bool = False

    def verdict(self, interval: Interval) -> str:
        """Return 'holds', 'fails' or 'cannot be told'."""
        return decide(interval, self.above, self.below)


def _difference(a: str, b: str, condition: str) -> dict:
    return {
        "quantity": f"accuracy of {a} minus {b}, {condition}",
        "measure": lambda frame: compare(frame, a, b, condition),
        "signed": True,
    }


def _accuracy(arm: str, condition: str) -> dict:
    return {
        "quantity": f"accuracy of {arm}, {condition}",
        "measure": lambda frame: accuracy_interval(rows_of(frame, arm, condition)),
    }


def _measure(arm: str, name: str, condition: str) -> dict:
    return {
        "quantity": f"{name} of {arm}, {condition}",
        "measure": lambda frame: measure_interval(rows_of(frame, arm, condition), name),
    }


FINDINGS = (
    Finding(
        "neighbor_beats_current_verbatim",
        "On repeated sentences the random-embedding nearest neighbour beats the prototype.",
        **_difference("nearest_neighbor", CURRENT, "verbatim"),
        above=0.0,
    ),
    Finding(
        "neighbor_beats_current_recognise",
        "On new sentences it beats the prototype by at least the smallest effect of interest.",
        **_difference("nearest_neighbor", CURRENT, "recognise"),
        above=MIN_EFFECT,
    ),
    Finding(
        "cosine_beats_dot",
        "Cosine beats the raw dot product for the same random embeddings.",
        **_difference("nearest_neighbor_cosine", "nearest_neighbor", "verbatim"),
        above=0.0,
    ),
    Finding(
        "surprisal_verbatim",
        "Weighting tokens by surprisal solves repeated sentences without training.",
        **_accuracy("redesign", "verbatim"),
        above=0.95,
    ),
    Finding(
        "new_sentence_collapse",
        "With a new sentence the uniform average of token vectors falls below 10 %.",
        **_accuracy("nearest_neighbor", "recognise"),
        below=0.10,
    ),
    Finding(
        "surprisal_recognise",
        "With a new sentence surprisal-weighted keys still find most words.",
        **_accuracy("redesign", "recognise"),
        above=0.5,
    ),
    Finding(
        "redesign_beats_class_mean",
        "On new sentences the redesign beats the best library baseline.",
        **_difference("redesign", "class_mean", "recognise"),
        above=0.0,
    ),
    Finding(
        "infer_unsolved",
        "With the word blanked no lexical memory reaches 10 %.",
        **_accuracy("redesign", "infer"),
        below=0.10,
    ),
    Finding(
        "current_memory_idle",
        "Switching the prototype's memory off changes its accuracy by less than 5 points.",
        **_measure(CURRENT, "memory_utility", "verbatim"),
        above=-MIN_EFFECT,
        below=MIN_EFFECT,
        signed=True,
    ),
    Finding(
        "shipped_memory_idle",
        "Switching the shipped code's memory off changes its accuracy by less than 5 points.",
        **_measure("as_shipped (demo)", "memory_utility", "verbatim"),
        above=-MIN_EFFECT,
        below=MIN_EFFECT,
        signed=True,
    ),
    Finding(
        "shipped_full_memory_idle",
        "So it does at the full budget, where the shipped code learns repeated sentences.",
        **_measure("as_shipped (full)", "memory_utility", "verbatim"),
        above=-MIN_EFFECT,
        below=MIN_EFFECT,
        signed=True,
    ),
    Finding(
        "shipped_beats_current_full",
        "At the full budget the shipped code beats the documented prototype.",
        **_difference("as_shipped (full)", "current (full)", "verbatim"),
        above=0.0,
    ),
    Finding(
        "hit_rate_no_rate",
        "The sources' hit rate exceeds 1 for the raw dot product, so it is no rate.",
        **_measure("nearest_neighbor", "kv_hit_rate", "verbatim"),
        above=1.0,
        percent=False,
    ),
    Finding(
        "fine_tune_beats_current",
        "Plain fine-tuning with the swarm's FLOPs beats the swarm.",
        **_difference("fine_tune (demo)", CURRENT, "verbatim"),
        above=0.0,
    ),
    Finding(
        "hybrid_beats_minimal_fix",
        "Returning the stored label (Option 2) beats keeping the gate (Option 1).",
        **_difference("hybrid", "minimal_fix", "verbatim"),
        above=0.0,
    ),
    Finding(
        "neighbor_beats_hybrid",
        "No transformer flow of the sources reaches the untrained nearest neighbour.",
        **_difference("nearest_neighbor", "hybrid", "verbatim"),
        above=0.0,
    ),
)


def evaluate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return every finding's value and verdict on these rows.

    Returns:
        Columns key, statement, quantity, point, low, high, n, verdict; 'not run' where rows lack.
    """
    table = []
    for finding in FINDINGS:
        try:
            interval = finding.measure(frame)
        except ValueError:
            interval = None
        row = {"key": finding.key, "statement": finding.statement, "quantity": finding.quantity}
        if interval is None:
            table.append(row | {"verdict": "not run"})
        else:
            row |= {name: round(value, 6) for name, value in interval._asdict().items()}
            table.append(row | {"verdict": finding.verdict(interval)})
    columns = ["key", "statement", "quantity", "point", "low", "high", "n", "verdict"]
    return pd.DataFrame(table).reindex(columns=columns)


def value_text(row: pd.Series) -> str:
    """Return a finding's value as text, or a dash where it was not run."""
    if pd.isna(row["point"]):
        return "–"
    finding = next(finding for finding in FINDINGS if finding.key == row["key"])
    interval = Interval(row["point"], row["low"], row["high"], int(row["n"]))
    return interval.text(percent=finding.percent, signed=finding.signed)


def compare_findings(published: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Return published and recomputed verdicts side by side.

    Returns:
        Columns key, statement, quantity, published, published_verdict, here, here_verdict,
        reproduced ('yes', 'no', or 'not run').
    """
    both = published.merge(here, on="key", suffixes=("", "_here"))
    table = both[["key", "statement", "quantity"]].copy()
    table["published"] = [value_text(row) for _, row in published.iterrows()]
    table["published_verdict"] = both["verdict"]
    table["here"] = [value_text(row) for _, row in here.iterrows()]
    table["here_verdict"] = both["verdict_here"]
    same = both["verdict"] == both["verdict_here"]
    table["reproduced"] = same.map({True: "yes", False: "no"})
    table.loc[both["verdict_here"] == "not run", "reproduced"] = "not run"
    return table


def render_page(published: pd.DataFrame, here: pd.DataFrame, preset: str) -> str:
    """Return the Markdown page that says which published findings came out again here."""
    table = compare_findings(published, here)
    again = int((table["reproduced"] == "yes").sum())
    n_run = int((table["reproduced"] != "not run").sum())
    lines = [
        "# Which published findings reproduced here",
        "",
        f"{again} of {n_run} findings got the same verdict on this machine, recomputed from "
        f"nothing at `{preset}` scale; not run at it: {len(table) - n_run}. Fewer seeds give wider "
        "intervals: a published *holds* that is *cannot be told* here is not a contradiction, a "
        "*fails* is.",
        "",
        "| finding | quantity | published | here | reproduced |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        lines.append(
            f"| {row.statement} | {row.quantity} | {row.published} ({row.published_verdict}) "
            f"| {row.here} ({row.here_verdict}) | {row.reproduced} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Write the page of findings to standard output."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--published", type=Path, required=True, help="folder of research rows")
    parser.add_argument("--here", type=Path, required=True, help="folder of rows computed here")
    parser.add_argument("--preset", default="demo", help="scale of the rows computed here")
    args = parser.parse_args(argv)
    frames = [make_store(folder).read() for folder in (args.published, args.here)]
    sys.stdout.write(render_page(*map(evaluate, frames), args.preset))
    return 0


if __name__ == "__main__":
    sys.exit(main())
