"""The cues of a turn, each by hand on a small chat."""

import math

import numpy as np
import pytest

from hsokv.data.chats import Turn
from hsokv.memory.dialogue import (
    BLOCK,
    TOKEN_CUES,
    WORD_CUES,
    Sessions,
    TokenCues,
    WordCues,
    arrange,
    spoken,
    standardise,
)
from hsokv.models.tokens import TokenVectors, encode_tokens, word_ids

CHAT = [
    Turn("Ana", "Did you see the heron?", "2024-05-02", "1"),
    Turn("Bo", "Yes, near Lake Como yesterday.", "2024-05-02", "1"),
    Turn("Ana", "Lovely. [a photo of a heron, is it?]", "2024-05-02", "1"),
    Turn("Bo", "My sister adopted a puppy.", "2024-06-09", "2"),
    Turn("Ana", "What is it called? Tell Bo's sister hi.", "2024-06-09", "2"),
    Turn("Bo", "Its name is Biscuit", "", "3"),
]


def cue(name, question="?", chat=CHAT):
    """One cue of every turn."""
    return WordCues(chat).cues(question)[name].tolist()


def test_place_in_the_talk():
    """What opens a session, asks, and answers; a caption is not what was said."""
    assert cue("opens") == [1, 0, 0, 1, 0, 1]
    assert cue("asks") == [1, 0, 0, 0, 0, 0]
    assert cue("answers") == [0, 1, 0, 0, 0, 0]  # the last one's question was in another session


def test_times_and_names():
    """What names a time or a name, and only where the question asks for one."""
    assert cue("time") == [0, 1, 0, 0, 0, 0]
    assert cue("when_time", "When did Bo see it?") == cue("time")
    assert cue("when_time", "Why did Bo see it?") == [0] * 6
    assert cue("capital") == [0, 2, 0, 0, 0, 1]  # not at a beginning, no speaker's name
    assert cue("name_capital", "Where was the heron?") == cue("capital")
    assert cue("name_capital", "How old is it?") == [0] * 6
    many = Turn("Ana", "We met Cy, Di, Ed and Flo")
    assert cue("capital", chat=[many]) == [3]


def test_who_and_date():
    """Of the speaker and the month that the question names; a turn without date has none."""
    assert cue("who", "What did Bo adopt?") == [0, 1, 0, 1, 0, 1]
    assert cue("date", "What did Bo say in May?") == [1, 1, 1, 0.4, 0.4, 0]
    assert cue("date", "in June", [turn._replace(date="") for turn in CHAT]) == [0] * 6


def bm25(texts, word, b, k=1.2):
    """BM25 of a word, Lucene's form without its constant factor."""
    texts = [text.split() for text in texts]
    held = sum(word in text for text in texts)
    idf = math.log(1 + (len(texts) - held + 0.5) / (held + 0.5))
    mean = sum(map(len, texts)) / len(texts)
    length = [k * (1 - b + b * len(text) / mean) for text in texts]
    return [idf * t.count(word) / (t.count(word) + n) for t, n in zip(texts, length)]


def test_words():
    """Stems without function words and names; of a turn with two before and one after, and all."""
    one, two = "see heron", "yes near lake como yesterday"
    three, four, five = "love photo heron", "sister adopt puppi", "call tell sister hi"
    six = "name biscuit"
    near = [f"{one} {two}", f"{one} {two} {three}", f"{one} {two} {three}", f"{four} {five}",
            f"{four} {five}", six]  # fmt: skip
    sessions = np.array([f"{one} {two} {three}", f"{four} {five}", six])
    for question, word in (("Which HERONS, heron's and Bo?", "heron"), ("sister", "sister")):
        assert cue("words_four", question) == pytest.approx(bm25(near, word, 0.75), rel=1e-5)
        whole = np.array(bm25(sessions, word, 0.5))[[0, 0, 0, 1, 1, 2]]
        assert cue("words_session", question) == pytest.approx(whole, rel=1e-5)
    assert cue("words_four", "Who is it?") == cue("words_four", "zebra") == [0] * 6


def test_chats_without_words():
    """No word, no name, one turn: the cues are there, and zero."""
    for chat in ([Turn("", "")], [Turn("🙂", "🙂"), Turn("", "the of")]):
        cues = WordCues(chat).cues("What about the heron in June?")
        assert set(cues) == set(WORD_CUES)
        assert all(
            np.isfinite(values).all() and len(values) == len(chat) for values in cues.values()
        )
        assert not standardise({"a": np.ones(len(chat))}, ["a"]).any()


def test_other_scripts():
    """Words of any letters are matched."""
    chat = [Turn("Zoë", "Ein Reiher in Zürich", "", "1"), Turn("李", "我 喜欢 鹭", "", "2")]
    assert cue("words_four", "Zürich", chat)[0] > 0 == cue("words_four", "Zürich", chat)[1]
    assert cue("words_four", "鹭", chat)[1] > 0 and cue("who", "李?", chat) == [0, 1]
    assert cue("capital", "?", chat) == [2, 0]


def vectors(rows):
    """Token vectors of some texts, given as lists of (id, direction)."""
    basis = np.eye(384, dtype=np.float16)
    flat = [token for row in rows for token in row]
    return TokenVectors(
        np.stack([basis[axis] for _, axis in flat]),
        np.array([number for number, _ in flat], np.int32),
        np.array([len(row) for row in rows], np.int32),
        np.stack([basis[row[0][1]] for row in rows]),
    )


def test_late_interaction():
    """Each token's best match, the rarer token counting for more; then of two and of nine turns."""
    chat = [Turn("A", "", "", "1")] * 6 + [Turn("A", "", "", "2")] * 2
    rows = [[(5, 0)], [(5, 1), (6, 2)], [(5, 1)], [(5, 1)], [(5, 1)], [(5, 1)], [(6, 2)], [(7, 3)]]
    cues = TokenCues(chat, vectors(rows), frozenset()).cues(vectors([[(5, 0), (6, 2)]]))
    assert set(cues) == set(TOKEN_CUES)
    idf = np.log1p(np.array([(8 - 6 + 0.5) / 6.5, (8 - 2 + 0.5) / 2.5]))
    five, six = idf / idf.sum()
    np.testing.assert_allclose(cues["late"], [five, six, 0, 0, 0, 0, six, 0], atol=1e-6)
    np.testing.assert_allclose(cues["late_pair"], [five, 1, six, 0, 0, 0, six, six], atol=1e-6)
    np.testing.assert_allclose(cues["late_nine"], [1, 1, 1, 1, 1, six, six, six], atol=1e-6)
    assert cues["dense"].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert cues["dense_session"].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]


def test_names_match_nothing():
    """Neither in turns nor in questions, unless nothing else is there."""
    chat = [Turn("A", "", "", "1")] * 2
    rows = [[(9, 0), (5, 1)], [(9, 0)]]
    cues = TokenCues(chat, vectors(rows), frozenset({9}))
    assert cues.cues(vectors([[(9, 0), (5, 1)]]))["late"].tolist() == [1, 0]
    assert cues.cues(vectors([[(9, 0)]]))["late"].tolist() == [0, 1]


def test_blocks():
    """However many tokens there are, each is matched, those of unknown ids too."""
    n = 2 * BLOCK + 3
    rows = [[(i, i % 384)] for i in range(n)]
    cues = TokenCues([Turn("", "")] * n, vectors(rows), frozenset())
    for i in (0, BLOCK, n - 1):
        assert np.flatnonzero(cues.cues(vectors([[(30_000, i)]]))["late"]).tolist() == [i]


def test_meaning():
    """With the real encoder the turn that says it in other words is found."""
    tokens = encode_tokens([spoken(turn) for turn in CHAT])
    cues = TokenCues(CHAT, tokens, word_ids(["ana", "bo"]))
    found = cues.cues(encode_tokens(["Which young dog joined the family?"]))
    assert found["late"].argmax() == found["dense"].argmax() == 3


def test_spoken():
    assert spoken(CHAT[3]) == "Bo: My sister adopted a puppy." and spoken(Turn("", "x")) == "x"


def test_order():
    """By session and date; without dates as given, sessions by name."""
    a, b, c = Turn("", "a", "2024-02", "x"), Turn("", "b", "2024-01", "x"), Turn("", "c", "", "y")
    assert arrange([a, b, c]) == [2, 1, 0] == arrange([a, b, c._replace(date="2023")])
    assert arrange([a, c, b._replace(date="")]) == [1, 0, 2]
    assert arrange([c, c._replace(session="a"), c]) == [1, 0, 2] and arrange([]) == []


def test_sessions():
    """Which turns belong together, and a gap between them."""
    sessions = Sessions(CHAT)
    assert sessions.of.tolist() == [0, 0, 0, 1, 1, 2] and sessions.names == ["1", "2", "3"]
    assert sessions.first.tolist() == [0, 3, 5] and sessions.end.tolist() == [3, 5, 6]
    wide, places = sessions.spread(np.ones((1, 6)), 2)
    assert wide[0].tolist() == [-2, -2, 1, 1, 1, -2, -2, 1, 1, -2, -2, 1, -2, -2]
    assert places.tolist() == [2, 3, 4, 7, 8, 11]


def test_standardised():
    """Mean 0 and deviation 1, in the order asked for; what is the same for all turns is 0."""
    cues = {"a": np.array([1.0, 3.0]), "b": np.array([2.0, 2.0]), "c": np.array([0.0, 9.0])}
    np.testing.assert_allclose(standardise(cues, ["b", "a"]), [[0, -1], [0, 1]], atol=1e-5)
