"""What rows about a memory at work have in common: conditions, measures, counts of entries."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandera.pandas as pa

from hsokv.experiments.word_rows import word_rules
from hsokv.runs.experiment import COUNT, MEASURED, WORDS, row_schema
from hsokv.runs.proof import Proof, same_in_trial, whole_share

CONDITIONS = ("verbatim", "recognise", "infer")
CONDITION = pa.Column(str, pa.Check.isin(CONDITIONS))
MEASURES = ("accuracy", "one_shot_accuracy", "memory_utility", "kv_hit_rate", "top1_key_correct",
            "read_fraction", "gate_mean")  # fmt: skip
MEMORY_COUNTS = ("n_entries", "n_consolidated", "n_forgotten")
COUNTS = ("n_way", "n_test", "n_one_shot", *MEMORY_COUNTS)
TOLERANCES = dict.fromkeys(("kv_hit_rate", "gate_mean"), MEASURED)


def memory_schema(
    experiment: str, bases: Collection[str], settings: Mapping[str, pa.Column]
) -> pa.DataFrameSchema:
    """Return the schema of rows with a base, a variant, further settings and these measures."""
    arm = {
        "base": pa.Column(str, pa.Check.isin(bases)),
        "variant": pa.Column(str, pa.Check.str_matches(r"^\w*$")),
    }
    results = {
        **dict.fromkeys(COUNTS, COUNT),
        **dict.fromkeys(MEASURES, pa.Column(float, nullable=True)),
        "accuracy": pa.Column(float, pa.Check.in_range(0, 1)),
        "correct_words": WORDS,
        "tested_words": WORDS,
    }
    return row_schema(experiment, arm | dict(settings), results, key=["condition"])


def memory_proof(settings: tuple[str, ...], *same: str) -> Proof:
    """Return what the rows of a trial must satisfy: one per condition, and what follows from it.

    Args:
        settings: columns that the trial's settings name.
        same: further columns with one value per trial.
    """
    return Proof(
        ("condition",),
        lambda trial: [(condition,) for condition in CONDITIONS],
        settings=settings,
        rules=(
            *word_rules(),
            whole_share("read_fraction", "n_test"),
            *map(same_in_trial, (*same, "tested_words", "n_one_shot", *MEMORY_COUNTS)),
        ),
    )
