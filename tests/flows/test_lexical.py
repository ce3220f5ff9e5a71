"""The memory of words: what it stores, finds, declines and forgets."""

import numpy as np
import pytest
import torch

from hsokv import ABSTAIN, ABSTAIN_INTEGER, from_pretrained, make_flow, save_pretrained
from hsokv.flows import persistence
from hsokv.models.sentence import encode_sentences

TEXTS = [
    "an aglet is the tip of a lace",
    "an oubliette is a dungeon with a trapdoor",
    "a quidnunc is eager for gossip",
    "a poltroon is an utter coward",
]
LABELS = ["aglet", "oubliette", "quidnunc", "poltroon"]
QUERIES = ["my aglets broke", "she hid in the oubliette", "no such word here", "poltroon"]


def answers(flow, texts=QUERIES):
    """Everything the flow makes of texts."""
    return vars(flow.answer(texts))


def same(one, two):
    """Whether two flows answer alike to the last bit."""
    a, b = answers(one), answers(two)
    return all(np.array_equal(a[k], b[k], equal_nan=a[k].dtype.kind == "f") for k in a)


def test_words_are_found_in_new_sentences_and_forms():
    """Also among other rare words; what was never stored is declined."""
    flow = make_flow("lexical").fit(TEXTS, LABELS)
    assert flow.predict(QUERIES).tolist() == ["aglet", "oubliette", ABSTAIN, "poltroon"]
    assert make_flow("lexical", form_cost=50.0).fit(TEXTS, LABELS).predict(QUERIES)[0] == ABSTAIN


def test_scores_are_shares_of_likelihood():
    """Softmax over the nats of each label's best entry; nothing found gives zeros."""
    flow = make_flow("lexical").fit(TEXTS, LABELS)
    found = flow.answer(["aglet", "nothing"])
    nats, _ = flow.keys_.read(["aglet"], np.arange(4))
    assert found.scores[0] == pytest.approx(np.exp(nats) / np.exp(nats).sum())
    assert found.scores[1].sum() == 0 and found.nearest.tolist() == [0, -1]
    assert found.hit[0] == pytest.approx(nats.max())


def test_declining():
    """It declines where the best entry says less than the least, which can be moved at once."""
    flow = make_flow("lexical").fit(TEXTS, LABELS)
    most = flow.answer(["aglet"]).hit[0]
    assert flow.novelty(["aglet"])[0] == -most
    assert flow.set_params(novel_nats=most - 0.01).predict(["aglet"])[0] == "aglet"
    assert flow.set_params(novel_nats=most + 0.01).predict(["aglet"])[0] == ABSTAIN
    assert flow.set_params(abstain=False).predict(["aglet"])[0] == "aglet"
    assert flow.set_params(abstain=True, novel_nats=-9.0).predict(["nothing"])[0] == ABSTAIN


def test_one_by_one_is_all_at_once():
    """The order of learning leaves no trace; an identical text is stored once."""
    at_once = make_flow("lexical").fit(TEXTS + TEXTS[:2], LABELS + LABELS[:2])
    one_by_one = make_flow("lexical")
    for text, label in zip(TEXTS, LABELS):
        one_by_one.partial_fit([text], [label]).partial_fit([text], [label])
    assert (at_once.predict(QUERIES) == one_by_one.predict(QUERIES)).all()  # classes arrived apart
    assert (at_once.novelty(QUERIES) == one_by_one.novelty(QUERIES)).all()
    assert len(at_once.memory_) == len(one_by_one.memory_) == 4
    assert len(make_flow("lexical", duplicates="keep").fit(TEXTS * 2, LABELS * 2).memory_) == 8
    assert len(make_flow("lexical").fit(TEXTS[:1] * 2, ["a", "b"]).memory_) == 2  # of two labels


@pytest.mark.parametrize("at_once", [True, False])
def test_a_full_memory_is_one_that_never_knew_the_oldest(at_once):
    """Also when it has been full for long, so that its index was built anew."""
    texts = [f"{text} {i}" for i in range(4) for text in TEXTS]
    labels = LABELS * 4
    full = make_flow("lexical", capacity=3)
    if at_once:
        full.fit(texts, labels)
    else:
        for text, label in zip(texts, labels):
            full.partial_fit([text], [label])
    fresh = make_flow("lexical", capacity=3)
    fresh.fit(texts[-3:], labels[-3:])
    assert list(full.texts_.values()) == list(fresh.texts_.values()) == texts[-3:]
    assert full.predict(["aglet"])[0] == ABSTAIN
    for text in ("oubliette", "quidnuncs", "a coward", "none"):
        assert full.answer([text]).hit == fresh.answer([text]).hit
    assert full.memory_bytes <= 3 * fresh.memory_bytes
    relearned = full.partial_fit(texts[:1], labels[:1])  # forgotten, so it is not a duplicate
    assert relearned.predict(["aglet"])[0] == "aglet"


def test_a_saved_memory_learns_on(tmp_path):
    """It numbers on where it was, and merges what it knows."""
    flow = make_flow("lexical", capacity=4).fit(TEXTS, LABELS)
    flow.partial_fit(["a bosky glade"], ["bosky"])
    save_pretrained(flow, tmp_path / "flow")
    loaded = from_pretrained(tmp_path / "flow")
    assert same(flow, loaded)
    for one in (flow, loaded):
        one.partial_fit([TEXTS[3], "a hordeolum is a stye"], ["poltroon", "hordeolum"])
    assert same(flow, loaded) and flow.texts_ == loaded.texts_


def test_texts_without_words():
    """They are stored and never found; a query without words is declined."""
    flow = make_flow("lexical").fit(["?!", "..."], ["a", "b"])
    assert flow.predict(["?!", "aglet"]).tolist() == [ABSTAIN] * 2


@pytest.mark.parametrize(
    "switches",
    [
        {"fusion": "none"},
        {"training": "steps"},
        {"write_rule": "surprise"},
        {"eviction": "confidence"},
        {"duplicates": "one_per_label"},
        {"forgetting": "utility"},
    ],
)
def test_what_it_cannot_do_is_refused(switches):
    """A switch that would be ignored is an error that says what to leave."""
    with pytest.raises(ValueError, match="leave these switches|abstain=False"):
        make_flow("lexical", **switches)


def test_it_does_not_turn_into_another_kind():
    """Nor another into it."""
    with pytest.raises(ValueError, match="does not turn into another kind; call make_flow"):
        make_flow("lexical").set_params(flow="bm25").fit(TEXTS, LABELS)
    with pytest.raises(ValueError, match="call make_flow"):
        make_flow("first_redesign").set_params(encoder="lexical").fit(TEXTS, LABELS)


def test_labels_are_titles():
    """Where they are text: a term that its text does not name is found; a number is no title."""
    texts = [text.split(" is ")[1] for text in TEXTS]
    flow = make_flow("lexical").fit(texts, LABELS)
    assert flow.predict(QUERIES).tolist() == ["aglet", "oubliette", ABSTAIN, "poltroon"]
    assert make_flow("lexical", title="none").fit(texts, LABELS).predict(["aglet"])[0] == ABSTAIN
    numbers = make_flow("lexical").fit(texts, [3, 5, 7, 11])
    assert numbers.predict(["chapter 7"])[0] == ABSTAIN_INTEGER
    assert numbers.predict(["the tip of some lace"])[0] == 3


def test_a_slip_that_is_a_word_is_hardly_taken_for_one():
    """A common word with another letter is declined, a misspelling is not."""
    flow = make_flow("lexical").fit(["of medium moisture", "of the cell"], ["mesic", "mitosis"])
    assert flow.predict(["a music lesson", "mitossis"]).tolist() == [ABSTAIN, "mitosis"]


MEANT = ["what helps to thread a shoestring", "deep pit beneath a castle"]


@pytest.fixture
def meaning():
    """The same texts, with the adapted encoder beside the words."""
    return make_flow("redesign").fit(TEXTS, LABELS)


def test_meaning_finds_what_words_do_not(meaning):
    """Definitions in other words are found by meaning alone, and named words as before."""
    lexical = make_flow("lexical").fit(TEXTS, LABELS)
    assert lexical.predict(MEANT).tolist() == [ABSTAIN] * 2
    assert meaning.predict(MEANT).tolist() == ["aglet", "oubliette"]
    assert meaning.predict(QUERIES)[[0, 1, 3]].tolist() == ["aglet", "oubliette", "poltroon"]
    meaning.set_params(cosine_nats=0.0)  # acts at once
    assert meaning.answer(MEANT).hit.tolist() == lexical.answer(MEANT).hit.tolist()


def test_nats_of_meaning(meaning):
    """A cosine of vectors without common words, times its nats, is added to what words say."""
    assert meaning._common == {"a", "an", "is"}
    cosine = encode_sentences(["deep pit beneath castle"], adapted=True) @ meaning.memory_.keys.T
    words, _ = meaning.keys_.read(["deep", "pit", "beneath", "a", "castle"], np.arange(4))
    said = words + meaning.config_.cosine_nats * cosine.clamp(min=0).numpy()[0]
    assert meaning.answer(["a deep pit beneath a castle"]).hit[0] == pytest.approx(said.max())


def test_an_unknown_word_speaks_for_something_new(meaning):
    """The same text with a rare word in it that was never stored counts as newer."""
    strange = ["a deep pit beneath a zxqvyw"]
    with_it, share = meaning.novelty(strange)[0], meaning.config_.unknown_share
    unexplained = meaning.keys_.read(["zxqvyw"], np.arange(4))[1]
    without_it = meaning.set_params(unknown_share=0.0).novelty(strange)[0]
    assert with_it - without_it == pytest.approx(share * unexplained) and unexplained > 5


def test_common_words_settle():
    """They are found anew whenever the store has doubled; then it is as if all came at once."""
    texts = [f"{text} and so on {i}" for i, text in enumerate(TEXTS * 2)]
    labels = [f"{label}{i}" for i, label in enumerate(LABELS * 2)]
    growing = make_flow("redesign")
    for text, label in zip(texts, labels):
        growing.partial_fit([text], [label])
    at_once = make_flow("redesign").fit(texts, labels)
    assert growing._common == at_once._common >= {"a", "is", "and", "so", "on"}
    assert growing.memory_.keys.numpy() == pytest.approx(at_once.memory_.keys.numpy(), abs=1e-5)
    assert growing._settled_at == 8
    growing.partial_fit(["an entirely common sentence"], ["more"])
    assert growing._settled_at == 8


def test_a_saved_meaning_is_kept(meaning, tmp_path):
    """Vectors and common words are read, nothing is encoded again."""
    save_pretrained(meaning, tmp_path / "flow")
    loaded = from_pretrained(tmp_path / "flow")
    assert same(meaning, loaded) and loaded._common == meaning._common
    for one in (meaning, loaded):
        one.partial_fit(["a bosky glade"], ["bosky"])
    assert same(meaning, loaded)


def test_keys_do_not_hold_their_titles(meaning):
    """The encoder reads a stored text without the words of its label."""
    told = encode_sentences(["the tip of lace"], adapted=True)[0]
    assert meaning.memory_.keys[0].tolist() == pytest.approx(told.tolist(), abs=1e-5)


def test_another_adapter_reads_the_texts_again(meaning, tmp_path, monkeypatch):
    """Vectors of a former adapter are not compared with those of this one."""
    save_pretrained(meaning, tmp_path / "flow")
    meaning.memory_.replace_keys(torch.arange(4), torch.zeros(4, 384))
    save_pretrained(meaning, tmp_path / "old")
    assert from_pretrained(tmp_path / "old").answer(MEANT).hit.max() == 0
    monkeypatch.setattr(persistence, "key_source", lambda config: "another")
    again = from_pretrained(tmp_path / "old")
    monkeypatch.undo()
    assert again.predict(MEANT).tolist() == ["aglet", "oubliette"]


def test_flows_saved_under_former_names():
    """They are what they were, under the name they have now."""
    first = {"flow": "redesign", "settings": {"encoder": "embedding"}}
    assert persistence._up_to_date(first)["flow"] == "first_redesign"
    both = persistence._up_to_date({"flow": "two_channels", "settings": {}})
    assert (both["flow"], both["settings"]) == ("redesign", {"title": "none"})
    now = {"flow": "redesign", "settings": {"encoder": "lexical", "title": "label"}}
    assert persistence._up_to_date(now) is now
