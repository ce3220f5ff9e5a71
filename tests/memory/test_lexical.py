"""Exact keys: what shared words say, by hand and against a plain computation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsokv.data.english import forms, surprisal
from hsokv.memory.lexical import LEAST_GAIN, LexicalKeys

COST, FORM = 10.0, 1.5
# Common, rare and unknown words, forms of one another among them.
WORDS = ["the", "house", "aglet", "aglets", "aglit", "poltroon", "poltroons", "zxqv", "oubliette",
         "oubliettes", "quidnunc"]  # fmt: skip


def made(*texts, **settings):
    """An index of texts numbered from 0."""
    cost = settings.get("word_cost", COST)
    keys = LexicalKeys(cost, settings.get("title_cost", cost), FORM, settings.get("english", True))
    for number, text in enumerate(texts):
        text, _, title = text.partition(" | ")
        keys.add(number, text.split(), title.split())
    return keys


def read(keys, text, numbers):
    """What a text says for each number."""
    return keys.read(text.split(), np.array(numbers))[0]


def gain(rarity, distance=0, holders=1, cost=COST):
    """The formula of the docs."""
    return math.log1p(math.exp(rarity - FORM * distance - cost) / holders)


def test_a_shared_word_counts_for_as_much_as_it_is_rare():
    """By hand: rarity less the price, shared among its holders; common words say nothing."""
    keys = made("the red aglet", "the blue quidnunc", "a quidnunc sang")
    said = read(keys, "the aglet", [0, 1, 2])
    assert said == pytest.approx([gain(surprisal("aglet")), 0, 0])
    assert said[0] > 5
    half = gain(surprisal("quidnunc"), holders=2)
    assert read(keys, "quidnunc quidnunc", [0, 1, 2]) == pytest.approx([0, half, half])


def test_another_form_counts_for_less():
    """A form or a slip pays for each step it is away; the rarer of the two does not help."""
    keys = made("an aglet")
    rarity = surprisal("aglet")
    assert read(keys, "aglets", [0]) == pytest.approx(
        [gain(min(surprisal("aglets") - FORM, rarity))]
    )
    assert 0 < read(keys, "aglit", [0])[0] <= read(keys, "aglet", [0])[0]


def test_an_entry_is_not_paid_twice_for_one_word():
    """Of an entry that holds a word and its form, the better one counts."""
    both, one = made("aglet aglets"), made("aglet")
    assert read(both, "aglet", [0]) == pytest.approx(read(one, "aglet", [0]))


def test_a_title_is_cheaper():
    """Words of a title have their own price and their own holders; of both the better counts."""
    keys = made("an aglet | tip", "an aglet", "a tip | quidnunc aglet", title_cost=2.0)
    rarity = surprisal("aglet")
    said = read(keys, "aglet", [0, 1, 2])
    assert said == pytest.approx([gain(rarity, holders=2)] * 2 + [gain(rarity, cost=2.0)])
    assert read(keys, "tip", [0])[0] == pytest.approx(gain(surprisal("tip"), cost=2.0))
    assert read(made("a tip"), "tip", [0])[0] < read(keys, "tip", [0])[0]
    assert keys.read(["oubliette"], np.array([0]))[1] == pytest.approx(gain(surprisal("oubliette")))


def test_without_english_all_words_are_alike():
    """Then 'the' counts for as much as a rare word."""
    said = read(made("the sun", "aglet moon", english=False), "the aglet", [0, 1])
    assert said[0] == said[1] > 5


def test_only_the_numbers_asked_for_are_seen():
    """Texts that a memory does not hold neither answer nor take a share."""
    keys = made("quidnunc", "quidnunc", "quidnunc")
    assert read(keys, "quidnunc", [1]) == pytest.approx([gain(surprisal("quidnunc"))])
    assert read(keys, "quidnunc", []).shape == (0,)
    assert len(keys.slots("quidnunc", np.array([0, 2, 7]))) == 2


def plain(texts, query, cost):
    """What `read` computes, without an index."""
    total = np.zeros(len(texts))
    for word in dict.fromkeys(query):
        best = np.zeros(len(texts))
        for stored in {w for text in texts for w in text}:
            shared = forms(word).keys() & forms(stored).keys()
            if not shared:
                continue
            distance = min(forms(word)[m] + forms(stored)[m] for m in shared)
            rarity = min(surprisal(word) - FORM * distance, surprisal(stored))
            rare = min(surprisal(word), surprisal(stored), rarity) - cost > math.log(LEAST_GAIN)
            holders = np.array([stored in text for text in texts])
            if rare:
                said = math.log1p(math.exp(rarity - cost) / holders.sum())
                best = np.maximum(best, said * holders)
        total += best
    return total


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=5), min_size=1, max_size=6),
    st.lists(st.sampled_from(WORDS), max_size=6),
    st.sampled_from([2.0, 10.0, 15.0]),
)
def test_the_index_is_the_plain_computation(texts, query, cost):
    """For any texts, query and price, in any order of the query's words."""
    keys = made(*(" ".join(text) for text in texts), word_cost=cost)
    numbers = list(range(len(texts)))
    said = read(keys, " ".join(query), numbers)
    assert said == pytest.approx(plain(texts, query, cost), abs=1e-9)
    assert said == pytest.approx(read(keys, " ".join(reversed(query)), numbers), abs=1e-9)


def test_what_no_entry_explains():
    """The most that a word could say and no entry does; a blank stands for no word."""
    keys = made("an aglet", "a quidnunc")
    numbers = np.array([0, 1])

    def unexplained(text):
        return keys.read(text.split(), numbers)[1]

    whole = gain(surprisal("oubliette"))
    assert unexplained("the oubliette") == pytest.approx(whole)
    assert unexplained("the aglet") == unexplained("___") == unexplained("") == 0
    assert 0 < unexplained("aglets") < gain(surprisal("aglets"))
    assert unexplained("oubliette zxqv") == pytest.approx(gain(surprisal("zxqv")))


def test_common_words():
    """Those that more than so many of the texts asked for hold."""
    keys = made("a b", "a c", "a b d")
    assert keys.common(1, np.array([0, 1, 2])) == {"a", "b"}
    assert keys.common(1, np.array([0, 1])) == {"a"}
    assert keys.common(3, np.array([0, 1, 2])) == set()


def test_plain_english_is_not_common():
    """What texts hold as often as English does is not what they share; their filler is."""
    texts = [f"the {word} of people who walk" for word in ("aglet", "quidnunc", "poltroon")]
    assert made(*texts).common(2, np.arange(3)) == {"of", "people", "who", "walk"}
    every = {"the", "of", "people", "who", "walk"}
    assert made(*texts, english=False).common(2, np.arange(3)) == every


def test_size():
    """Bytes grow with texts, and are counted by hand for one word that has no forms kept."""
    keys = made("the the")
    assert keys.n_bytes == 3 + 8
    keys.add(1, ["the"])
    assert keys.n_bytes == 3 + 16
    assert made("quidnunc").n_bytes > 8 + 8
