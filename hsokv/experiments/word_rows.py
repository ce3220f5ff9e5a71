"""What experiments on words share in reading rows: proof, right words, intervals, common seeds."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from hsokv.data.lexicon import Lexicon
from hsokv.data.rare_words import labels_of, make_rare_word_task
from hsokv.runs.proof import Rule, whole_share
from hsokv.stats.intervals import Interval, seeds_mean
from hsokv.stats.two_way import seeds_words_difference, seeds_words_interval
from hsokv.stats.word_sets import decode_words

MIN_EFFECT = 0.05  #: smallest accuracy difference of interest, 4 of 80 words


def answer_rules(
    lexicon: Lexicon | Callable[[pd.DataFrame], pd.Series] = "test", suffix: str = ""
) -> tuple[Rule, ...]:
    """Return what ties the sets of tested and right words, n_test and accuracy to one another.

    Args:
        lexicon: of the words, or a function of the rows that returns that of each.
        suffix: ends the names of the columns with right words and accuracy.
    """

    def kept(column: str) -> Callable[[pd.DataFrame], pd.Series]:
        return lambda rows: _keep_words(rows, column, lexicon)

    correct = f"correct_words{suffix}"
    return (
        Rule("tested_words", kept("tested_words"), "words of the lexicon"),
        Rule(correct, kept(correct), "words that were tested"),
        Rule("n_test", lambda rows: count_bits(rows["tested_words"]), "the tested words"),
        Rule(
            f"accuracy{suffix}",
            lambda rows: count_bits(rows[correct]) / rows["n_test"].clip(lower=1),
            "right words / tested words",
        ),
    )


def word_rules(lexicon: Lexicon = "test") -> tuple[Rule, ...]:
    """Return what follows from which words were tested and right, in rows about a lexicon."""
    return (
        *answer_rules(lexicon),
        Rule(
            "n_one_shot", lambda rows: rows["n_one_shot"].clip(upper=rows["n_test"]), "tested words"
        ),
        whole_share("one_shot_accuracy", "n_one_shot"),
        Rule("one_shot_accuracy", _possible_share, "as many right as `accuracy` says"),
        whole_share("top1_key_correct", "n_test"),
        whole_share("memory_utility", "n_test", least=-1),
    )


def count_bits(words: pd.Series) -> pd.Series:
    """Return how many words each set holds, (n_rows,)."""
    return words.map({text: int(text, 16).bit_count() for text in words.unique()})


def _keep_words(
    rows: pd.DataFrame, column: str, lexicon: Lexicon | Callable[[pd.DataFrame], pd.Series]
) -> pd.Series:
    """Return sets of words cut to those there are and to those tested, as they are written."""
    lexicons = lexicon(rows) if callable(lexicon) else [lexicon] * len(rows)
    tests = list(zip(rows["condition"], lexicons))
    sizes = {test: len(labels_of(*test)) for test in set(tests)}
    n_labels = [sizes[test] for test in tests]
    sets = list(zip(n_labels, rows[column].tolist(), rows["tested_words"].tolist()))
    kept = {}
    for n, words, tested in set(sets):
        value = int(words, 16) & int(tested, 16) & ((1 << n) - 1)
        kept[n, words, tested] = f"0x{value:0{-(-n // 4)}x}"
    return pd.Series([kept[key] for key in sets], rows.index)


def _possible_share(rows: pd.DataFrame) -> pd.Series:
    """Return one-shot accuracy within what the words answered rightly leave open."""
    n, once = rows["n_test"], rows["n_one_shot"]
    right = count_bits(rows["correct_words"])
    low, high = (right - (n - once)).clip(lower=0), right.clip(upper=once)
    share = rows["one_shot_accuracy"]
    return share.where((share * once > low - 0.01) & (share * once < high + 0.01), low / once)


def count_unseen(rows: pd.DataFrame) -> pd.Series:
    """Return how many unseen texts each row's novelty is compared with, (n_rows,), or NaN."""
    return _most_tested(rows, rows["condition"] == "unseen")


def count_pairs(rows: pd.DataFrame) -> pd.Series:
    """Return twice the pairs of a known and an unseen text that each AUROC compares, (n_rows,)."""
    return 2 * _most_tested(rows, rows["condition"] != "unseen") * count_unseen(rows)


def _most_tested(rows: pd.DataFrame, among: pd.Series) -> pd.Series:
    tested = rows["n_test"].where(among)
    return tested.groupby([rows["config_hash"], rows["n_distractors"]]).transform("max")


def word_cells(rows: pd.DataFrame, lexicon: Lexicon = "test") -> tuple[np.ndarray, np.ndarray]:
    """Return which words were right and which were tested, bool (n_seeds, n_words) each.

    The rows are of conditions about the same words, e.g. of one condition.
    """
    n_words = len(labels_of(rows["condition"].iloc[0], lexicon))
    correct = decode_words(list(rows["correct_words"]), n_words)
    return correct, decode_words(list(rows["tested_words"]), n_words)


def one_shot_cells(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the `word_cells` of words that were seen once, of the test lexicon."""
    correct, tested = word_cells(rows)
    once = [_seen_once(n_way, seed) for n_way, seed in zip(rows["n_way"], rows["seed"])]
    return correct, tested & np.array(once)


@cache
def _seen_once(n_way: int, seed: int) -> np.ndarray:
    """Return which words of the test lexicon a task teaches by one story, bool (n_words,)."""
    stories = make_rare_word_task(int(n_way), seed=int(seed)).test("recognise")
    once = {word for word, n in zip(stories.labels, stories.exposures) if n == 1}
    return np.array([word in once for word in labels_of("recognise")])


def accuracy_interval(rows: pd.DataFrame, lexicon: Lexicon = "test") -> Interval:
    """Return the accuracy of rows that differ in seed only, for new seeds and new words.

    n counts answered texts. With one seed the interval is all of [0, 1].
    """
    return seeds_words_interval(*word_cells(rows, lexicon))


def accuracy_difference(
    a: pd.DataFrame, b: pd.DataFrame, lexicon: Lexicon = "test", level: float = 0.95
) -> Interval:
    """Return accuracy of a minus accuracy of b, rows of the same seeds in the same order.

    Paired by seed and word, for new seeds and new words; n counts texts that both answered.
    """
    return seeds_words_difference(*word_cells(a, lexicon), *word_cells(b, lexicon), level=level)


def measure_interval(rows: pd.DataFrame, measure: str) -> Interval | None:
    """Return the mean of another share over seeds, or `None` where it is undefined.

    `memory_utility` is a difference of shares, from -1 to 1.
    """
    rows = rows[rows[measure].notna()]
    if rows.empty:
        return None
    low = -1 if measure == "memory_utility" else 0
    return seeds_mean(rows[measure], low=low, high=1, trials=count_words(rows))


def count_words(rows: pd.DataFrame) -> int | None:
    """Return how many words were tested under one seed or another; `None` where none are named.

    Where rows count what was asked instead, the sum of that.
    """
    if "n_asked" in rows:
        return int(rows["n_asked"].sum()) or None
    if "tested_words" not in rows:
        return None
    return functools.reduce(operator.or_, (int(w, 16) for w in rows["tested_words"])).bit_count()


def common_seeds(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of both whose seed the other has too; none where no seed is common."""
    return a[a["seed"].isin(b["seed"])], b[b["seed"].isin(a["seed"])]
