"""What the validity guard measures: repeats, vocabulary, lookups and the number of items.

Texts are lists of words, split and case-folded, one list per text; names are labels as tuples of
words, one per text. Every function returns a `Check`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from numbers import Integral

from hsokv.stats.intervals import binomial_interval
from hsokv.validity.report import Check


@cache
def items_for(precision: float, share: float = 0.5) -> int:
    """Return how many items bring the exact binomial half-width down to `precision`.

    Raises:
        ValueError: `precision` or `share` out of range.
    """
    _check_range(precision, share)
    n = 1
    while _half_width(n, share) > precision:  # doubles, then halves the step back
        n *= 2
    low, high = n // 2, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _half_width(middle, share) > precision else (low, middle)
    return high


def _half_width(n: int, share: float) -> float:
    """Return the longer side of the exact 95 % interval of `share` of n items."""
    interval = binomial_interval(round(share * n), n)
    return max(interval.point - interval.low, interval.high - interval.point)


def _check_range(precision: float, share: float) -> None:
    if not 0 < precision < 1 or not 0 <= share <= 1:
        raise ValueError(
            f"precision={precision}, share={share}: expected shares, precision above 0 and below "
            "1; for 5 points set precision=0.05"
        )


def check_items(n_items: int | Mapping[str, int], precision: float, share: float) -> Check:
    """Check the half-width that the smallest number of items allows.

    Raises:
        ValueError: a number of items below 1, or `precision` or `share` out of range.
    """
    _check_range(precision, share)
    counts = dict(n_items) if isinstance(n_items, Mapping) else {"test texts": n_items}
    for name, n in counts.items() or [("n_items", 0)]:
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
            raise ValueError(
                f"{name}: {n!r} items: expected a whole number from 1 up; leave out what has none"
            )
    name = min(counts, key=counts.get)
    width, needed = _half_width(counts[name], share), items_for(precision, share)
    finding = f"{counts[name]} items ({name}); ± {100 * precision:.1f} points take {needed}"
    return Check("too_few_items", width, precision, finding)


def check_overlap(
    train: list, train_names: list, test: list, test_names: list, run: int, precision: float
) -> Check:
    """Check for `run` words in a row that a training text of the same label has too."""
    known: dict[tuple, set] = {}
    for words, name in zip(train, train_names):
        known.setdefault(name, set()).update(_runs(words, run))
    hits = [
        bool(_runs(words, run) & known.get(name, set())) for words, name in zip(test, test_names)
    ]
    finding = (
        f"{_of(hits)} test texts share {run} words in a row with a training text of their label"
    )
    return Check("verbatim_overlap", sum(hits) / len(hits), precision, finding)


def check_repeats(name: str, texts: list, others: list, finding: str) -> Check:
    """Check for texts that are, word for word, among others; texts without a word are not."""
    others = {tuple(words) for words in others}
    hits = [bool(words) and tuple(words) in others for words in texts]
    return Check(name, sum(hits) / len(hits), 0.0, f"{_of(hits)} {finding}")


def check_vocabulary(vocabulary: set[str], train: list, held_out: list) -> Check:
    """Check for words that can have come into the vocabulary from held-out texts only."""
    new = {word for words in held_out for word in words} - {w for words in train for w in words}
    found = sorted(new & vocabulary)
    named = f" ({', '.join(found[:3])}{' ...' if len(found) > 3 else ''})" if found else ""
    finding = (
        f"{len(found)} of {len(new)} words that only held-out texts have are in the vocabulary"
    )
    return Check("vocabulary_words", len(found), 0, finding + named)


def check_lookup(known: set, test: list, test_names: list, precision: float) -> Check:
    """Check what the only training label named in a text, or none, gets right."""
    hits = []
    for words, name in zip(test, test_names):
        named = {n for size in {len(k) for k in known} for n in _runs(words, size) & known}
        hits.append(named == ({name} if name in known else set()))
    finding = f"{_of(hits)} test texts are answered by looking for the labels' names"
    return Check("label_lookup", sum(hits) / len(hits), precision, finding)


def _runs(words: list[str], size: int) -> set[tuple[str, ...]]:
    """Return all `size` words in a row."""
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


def _of(hits: list[bool]) -> str:
    return f"{sum(hits)} of {len(hits)}"
