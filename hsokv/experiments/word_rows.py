"""What experiments on words share in reading rows: right words, intervals, common seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.data.lexicon import load_lexicon, load_unseen_words
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    bootstrap_mean,
    bootstrap_seeds_words,
)
from hsokv.stats.word_sets import decode_words

MIN_EFFECT = 0.05  #: smallest accuracy difference of interest, 4 of 80 words


def word_cells(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return which words were right and which were tested, bool (n_seeds, n_words) each."""
    unseen = (rows["condition"] == "unseen").all()
    n_words = len(load_unseen_words() if unseen else load_lexicon())
    correct = decode_words(list(rows["correct_words"]), n_words)
    return correct, decode_words(list(rows["tested_words"]), n_words)


def accuracy_interval(rows: pd.DataFrame) -> Interval:
    """Return the accuracy of rows that differ in seed only; n counts answered texts.

    Where all answers are alike nothing can be resampled: the exact binomial interval is given.
    """
    correct, tested = word_cells(rows)
    right, n = int((correct & tested).sum()), int(tested.sum())
    if right in (0, n):
        return binomial_interval(right, n)
    return bootstrap_seeds_words(correct, tested, rng=numpy_rng(0, "accuracy"))


def measure_interval(rows: pd.DataFrame, measure: str) -> Interval | None:
    """Return the mean of another measure over seeds, or `None` where it is undefined."""
    values = rows[measure].dropna().to_numpy(float)
    return bootstrap_mean(values, rng=numpy_rng(0, measure)) if len(values) else None


def common_seeds(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of both whose seed the other has too; none where no seed is common."""
    return a[a["seed"].isin(b["seed"])], b[b["seed"].isin(a["seed"])]
