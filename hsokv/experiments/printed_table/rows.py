"""The rows of the printed table: their columns, and what follows from what in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from hsokv.experiments.printed_table.printed import printed_scores
from hsokv.experiments.printed_table.trials import (
    ARMS,
    COUNTS,
    NAME,
    REPAIRS,
    SCORES,
    list_repairs,
    printed_row,
)
from hsokv.flows.named import BUDGETS
from hsokv.runs.experiment import COUNT, row_schema
from hsokv.runs.proof import Proof, Rule, same_in_trial, whole_share


def _schema() -> pa.DataFrameSchema:
    settings = {
        "arm": pa.Column(str, pa.Check.isin(ARMS)),
        "repair": pa.Column(str, pa.Check.isin(REPAIRS)),
        "budget": pa.Column(str, pa.Check.isin(["none", "fixed", *BUDGETS])),
    }
    results = {
        **dict.fromkeys(COUNTS, COUNT),
        **dict.fromkeys(SCORES, pa.Column(float, nullable=True)),
        "accuracy": pa.Column(float, pa.Check.in_range(0, 1)),
        "convergence": pa.Column(int, pa.Check.ge(-1)),
    }
    return row_schema(NAME, settings, results, key=["repair"])


SCHEMA = _schema()


def _printed(name: str) -> Rule:
    """Return the rule that a printed column is what the table makes of the measured ones."""

    def expected(rows: pd.DataFrame) -> list[float]:
        scores = zip(rows["arm"], rows["accuracy"], rows["one_shot_accuracy"], rows["retention"])
        return [printed_scores(printed_row(arm), *shares)[name] for arm, *shares in scores]

    return Rule(name, expected, "made from the measured shares as the table does")


def _count_right(rows: pd.DataFrame) -> pd.Series:
    """Return the accuracy that the words with one and with more texts give together."""
    several = rows["n_test"] - rows["n_single"]
    right = rows["single_accuracy"].fillna(0) * rows["n_single"]
    return (right + rows["multi_accuracy"].fillna(0) * several).round() / rows["n_test"]


PROOF = Proof(
    ("repair",),
    lambda trial: [(repair,) for repair in list_repairs(trial.flow)],
    settings=("budget",),
    rules=(
        Rule("arm", lambda rows: rows["flow"], "the flow's name"),
        Rule("accuracy", _count_right, "words with one text and words with more"),
        Rule(
            "one_shot_accuracy",
            lambda rows: rows["one_shot_correct"] / rows["n_one_shot"].replace(0, np.nan),
            "one_shot_correct / n_one_shot",
        ),
        whole_share("single_accuracy", "n_single"),
        whole_share("multi_accuracy", lambda rows: rows["n_test"] - rows["n_single"]),
        *(
            whole_share(name, "n_test")
            for name in ("accuracy_without", "top1_key_correct", "read_fraction")
        ),
        *map(_printed, ("printed_one_shot", "printed_retention")),
        *map(same_in_trial, ("n_test", "n_one_shot", "n_single", "n_entries", "accuracy_without")),
    ),
)
