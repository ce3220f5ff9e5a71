"""What experiments on words share in reading rows: proof, right words, intervals, common seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.data.lexicon import load_lexicon, load_unseen_words
from hsokv.runs.proof import Rule, whole_share
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    bootstrap_mean,
    bootstrap_seeds_words,
)
from hsokv.stats.word_sets import decode_words

MIN_EFFECT = 0.05  #: smallest accuracy difference of interest, 4 of 80 words

#: What follows from which words were tested and right, in the rows of every experiment on words.
WORD_RULES = (
    Rule("tested_words", lambda rows: _keep_words(rows, "tested_words"), "words of the lexicon"),
    Rule(
        "correct_words", lambda rows: _keep_words(rows, "correct_words"), "words that were tested"
    ),
    Rule("n_test", lambda rows: _count_words(rows["tested_words"]), "the tested words"),
    Rule(
        "accuracy",
        lambda rows: _count_words(rows["correct_words"]) / rows["n_test"].clip(lower=1),
        "right words / tested words",
    ),
    Rule("n_one_shot", lambda rows: rows["n_one_shot"].clip(upper=rows["n_test"]), "tested words"),
    whole_share("one_shot_accuracy", "n_one_shot"),
    Rule(
        "one_shot_accuracy", lambda rows: _possible_share(rows), "as many right as `accuracy` says"
    ),
    whole_share("top1_key_correct", "n_test"),
    whole_share("memory_utility", "n_test", least=-1),
)


def _count_words(words: pd.Series) -> pd.Series:
    """Return how many words each set holds, (n_rows,)."""
    return words.map({text: int(text, 16).bit_count() for text in words.unique()})


def _keep_words(rows: pd.DataFrame, column: str) -> pd.Series:
    """Return sets of words cut to those there are and to those tested, as they are written."""
    sizes = (len(load_lexicon()), len(load_unseen_words()))
    unseen = (rows["condition"] == "unseen").tolist()
    sets = list(zip(unseen, rows[column].tolist(), rows["tested_words"].tolist()))
    kept = {}
    for is_unseen, words, tested in set(sets):
        n = sizes[is_unseen]
        value = int(words, 16) & int(tested, 16) & ((1 << n) - 1)
        kept[is_unseen, words, tested] = f"0x{value:0{-(-n // 4)}x}"
    return pd.Series([kept[key] for key in sets], rows.index)


def _possible_share(rows: pd.DataFrame) -> pd.Series:
    """Return one-shot accuracy within what the words answered rightly leave open."""
    n, once = rows["n_test"], rows["n_one_shot"]
    right = _count_words(rows["correct_words"])
    low, high = (right - (n - once)).clip(lower=0), right.clip(upper=once)
    share = rows["one_shot_accuracy"]
    return share.where((share * once > low - 0.01) & (share * once < high + 0.01), low / once)


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
