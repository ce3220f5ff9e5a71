"""The lexicon that ships with the package keeps its promises."""

import re

import pandas as pd
import pytest

from hsokv.data.lexicon import DOMAINS, USAGES, load_fillers, load_lexicon, load_unseen_words
from hsokv.data.tokenizer import split_words

BOTH = pd.concat([load_lexicon(), load_unseen_words()])


def test_one_hundred_words_in_six_domains():
    """100 distinct words over the six domains, in equal parts but for rounding; nothing missing."""
    lexicon = load_lexicon()
    assert lexicon["word"].nunique() == len(lexicon) == 100
    sizes = lexicon["domain"].value_counts()
    assert set(sizes.index) == set(DOMAINS) and len(DOMAINS) == 6
    assert sizes.max() - sizes.min() <= 1
    assert list(lexicon.columns) == ["word", "part_of_speech", "domain", "definition", *USAGES]
    assert lexicon.notna().all(axis=None) and (lexicon.map(str.strip) == lexicon).all(axis=None)


def test_unseen_words_are_other_words():
    """The 30 words that are never stored share no word with the lexicon."""
    unseen = load_unseen_words()
    assert unseen["word"].nunique() == len(unseen) == 30
    assert not set(unseen["word"]) & set(load_lexicon()["word"])
    assert set(unseen["domain"]) == set(DOMAINS)


@pytest.mark.parametrize("row", list(BOTH.itertuples(index=False)), ids=lambda row: row.word)
def test_definition_hides_and_usages_show_the_word(row):
    """No definition holds its word; every usage holds it exactly once, as one token."""
    assert row.word.lower() not in row.definition.lower()
    for usage in row[4:]:
        assert len(re.findall(rf"\b{row.word}\b", usage, re.IGNORECASE)) == 1, usage
        assert split_words(usage).count(row.word) == 1, usage
        assert usage[0].isupper() and usage.endswith("."), usage


def test_no_sentence_repeats():
    """130 definitions and 520 usages are all different, unseen words included."""
    sentences = [
        tuple(split_words(s)) for name in ("definition", *USAGES) for s in BOTH[name]
    ]  # fmt: skip
    assert len(set(sentences)) == len(sentences) == 650


def test_no_text_mentions_another_word():
    """No definition, usage or filler holds another word of the study."""
    words = set(BOTH["word"])
    for row in BOTH.itertuples():
        for text in (row.definition, *(getattr(row, name) for name in USAGES)):
            assert not (set(split_words(text)) & words) - {row.word}, text
    assert not set(load_fillers()) & words


def test_fillers_are_single_plain_words():
    """Fillers are distinct lower-case words, one token each."""
    fillers = load_fillers()
    assert len(set(fillers)) == len(fillers) >= 50
    assert all(split_words(word) == [word] for word in fillers)


def test_loading_returns_a_copy():
    """Changing a loaded table does not change the next one."""
    table = load_lexicon()
    table.loc[0, "word"] = "changed"
    assert load_lexicon().loc[0, "word"] != "changed"
