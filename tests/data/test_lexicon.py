"""The lexicon that ships with the package keeps its promises."""

import re

import pandas as pd
import pytest

from hsokv.data.lexicon import (
    DOMAINS,
    LEXICA,
    USAGES,
    load_fillers,
    load_lexicon,
    load_senses,
    load_unseen_words,
)
from hsokv.data.tokenizer import split_words

STORED = pd.concat([load_lexicon(lexicon) for lexicon in LEXICA])
UNSEEN = pd.concat([load_unseen_words(lexicon) for lexicon in LEXICA])
SENSES = pd.concat([load_senses(lexicon) for lexicon in LEXICA])
BOTH = pd.concat([STORED, UNSEEN])
FUNCTION_WORDS = {"becau", "which", "about", "their", "other", "whose", "where"}
FORMS = ["inflected", "inflected_usage", "paraphrase"]


def test_one_hundred_words_in_six_domains():
    """100 distinct words over the six domains, in equal parts but for rounding; nothing missing."""
    lexicon = load_lexicon()
    assert lexicon["word"].nunique() == len(lexicon) == 100
    sizes = lexicon["domain"].value_counts()
    assert set(sizes.index) == set(DOMAINS) and len(DOMAINS) == 6
    assert sizes.max() - sizes.min() <= 1
    assert list(lexicon.columns) == [
        "word",
        "part_of_speech",
        "domain",
        "definition",
        *USAGES,
        *FORMS,
    ]
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
    for usage in (getattr(row, name) for name in USAGES):
        assert len(re.findall(rf"\b{row.word}\b", usage, re.IGNORECASE)) == 1, usage
        assert split_words(usage).count(row.word) == 1, usage
        assert usage[0].isupper() and usage.endswith("."), usage


def test_no_sentence_repeats():
    """Definitions, usages and paraphrases of all lexica are all different."""
    texts = [BOTH[name] for name in ("definition", *USAGES)]
    texts += [STORED[name] for name in FORMS] + [SENSES["definition"]]
    texts += [SENSES[name] for name in USAGES[:3]]
    sentences = [tuple(split_words(text)) for text in pd.concat(texts)]
    assert len(set(sentences)) == len(sentences) > 1500


def test_lexica_share_no_word():
    """No word, sense or other form of one lexicon stands in another."""
    words = [*BOTH["word"], *STORED["inflected"], *SENSES["word"].unique()]
    assert len(set(words)) == len(words)
    assert not set(load_fillers()) & set(words)


def test_no_text_mentions_another_word():
    """No definition, usage or filler holds another word of its lexicon, forms included."""
    for lexicon in LEXICA:
        stored, unseen = load_lexicon(lexicon), load_unseen_words(lexicon)
        words = {*stored["word"], *unseen["word"], *stored["inflected"]}
        for row in [*stored.itertuples(), *unseen.itertuples()]:
            own = {row.word, getattr(row, "inflected", row.word)}
            names = ["definition", *USAGES, *(FORMS if row.word in set(stored["word"]) else [])]
            for name in names:
                text = getattr(row, name)
                assert not (set(split_words(text)) & words) - own, text


@pytest.mark.parametrize("row", list(STORED.itertuples(index=False)), ids=lambda row: row.word)
def test_harder_texts_do_not_show_the_word(row):
    """The other form is another token; neither its sentence nor the paraphrase holds the word."""
    assert split_words(row.inflected) == [row.inflected] != [row.word]
    found = split_words(row.inflected_usage)
    assert found.count(row.inflected) == 1 and row.word not in found
    assert not {row.word, row.inflected} & set(split_words(row.paraphrase))
    common = stems(row.definition) & stems(row.paraphrase)
    assert not common, f"definition and paraphrase share {common}"


def stems(text):
    """The first five letters of each word of five letters and more, function words left out."""
    return {word[:5] for word in split_words(text) if len(word) >= 5} - FUNCTION_WORDS


def test_senses_come_in_pairs():
    """Every common word has an ordinary and a rare sense, and stands once in each usage."""
    for _, pair in SENSES.groupby("word"):
        assert pair["sense"].tolist() == ["common", "rare"]
    for row in SENSES.itertuples():
        assert row.label == f"{row.word}, {row.sense}"
        assert row.word not in split_words(row.definition)
        for name in USAGES[:3]:
            assert split_words(getattr(row, name)).count(row.word) == 1


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
