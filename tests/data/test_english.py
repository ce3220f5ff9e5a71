"""What is known of English: how rare words are, and which are forms of one another."""

import math

import pytest

from hsokv.data.english import RAREST, forms, surprisal


def apart(one, two):
    """How far two words are apart, None if they are no forms of one another."""
    ours, theirs = forms(one), forms(two)
    return min((ours[mark] + theirs[mark] for mark in ours.keys() & theirs.keys()), default=None)


def test_what_is_no_word_has_no_forms():
    """A hash or a blob of letters takes no time and no room."""
    blob = "q7" * 500_000
    assert forms(blob) == {blob: 0} and surprisal(blob) == RAREST


def test_surprisal():
    """Common words are common, rare ones rare, and what no list holds is rarest, with no NaN."""
    assert surprisal("the") < 4 < surprisal("apple") < surprisal("petrichor") <= RAREST
    assert surprisal("zxqvyw") == pytest.approx(RAREST) == pytest.approx(9 * math.log(10))
    for word in ("", "1984", "don't", "___", "naïve", "東京", "e" * 10_000):
        assert 0 < surprisal(word) <= RAREST


@pytest.mark.parametrize(
    "one, two, distance",
    [
        ("poltroon", "poltroon", 0),
        ("poltroon", "poltroons", 1),
        ("running", "runs", 2),  # the stem of both
        ("receive", "recieve", 6),  # two letters swapped
        ("aglet", "aglit", 6),  # another letter
        ("aglet", "agglet", 3),  # one too many
        ("strabismus", "strabismic", 4),
        ("kyphosis", "kyphotic", 4),
        ("bacchanal", "bacchanalian", 4),  # the whole word as a beginning
        ("cat", "cot", None),  # too short for slips
        ("aglet", "egret", None),  # two letters apart
        ("unhappy", "happy", None),
        ("", "a", None),
    ],
)
def test_forms(one, two, distance):
    """Inflections and slips are near, other endings less so, and it is the same both ways."""
    assert apart(one, two) == apart(two, one) == distance
