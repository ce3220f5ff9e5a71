"""Statistics as pure functions: intervals, metrics, decision rules, sets of words."""

from hsokv.stats.decisions import decide
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    bootstrap_mean,
    bootstrap_seeds_words,
    holm,
    mean_t,
    paired_difference,
    paired_permutation_p,
)
from hsokv.stats.word_sets import decode_words, encode_words

__all__ = [
    "Interval",
    "binomial_interval",
    "bootstrap_mean",
    "bootstrap_seeds_words",
    "decide",
    "decode_words",
    "encode_words",
    "holm",
    "mean_t",
    "paired_difference",
    "paired_permutation_p",
]
