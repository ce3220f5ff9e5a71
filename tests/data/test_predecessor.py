"""The predecessor's protocol: what it draws, and how its table gets its numbers."""

from collections import Counter

import numpy as np
import pytest

from hsokv.data.lexicon import load_fillers, load_lexicon
from hsokv.data.predecessor import make_predecessor_task
from hsokv.data.tokenizer import split_words
from hsokv.experiments.printed_table.printed import PRINTED, first_solved, printed_scores


@pytest.fixture(scope="module")
def task():
    return make_predecessor_task(3)


def test_sizes(task):
    """Twenty words, one to five training texts, five test and three retention texts each."""
    assert len(set(task.words)) == 20 and set(task.words) <= set(load_lexicon()["word"])
    counts = Counter(task.train.labels)
    assert set(counts) == set(task.words) and set(counts.values()) <= {1, 2, 3, 4, 5}
    assert set(Counter(task.test.labels).values()) == {5} and len(task.test.texts) == 100
    assert set(Counter(task.retention.labels).values()) == {3} and len(task.distractors) == 100
    for split in (task.train, task.test, task.retention, task.validation):
        assert split.exposures == [counts[label] for label in split.labels]


def test_exposures_are_uniform_from_one_to_five():
    """Over many draws a fifth of the words has each number of training texts."""
    drawn = [make_predecessor_task(seed).test.exposures[::5] for seed in range(40)]
    shares = np.bincount(np.concatenate(drawn), minlength=6) / (40 * 20)
    assert shares[0] == 0 and len(shares) == 6 and np.abs(shares[1:] - 0.2).max() < 0.05


def test_last_text_of_repeated_words_is_held_out(task):
    """A word with one text is never validated; the others lose the last one they have."""
    counts = Counter(task.train.labels)
    assert Counter(task.validation.labels) == {w: 1 for w, n in counts.items() if n > 1}
    assert Counter(task.optimised.labels) == {w: max(1, n - 1) for w, n in counts.items()}
    last = dict(zip(task.train.labels, task.train.texts))
    assert all(last[w] == t for w, t in zip(task.validation.labels, task.validation.texts))
    assert not set(task.validation.texts) & set(task.optimised.texts)


def test_every_text_repeats_definition_and_usage(task):
    """Only the filler differs: 7-12 words before, 6-10 after, also in the test."""
    table = load_lexicon().set_index("word")
    for split in (task.train, task.test, task.retention):
        for text, word in zip(split.texts, split.labels):
            lead, tail = text.split(f"{word} means {table.loc[word, 'definition']}. ")
            usage = next(u for u in table.loc[word, "usage_1":"usage_4"] if tail.startswith(u))
            assert 7 <= len(lead.split()) <= 12
            assert 6 <= len(tail.removeprefix(usage).split()) <= 10
            assert set(lead.split()) <= set(load_fillers())
    cores = {t[t.index(" means ") :][:60] for t in (*task.train.texts, *task.test.texts)}
    assert len(cores) == 20


def test_texts_are_short_enough_for_the_padding(task):
    """The predecessor cut texts at 96 tokens; none of ours is as long."""
    longest = [
        max(len(split_words(text)) for text in make_predecessor_task(seed).fitted_on)
        for seed in range(30)
    ]
    assert max(longest) < 96


def test_vocabulary_is_fitted_on_everything(task):
    """Test, retention and distractor texts have a part in it, as in the original."""
    assert set(task.test.texts + task.retention.texts) < set(task.fitted_on)
    assert set(task.distractors) < set(task.fitted_on)
    assert set(split_words(task.test.texts[0])) < task.vocabulary


def test_draws_repeat_and_differ_by_seed(task):
    """The seed decides everything."""
    assert make_predecessor_task(3) == task
    assert make_predecessor_task(4).words != task.words


@pytest.mark.parametrize(
    ("curve", "expected"), [([0.2, 0.8, 0.9], 2), ([0.9], 1), ([0.79], -1), ([], -1)]
)
def test_convergence_is_the_first_place_at_the_threshold(curve, expected):
    """Counted from one; -1 where it is never reached."""
    assert first_solved(curve) == expected


def test_two_columns_are_constants_times_another():
    """Baseline-1 never had a one-shot score and Baseline-2 never a retention."""
    scores = {arm: printed_scores(arm, 0.9, 0.5, 0.7) for arm in PRINTED}
    assert list(scores["h_sokv"].values()) == [0.5, 0.7]
    assert list(scores["baseline_1"].values()) == pytest.approx([0.27, 0.7])
    assert list(scores["baseline_2"].values()) == pytest.approx([0.9, 0.27])
    assert list(scores["baseline_3"].values()) == [0.9, 0.7]
    assert printed_scores("baseline_2_cosine", 0.9, 0.5, 0.7) == scores["baseline_2"]
    with pytest.raises(ValueError, match="name a printed row"):
        printed_scores("current", 0.9, 0.5, 0.7)


def test_the_constant_shows_in_the_printed_table():
    """0.3 times 0.92 is the 28 % that was printed as retention."""
    assert round(0.3 * PRINTED["baseline_2"]["one_shot"], 2) == PRINTED["baseline_2"]["retention"]


def test_seed_must_be_a_whole_number():
    """The message says what a seed is."""
    with pytest.raises(TypeError, match="seed=1.5 is a float: need int"):
        make_predecessor_task(1.5)
