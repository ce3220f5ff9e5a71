"""The typed sentence in Chromium is answered as by the flow `lexical`, simplified, in Python."""

import numpy as np
import pytest

from hsokv import ABSTAIN, make_flow
from hsokv.data.english import RAREST
from hsokv.data.stories import CONDITIONS
from hsokv.data.tokenizer import split_words
from tests.book.chromium import CHROMIUM
from tests.book.conftest import EXPLORE, said
from tools.explorable_sentence import SIMPLIFIED, fit_learners, make_task, sentence_data

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not EXPLORE.is_file(), reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's"),
]


def check_sentences(page, flow, lookup, texts):
    """Type texts; answer, nats and every word's weight are those of the flows."""
    numbers = flow.memory_["source"].numpy()
    labels = flow.classes_[flow.memory_["label"].numpy()]
    box = page.get_by_role("textbox", name="your sentence")
    lines = page.locator("#explore-sentence .explore-list tbody tr")
    answers, heads = flow.predict(texts), lookup.predict(texts)
    for text, answer, head in zip(texts, answers, heads):
        box.fill(text)
        told, words = said(page, "sentence"), list(dict.fromkeys(split_words(text)))
        assert told.endswith(f"Headword lookup: {'declines' if head == ABSTAIN else head}.")
        nats, _ = flow.keys_.read(words, numbers)
        if answer == ABSTAIN:
            assert told.startswith("Our word memory, simplified: declines")
            continue
        shown = told.removeprefix(f"Our word memory, simplified: {answer}, ").split(" nats")[0]
        assert float(shown) == pytest.approx(nats.max(), abs=0.02)
        best = int(np.flatnonzero((labels == answer) & (nats.round(9) == nats.max().round(9)))[0])
        weights = []
        for word in words:
            slots, gain = flow.keys_.gains(word, numbers) if word[0] != "_" else ([], [])
            weights.append(dict(zip(slots, gain)).get(best, 0.0))
        cells = [line.split("\t") for line in lines.all_inner_texts()]
        shown = {cell[0].strip(): float(cell[1]) for cell in cells}
        assert list(shown.values()) == sorted(shown.values(), reverse=True)
        assert shown == pytest.approx(dict(zip(words, weights)), abs=0.0065)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_sentences_are_answered_as_by_the_simplified_flow(visit, condition):
    """Every test text of the draw gives the answer and the weights of `lexical`, simplified."""
    learners = fit_learners()
    texts = make_task().test(condition).texts
    check_sentences(visit(), learners["simplified"], learners["headword_lookup"], texts)


def test_pasted_glossary_is_asked_instead(visit, monkeypatch):
    """Its terms answer; words that no story holds are the rarest; emptied, the stories are back."""
    known = sentence_data()["surprisal"]
    monkeypatch.setattr("hsokv.memory.lexical.surprisal", lambda word: known.get(word, RAREST))
    told = ["aglet: the tip of a lace", "hot desk: a seat no one owns", "aglet: a lace's metal end"]
    terms = [line.split(": ")[0] for line in told]
    flow = make_flow("lexical", **SIMPLIFIED).fit(told, terms)
    page = visit()
    field = page.get_by_role("textbox", name="or your own glossary")
    field.fill("\n".join([*told, told[0], "no colon here"]))
    assert "your glossary, 3 entries. Lines left out for want of a colon: 1." in page.inner_text(
        "#explore-sentence"
    )
    texts = ["The metal AGLET came off", "who owns the desk", "hot lace", "nothing", "the ___ of a"]
    check_sentences(page, flow, make_flow("headword_lookup").fit(told, terms), texts)
    field.fill("")
    assert "the book's" in page.inner_text("#explore-sentence")
