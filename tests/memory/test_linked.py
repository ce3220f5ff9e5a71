"""Linked passages: names, links and words by hand, scores by the formula, and what is refused."""

import math

import numpy as np
import pytest

from hsokv.memory.linked import LinkedPassages, Parts, rank_scores
from hsokv.memory.names import (
    MOST,
    fold,
    name_links,
    names_in,
    title_links,
    title_owners,
    titles_named,
)

TITLES = ["Ada Orr", "Lake Umber", "Rust (film)", "Velm, Norland", "Umber"]
TEXTS = [
    "Ada Orr is a diver who trained at Lake Umber.",
    "The water is cold and deep, and divers of Norland like it.",
    "A film about copper and time.",
    "A port that is famous for copper pots.",
    "A brown pigment of clay.",
]
QUESTION = "How deep is the water where the diver Ada Orr trained?"


def unit(seed, n=5, width=8):
    """Random unit vectors."""
    vectors = np.random.default_rng(seed).standard_normal((n, width))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def index():
    return LinkedPassages(TITLES, TEXTS, unit(0))


def test_accents_and_possessives_go():
    assert fold("Nélida’s and Bo's café, James'") == "Nelida and Bo cafe, James'"


def test_a_title_is_owned_by_its_words():
    """Brackets go; what stands before a comma names the passage, too; signs alone name none."""
    owners = title_owners([*TITLES, "!?"])
    assert owners["rust",] == [2] and owners["velm", "norland"] == [3] and owners["velm",] == [3]
    assert len(owners) == 6 and title_owners(["Oslo", "Oslo (ship)"])["oslo",] == [0, 1]


@pytest.mark.parametrize(
    "text, named",
    [
        ("at lake umber", {1}),  # several words in any case
        ("at Lake Umber", {1, 4}),  # and the title inside it
        ("burnt umber", set()),  # one word needs a capital
        ("Umber's colour", {4}),
        ("Umberto, Lakes", set()),  # whole words
        ("Velm in Norland", {3}),
        ("", set()),
    ],
)
def test_titles_that_a_text_names(text, named):
    assert titles_named(text, title_owners(TITLES)) == named


def test_title_links_have_no_direction():
    """The first text names the second title and the one inside it; no text is linked to itself."""
    links = title_links(TEXTS, title_owners(TITLES)).toarray()
    assert sorted(map(tuple, np.argwhere(links).tolist())) == [(0, 1), (0, 4), (1, 0), (4, 0)]
    assert set(links[links > 0]) == {1.0}


def test_names_are_runs_of_capitals():
    """The commonest words are none, though they begin a sentence; a hyphen joins."""
    told = "The diver met Ada Orr and Jean-Luc. He saw Élan."
    assert names_in(told) == {"ada orr", "jean-luc", "elan"}


def test_the_rarest_shared_name_links():
    """Of eight texts two hold 'Ada', which says 1, and three 'Bo', which says log 8/3 / log 4."""
    links = name_links(["see Ada, Bo", "see Bo, Ada", "see Bo, Ada Bo", *"abcde"]).toarray()
    assert links[0, 1] == links[1, 0] == 1.0
    assert links[0, 2] == links[2, 1] == pytest.approx(math.log(8 / 3) / math.log(4))
    assert not links[3:].any() and not np.diag(links).any()
    assert name_links(["see Ada", "see Ada"]).sum() == 0  # of two texts all hold it


def test_common_names_do_not_link():
    assert name_links(["of Ada"] * MOST + ["none"] * 9).nnz == MOST * (MOST - 1)
    assert name_links(["of Ada"] * (MOST + 1) + ["none"] * 9).nnz == 0


def test_words_are_weighed_by_bm25(index):
    """'copper' stands once in two passages of five; 'the' and what no passage holds say nothing."""
    found = index.words("The copper zinc")
    assert found.shape == (5, 2) and not found[:, 1].any()
    lengths = [8, 8, 5, 6, 4]  # title and text, without the commonest words
    idf = math.log(1 + (5 - 2 + 0.5) / (2 + 0.5))
    for place in (2, 3):
        share = 1 / (1 + 1.2 * (0.25 + 0.75 * lengths[place] / np.mean(lengths)))
        assert found[place, 0] == pytest.approx(idf * share, rel=1e-5)
    assert not found[[0, 1, 4], 0].any()


def test_cosines(index):
    """Of directions, at any length of the question's vector."""
    vector = unit(1, 1)[0]
    np.testing.assert_allclose(index.cosines(7 * vector), unit(0) @ vector, atol=1e-6)


def by_formula(index, titles, question, vector, link, sums=False):
    """Scores as the module's first lines define them, over all pairs with one of ten partners."""
    words, dense = index.words(question), index.cosines(vector)
    words = words / words.sum(1).std()
    dense = (dense - dense.mean()) / dense.std()
    told = titles_named(question, title_owners(titles))
    n = len(index)
    value = np.full((n, n), -np.inf)
    for i in np.argsort(-words.sum(1) - dense)[:10]:
        for j in set(range(n)) - {i}:
            links = index.named[i, j] + index.shared[i, j] + (i in told and j in told)
            both = words[i] + words[j] if sums else np.maximum(words[i], words[j])
            value[i, j] = value[j, i] = both.sum() + dense[i] + dense[j] + link * links
    return value.max(0)


@pytest.mark.parametrize("question", [QUESTION, "Is Rust or Umber older?", "Rust Umber copper"])
@pytest.mark.parametrize("link", [0.0, 4.0])
def test_scores_follow_the_formula(index, question, link):
    vector = unit(2, 1)[0]
    for sums in (False, True):
        found = index.score(question, vector, link, Parts(sums=sums))
        expected = by_formula(index, TITLES, question, vector, link, sums)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_words_that_a_partner_leaves_over_decide():
    """The diver's passage leaves 'deep' and 'water' to the lake's; all else is even."""
    index = LinkedPassages(TITLES, TEXTS, np.ones((5, 2)))
    assert index.find(QUESTION, [1, 1], 2).places.tolist() == [0, 1]


def test_parts_can_be_left_out(index):
    """Each weight of 0 leaves a part out: without words the question's words do not matter."""
    vector, asked = unit(3, 1)[0], "Is Rust or Umber older?"
    plain = Parts(words=0, asked=0)
    one, other = (index.score(q, vector, parts=plain) for q in (asked, QUESTION))
    np.testing.assert_array_equal(one, other)
    without = Parts(dense=0)
    one, other = (index.score(asked, v, parts=without) for v in unit(4, 2))
    np.testing.assert_array_equal(one, other)
    bare = index.score(asked, vector, link=0)
    none = index.score(asked, vector, parts=Parts(named=0, asked=0, shared=0))
    np.testing.assert_array_equal(bare, none)
    for name in ("named", "asked"):
        less = index.score(asked, vector, parts=Parts(**{name: 0}))
        assert (less <= index.score(asked, vector)).all()


def many(n=40):
    """Passages that name one another and share names, more than can be partners."""
    rng, words = np.random.default_rng(0), ["lamp", "ferry", "stone", "wool", "amber", "tern"]
    titles = [f"Town {chr(65 + i % 26)}{chr(97 + i // 26)}" for i in range(n)]
    texts = [
        f"A place with {rng.choice(words)} and {rng.choice(words)} near {rng.choice(titles)}."
        for _ in range(n)
    ]
    return titles, texts, unit(5, n)


def test_a_partner_may_be_best_with_a_passage_that_is_none():
    """Of forty passages ten are partners; these score with all, the others with them."""
    titles, texts, vectors = many()
    index, vector = LinkedPassages(titles, texts, vectors), unit(9, 1)[0]
    for question in ("amber ferry", "wool near a lamp", "stone"):
        found = index.score(question, vector)
        expected = by_formula(index, titles, question, vector, 4.0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_order_of_passages_does_not_matter():
    titles, texts, vectors = many()
    question, vector = f"What ferry leaves {titles[3]} for the amber stone?", unit(6, 1)[0]
    order = np.random.default_rng(1).permutation(len(titles))
    moved = LinkedPassages([titles[i] for i in order], [texts[i] for i in order], vectors[order])
    scores = LinkedPassages(titles, texts, vectors).score(question, vector)
    np.testing.assert_allclose(moved.score(question, vector), scores[order], rtol=1e-5, atol=1e-5)


def test_the_same_again():
    """Nothing is drawn, and asking changes nothing."""
    titles, texts, vectors = many()
    index, vector = LinkedPassages(titles, texts, vectors), unit(7, 1)[0]
    first = index.score("amber", vector)
    index.find("wool", vector, 5)
    np.testing.assert_array_equal(first, index.score("amber", vector))
    again = LinkedPassages(iter(titles), tuple(texts), vectors.tolist())
    np.testing.assert_array_equal(first, again.score("amber", vector))


def test_the_best_come_first(index):
    """Of equal ones the first; all, if as many are asked for."""
    found = index.find(QUESTION, unit(8, 1)[0], 5)
    assert sorted(found.places.tolist()) == list(range(5)) and (np.diff(found.scores) <= 1e-6).all()
    assert rank_scores(np.array([1.0, 2.0, 2.0 + 1e-9])).tolist() == [1, 2, 0]


def test_nothing_to_go_by():
    """A question without words, and vectors that are all alike, still have finite scores."""
    index = LinkedPassages(["A b", "C d"], ["one two", "one two"], [[1, 0], [1, 0]])
    for question in ("", "the", "nothing known"):
        assert np.isfinite(index.score(question, [0, 1])).all()
    assert len(index) == 2


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"titles": []}, ValueError, "need at least one text"),
        ({"titles": ["a"], "texts": ["b"], "vectors": [[1.0]]}, ValueError, "two at least"),
        ({"titles": TITLES[:4]}, ValueError, "4 titles, 5 texts and 5 vectors"),
        ({"vectors": unit(0)[:4]}, ValueError, "5 titles, 5 texts and 4 vectors"),
        ({"vectors": unit(0)[0]}, ValueError, "2 axes"),
        ({"vectors": np.full((5, 3), np.nan)}, ValueError, "not finite"),
        ({"vectors": np.zeros((5, 3))}, ValueError, "vector of zeros: expected a direction"),
        ({"vectors": [["x"]] * 5}, TypeError, "expected numbers"),
        ({"texts": [*TEXTS[:4], 3]}, TypeError, r"texts\[4\]=3 is a int"),
        ({"titles": "Ada"}, TypeError, "is a single text"),
        ({"titles": ["the"] * 5, "texts": ["of"] * 5}, ValueError, "beside the commonest"),
    ],
)
def test_what_cannot_be_indexed(change, error, message):
    given = {"titles": TITLES, "texts": TEXTS, "vectors": unit(0)} | change
    with pytest.raises(error, match=message):
        LinkedPassages(**given)


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"vector": [1.0] * 7}, ValueError, "vector has width 7: expected 8"),
        ({"vector": [math.nan] * 8}, ValueError, "not finite"),
        ({"vector": [0.0] * 8}, ValueError, "vector of zeros"),
        ({"vector": unit(0)}, ValueError, "1 axes"),
        ({"question": 5}, TypeError, "need strings"),
        ({"question": None}, TypeError, "need strings"),
        ({"link": -1.0}, ValueError, "link=-1.0: expected at least 0"),
        ({"link": math.nan}, ValueError, "finite"),
        ({"link": "4"}, TypeError, "need float"),
        ({"k": 0}, ValueError, "k=0: expected at least 1"),
        ({"k": 6}, ValueError, "k=6: expected at most 5"),
    ],
)
def test_what_cannot_be_asked(index, change, error, message):
    given = {"question": QUESTION, "vector": [1.0] * 8, "k": 2} | change
    with pytest.raises(error, match=message):
        index.find(**given)


def test_weights_are_checked():
    with pytest.raises(ValueError, match="shared=-1: expected at least 0"):
        Parts(shared=-1)
