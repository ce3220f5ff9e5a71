"""Stories follow the documented recipe, and the conditions hold what they say."""

import re
from collections import Counter

import numpy as np
import pytest

from hsokv.data.lexicon import (
    LEXICA,
    USAGES,
    load_fillers,
    load_lexicon,
    load_senses,
    load_unseen_words,
)
from hsokv.data.rare_words import Texts, labels_of, make_rare_word_task, make_sense_task
from hsokv.data.stories import BLANK, CONDITIONS, misspell
from hsokv.data.tokenizer import split_words

LEXICON = load_lexicon().set_index("word")
UNSEEN = load_unseen_words().set_index("word")


@pytest.fixture(scope="module")
def full():
    """The task of 100 words at seed 3."""
    return make_rare_word_task(100, seed=3)


def usage_in(text, word):
    """The one usage sentence of a word that a text holds, blanked or not."""
    table = LEXICON if word in LEXICON.index else UNSEEN
    usages = [table.loc[word, name] for name in USAGES]
    blanked = [re.sub(rf"\b{word}\b", BLANK, usage, flags=re.IGNORECASE) for usage in usages]
    found = [usages[i] for i in range(4) if usages[i] in text or blanked[i] in text]
    assert len(found) == 1, text
    return found[0]


def around(text, core):
    """Lead and tail words of a story, and the lengths of distractors before and after it."""
    assert text.count(core) == 1, text
    before, after = text.split(core)
    *first, lead = before.strip().split(". ")
    tail, *last = after.strip().split(". ")
    words = split_words(before + after)
    assert set(words) <= set(load_fillers()), text
    lengths = [[len(s.rstrip(".").split()) for s in sentences] for sentences in (first, last)]
    return len(lead.split()), len(tail.rstrip(".").split()), *lengths


def test_training_story_follows_the_recipe(full):
    """7-12 filler words, "<word> means <definition>.", a usage, 6-10 filler words and a stop."""
    leads, tails = set(), set()
    for text, word in zip(full.train.texts, full.train.labels):
        core = f"{word} means {LEXICON.loc[word, 'definition']}. {usage_in(text, word)}"
        lead, tail, first, last = around(text, core)
        leads.add(lead)
        tails.add(tail)
        assert not first + last and text.endswith(".")
    assert leads == set(range(7, 13)) and tails == set(range(6, 11))


def test_half_once_half_twice(full):
    """50 words have one story, 50 have two: the same definition with another usage."""
    counts = Counter(full.train.labels)
    assert sorted(Counter(counts.values()).items()) == [(1, 50), (2, 50)]
    assert set(counts) == set(LEXICON.index)
    assert [counts[label] for label in full.train.labels] == full.train.exposures
    pairs = {(w, usage_in(t, w)) for t, w in zip(full.train.texts, full.train.labels)}
    assert len(pairs) == 150


def test_training_stories_come_in_random_order(full):
    """Words with two stories do not have them side by side as a rule."""
    labels = full.train.labels
    assert sum(a == b for a, b in zip(labels, labels[1:])) < 10


@pytest.mark.parametrize("n_way, n_validation", [(5, 1), (20, 4), (100, 20)])
def test_validation_words_are_never_tested(n_way, n_validation):
    """A fifth of the words is set aside; under no condition is one of them scored."""
    task = make_rare_word_task(n_way, seed=0)
    held = set(task.validation.labels)
    assert len(held) == len(task.validation.texts) == n_validation
    assert held.isdisjoint(task.test_words)
    assert held | set(task.test_words) == set(task.train.labels)
    for condition in CONDITIONS:
        assert held.isdisjoint(task.test(condition).labels)


@pytest.mark.parametrize("condition", ["verbatim", "recognise", "infer"])
def test_one_story_per_test_word(full, condition):
    """Each test word is asked once, with the number of its training stories beside it."""
    stories, counts = full.test(condition), Counter(full.train.labels)
    assert tuple(stories.labels) == full.test_words and len(stories.texts) == 80
    assert stories.exposures == [counts[word] for word in stories.labels]


def test_verbatim_repeats_definition_and_usage(full):
    """Definition and usage stand word for word in a training story; the filler is new."""
    for text, word in zip(full.test("verbatim").texts, full.test("verbatim").labels):
        core = f"{word} means {LEXICON.loc[word, 'definition']}. {usage_in(text, word)}"
        twins = [t for t in full.train.texts if core in t]
        assert len(twins) == 1 and text not in full.train.texts
        around(text, core)


def test_recognise_is_a_new_sentence_with_the_word(full):
    """The word is there once, 'means' is not, and the usage was never trained."""
    trained = {(w, usage_in(t, w)) for t, w in zip(full.train.texts, full.train.labels)}
    stories = full.test("recognise")
    for text, word in zip(stories.texts, stories.labels):
        assert split_words(text).count(word) == 1 and " means " not in text
        assert LEXICON.loc[word, "definition"] not in text
        assert (word, usage_in(text, word)) not in trained


def test_infer_is_the_same_sentence_without_the_word(full):
    """The word is replaced by one blank; the sentence is the one of 'recognise'."""
    named, blanked = full.test("recognise"), full.test("infer")
    for text, other, word in zip(blanked.texts, named.texts, blanked.labels):
        assert word not in text.lower() and text.count(BLANK) == 1
        assert split_words(text).count(BLANK) == 1
        assert usage_in(text, word) == usage_in(other, word)


def test_unseen_words_are_never_in_training(full):
    """30 sentences with words that stand in no training or validation story."""
    stories = full.test("unseen")
    assert set(stories.labels) == set(UNSEEN.index) and len(stories.texts) == 30
    assert set(stories.exposures) == {0}
    learned = set(split_words(" ".join(full.train.texts + full.validation.texts)))
    for text, word in zip(stories.texts, stories.labels):
        assert word in split_words(text) and word not in learned
        around(text, usage_in(text, word))


@pytest.mark.parametrize("n_distractors", [0, 1, 5])
def test_distractors_are_counted_filler_sentences(full, n_distractors):
    """As many sentences of 12-18 filler words as asked for, on both sides of the story."""
    n_before = n_after = 0
    for condition in ("verbatim", "recognise", "infer", "unseen"):
        stories = full.test(condition, n_distractors)
        for text, word in zip(stories.texts, stories.labels):
            usage = usage_in(text, word)
            core = usage if usage in text else re.sub(rf"(?i)\b{word}\b", BLANK, usage)
            if condition == "verbatim":
                core = f"{word} means {LEXICON.loc[word, 'definition']}. {usage}"
            lead, tail, first, last = around(text, core)
            assert 7 <= lead <= 12 and 6 <= tail <= 10
            assert len(first + last) == n_distractors
            assert all(12 <= length <= 18 for length in first + last)
            n_before, n_after = n_before + len(first), n_after + len(last)
    share = n_before / max(n_before + n_after, 1)
    assert 0.4 < share < 0.6 or not n_distractors


def test_seed_decides_everything():
    """The same seed gives the same task; another seed, draw or number of words does not."""
    task, same, other = (make_rare_word_task(20, seed=seed) for seed in (1, 1, 2))
    assert (task.train, task.validation, task.blocks) == (same.train, same.validation, same.blocks)
    assert task.train != other.train and set(task.test_words) != set(other.test_words)
    for condition in CONDITIONS:
        assert task.test(condition, 2) == task.test(condition, 2) == same.test(condition, 2)
        assert task.test(condition) != task.test(condition, draw="retention")
    again = task.test("recognise", draw="retention")
    assert again.labels == task.test("recognise").labels


@pytest.mark.parametrize("n_way, sizes", [(5, [3, 2]), (20, [4] * 5), (100, [20] * 5)])
def test_blocks_split_the_words(n_way, sizes):
    """Blocks hold every word once, in equal parts, and each a word that is scored."""
    task = make_rare_word_task(n_way, seed=4)
    assert [len(block) for block in task.blocks] == sizes
    assert Counter(word for block in task.blocks for word in block) == Counter(
        set(task.train.labels)
    )
    assert all(set(block) & set(task.test_words) for block in task.blocks)


def test_where_keeps_order_and_pairs():
    """`where` returns the stories of some words with their labels and exposures."""
    texts = Texts(["a1", "b1", "a2"], ["a", "b", "a"], [2, 1, 2])
    assert texts.where({"a"}) == Texts(["a1", "a2"], ["a", "a"], [2, 2])
    assert texts.where(set()) == Texts()


@pytest.mark.parametrize("n_way", [4, 101])
def test_number_of_words_is_checked(n_way):
    """Fewer than 5 or more than 100 words cannot be drawn."""
    with pytest.raises(ValueError, match=f"n_way={n_way}: expected at (least 5|most 100)"):
        make_rare_word_task(n_way, seed=0)


def test_condition_and_distractors_are_checked(task):
    """A misspelt condition and a negative number are refused."""
    with pytest.raises(ValueError, match="unknown condition 'recognize': did you mean 'recognise'"):
        task.test("recognize")
    with pytest.raises(ValueError, match="n_distractors=-1: expected at least 0"):
        task.test("verbatim", -1)


def test_inflect_shows_another_form_or_a_slip(full):
    """The word itself is not there; its other form is, or the new sentence with one slip."""
    stories, named, forms = full.test("inflect"), full.test("recognise"), 0
    for text, other, word in zip(stories.texts, named.texts, stories.labels):
        assert word not in split_words(text)
        if LEXICON.loc[word, "inflected_usage"] in text:
            forms += 1
            continue
        before, after = re.split(rf"(?i)\b{word}\b", usage_in(other, word))
        (slip,) = re.findall(rf"{re.escape(before)}(\w+){re.escape(after)}", text)
        assert slip[0].lower() == word[0] and abs(len(slip) - len(word)) <= 1
    assert 25 < forms < 55


def test_a_slip_is_one_of_four():
    """Dropped, doubled, replaced or swapped, each of them; the word itself never comes back."""
    rng = np.random.default_rng(0)
    slips = {misspell("adit", rng) for _ in range(300)}
    assert "adit" not in slips and {"adt", "addit", "adti", "aidt"} <= slips
    assert any(len(slip) == 4 and slip[1:3] == "di" for slip in slips)
    with pytest.raises(ValueError, match="word='ad': expected three letters or more"):
        misspell("ad", rng)


def test_define_and_two_words_hold_the_other_definition(full):
    """One without any stored word, the other with two: the meant one and another of its kind."""
    words = set(LEXICON.index)
    for text, word in zip(full.test("define").texts, full.test("define").labels):
        assert f"It means {LEXICON.loc[word, 'paraphrase']}." in text
        assert not set(split_words(text)) & words
    first = 0
    for text, word in zip(full.test("two_words").texts, full.test("two_words").labels):
        one, two = [w for w in split_words(text) if w in words]
        assert word in (one, two) and one != two
        assert f"{one} or {two}: which one means {LEXICON.loc[word, 'paraphrase']}?" in text
        other = two if word == one else one
        kinds = LEXICON["part_of_speech"]
        assert kinds[word] == kinds[other]
        first += word == one
    assert 25 < first < 55, "the order tells which one is meant"


@pytest.mark.parametrize("lexicon", LEXICA)
def test_senses_are_told_apart_by_meaning_alone(lexicon):
    """Two labels per word, one training story each; the word is in all stories of both."""
    task, table = make_sense_task(seed=2, lexicon=lexicon), load_senses(lexicon).set_index("label")
    assert sorted(task.train.labels) == sorted(table.index)
    held = set(task.validation.labels)
    assert {table.loc[label, "word"] for label in held}.isdisjoint(
        {table.loc[label, "word"] for label in task.test_words}
    )
    stories, trained = task.test("sense"), " ".join(task.train.texts)
    assert tuple(stories.labels) == task.test_words and set(stories.exposures) == {1}
    for text, label in zip(stories.texts, stories.labels):
        row = table.loc[label]
        (usage,) = [row[name] for name in USAGES[:3] if row[name] in text]
        assert usage not in trained and split_words(text).count(row["word"]) == 1
    with pytest.raises(ValueError, match="verbatim"):
        task.test("verbatim")


def test_development_words_are_drawn_alike():
    """The development lexicon has words of its own, unseen ones too."""
    task, own = make_rare_word_task(20, seed=0, lexicon="development"), load_lexicon("development")
    assert set(task.train.labels) <= set(own["word"])
    assert set(task.test("unseen").labels) == set(load_unseen_words("development")["word"])
    assert labels_of("unseen", "development") == tuple(load_unseen_words("development")["word"])
    with pytest.raises(ValueError, match="'development'"):
        make_rare_word_task(20, seed=0, lexicon="develpment")
