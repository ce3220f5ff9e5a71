"""Statistics as pure functions: intervals, metrics, decision rules, sets of words."""

from hsokv.stats.decisions import decide
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    holm,
    mean_t,
    paired_permutation_p,
    seeds_mean,
)
from hsokv.stats.two_way import seeds_words_difference, seeds_words_interval
from hsokv.stats.word_sets import decode_words, encode_words

__all__ = [
    "Interval",
    "binomial_interval",
    "decide",
    "decode_words",
    "encode_words",
    "holm",
    "mean_t",
    "paired_permutation_p",
    "seeds_mean",
    "seeds_words_difference",
    "seeds_words_interval",
]
