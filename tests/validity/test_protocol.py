"""The validity guard objects to the predecessor's protocol and passes ours."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from hsokv import make_flow
from hsokv.data.predecessor import make_predecessor_task
from hsokv.data.rare_words import make_rare_word_task
from hsokv.data.stories import CONDITIONS
from hsokv.data.tokenizer import Tokenizer, split_words
from hsokv.experiments.evaluate import fit_task
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.stats.intervals import binomial_interval
from hsokv.validity import protocol
from hsokv.validity.measures import items_for
from hsokv.validity.protocol import (
    EXPECTED,
    PRECISION,
    RUN,
    check_predecessor,
    check_protocol,
    check_rare_words,
)
from hsokv.validity.report import REMEDIES, Check, Report, side_by_side

TRAIN = ["the cat sat on a mat by the old red door", "a dog ran over the wide green hill at noon"]
LABELS = ["cat", "dog"]
TEST = ["small furry pets purr when they are happy", "loyal pets bark at people in the street"]


def check(train=TRAIN, train_labels=LABELS, test=TEST, test_labels=LABELS, **options):
    """The guard on a clean toy protocol, with enough items."""
    options = {"vocabulary": Tokenizer().extend(TRAIN), "n_items": 1000} | options
    return check_protocol(train, train_labels, test, test_labels, **options)


def shared_run(a, b):
    """The longest run of words that two texts have in common."""
    a, b = split_words(a), " ".join(["", *split_words(b), ""])
    sizes = range(len(a), 0, -1)
    found = (n for n in sizes for i in range(len(a) - n + 1) if f" {' '.join(a[i : i + n])} " in b)
    return next(found, 0)


@pytest.fixture(scope="module")
def reports():
    """Our task at its full size, under every condition, over the published 20 draws."""
    return {condition: check_rare_words(100, condition, 20) for condition in CONDITIONS}


# The two protocols


@pytest.mark.parametrize("seed", range(3))
def test_objects_to_the_predecessor(seed):
    """Repeated sentences, a vocabulary fitted on everything, lookups, and few one-shot texts."""
    report = check_predecessor(seed)
    found = {c.name for c in report.objections}
    expected = {"verbatim_overlap", "vocabulary_texts", "label_lookup", "too_few_items"}
    assert found - {"vocabulary_words"} == expected
    assert not report.passes
    assert report["verbatim_overlap"].measured == report["label_lookup"].measured == 1.0
    n_one_shot = make_predecessor_task(seed).test.exposures.count(1)
    assert report["too_few_items"].finding.startswith(f"{n_one_shot} items (one-shot)")


def test_objects_to_a_vocabulary_that_shows_its_fit():
    """Where training texts lack a word, the words alone give a fit on test texts away."""
    traces = [check_predecessor(seed)["vocabulary_words"].measured for seed in range(30)]
    assert max(traces) > 0, "no draw shows it"
    task = make_predecessor_task(int(np.argmax(traces)))
    clean = Tokenizer().extend(task.optimised.texts)
    report = check_protocol(
        task.optimised.texts, task.optimised.labels, task.test.texts, task.test.labels,
        vocabulary=clean, fitted_on=task.optimised.texts,
    )  # fmt: skip
    assert report["vocabulary_words"].measured == report["vocabulary_texts"].measured == 0


def test_infer_passes_with_nothing_declared(reports):
    """The condition that asks for meaning has no property to excuse."""
    assert EXPECTED["infer"] == {}
    assert reports["infer"].passes
    assert {c.status for c in reports["infer"].checks} == {"ok"}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_ours_passes_with_what_it_declares(reports, condition):
    """Exactly the declared properties are found, none is declared in vain."""
    report = reports[condition]
    assert report.passes
    found = {c.name for c in report.checks if c.status == "declared"}
    assert found == set(EXPECTED[condition])
    assert {c.name for c in report.checks} == set(REMEDIES)


@pytest.mark.parametrize(
    "condition, one_shot, expected",
    [("infer", False, "1600 items (all"), ("infer", True, "met once"), ("unseen", True, "600 ")],
)
def test_our_items_are_counted_over_all_draws(condition, one_shot, expected):
    """80 scored words of 20 draws, about half of them met once; 30 unseen words, never met."""
    report = check_rare_words(100, condition, 20, one_shot=one_shot)
    finding = report["too_few_items"].finding
    if expected == "met once":
        tasks = [make_rare_word_task(100, seed=seed) for seed in range(20)]
        once = sum(task.test("infer").exposures.count(1) for task in tasks)
        expected = f"{once} items (words met once)"
    assert finding.startswith(expected)


def test_one_bad_draw_is_enough(monkeypatch):
    """The worst draw is shown: a test story that slipped into the training set of one."""

    def draw(n_way, *, seed):
        task = make_rare_word_task(n_way, seed=seed)
        if seed == 1:
            story = task.test("infer")
            task.train.add(story.texts[0], story.labels[0], 1)
        return task

    protocol._draw_tasks.cache_clear()
    monkeypatch.setattr(protocol, "make_rare_word_task", draw)
    report = check_rare_words(10, "infer", 3, precision=0.5)
    protocol._draw_tasks.cache_clear()
    assert {c.name for c in report.objections} == {"duplicates", "vocabulary_texts"}
    assert report["verbatim_overlap"].measured == report["duplicates"].measured == 1 / 8


def test_one_draw_of_few_words_has_too_few_items():
    """The guard holds our own small runs to the same precision."""
    report = check_rare_words(20, "infer", 1)
    assert [c.name for c in report.objections] == ["too_few_items"]


@pytest.mark.parametrize("flow", ["first_redesign", "fine_tune"])
def test_flows_fit_their_vocabulary_as_checked(flow):
    """A fitted flow's own vocabulary is the one the guard looks at."""
    task = make_rare_word_task(10, seed=0)
    learner = make_flow(flow, seed=0, **({"n_steps": 1} if flow == "fine_tune" else {}))
    fit_task(learner, task)
    assert learner.tokenizer_.words == Tokenizer().extend(task.train.texts).words


def test_run_length_lies_between_chance_and_repeats():
    """Filler shares at most three words by chance; a repeated core is at least twice the run."""
    by_chance, repeated = [], []
    for seed in range(2):
        task = make_rare_word_task(100, seed=seed)
        trained = {}
        for text, label in zip(task.train.texts, task.train.labels):
            trained.setdefault(label, []).append(text)
        for condition, found in (("recognise", by_chance), ("verbatim", repeated)):
            stories = task.test(condition)
            for text, label in zip(stories.texts, stories.labels):
                found.append(max(shared_run(text, other) for other in trained[label]))
    assert max(by_chance) <= 3 < RUN
    assert min(repeated) >= 2 * RUN


# Single checks


def test_clean_protocol_passes():
    """Nothing shared, nothing leaked, enough items."""
    report = check(fitted_on=TRAIN, validation_texts=["birds sing in the morning"])
    assert report.passes and len(report.checks) == len(REMEDIES)
    assert {c.name for c in check().checks} == set(REMEDIES) - {"vocabulary_texts", "selection"}


def test_overlap_takes_a_run_of_the_same_label():
    """Eight words in a row count, seven do not, and neither do another label's."""
    words = TRAIN[0].split()
    eight, seven = " ".join(words[:8]) + " indeed", " ".join(words[:7]) + " indeed so"
    assert check(test=[eight, TEST[1]])["verbatim_overlap"].measured == 0.5
    assert check(test=[seven, TEST[1]])["verbatim_overlap"].measured == 0
    assert check(test=[seven, TEST[1]], run=7)["verbatim_overlap"].measured == 0.5
    assert check(test=[TEST[0], eight])["verbatim_overlap"].measured == 0


def test_case_and_punctuation_do_not_hide_a_repeat():
    """Texts are compared as the tokenizer reads them, labels likewise."""
    report = check(test=[TRAIN[0].upper() + "!", TEST[1]], test_labels=["CAT", "Dog"])
    assert report["verbatim_overlap"].measured == report["duplicates"].measured == 0.5
    assert report["label_lookup"].measured == 0.5


def test_duplicates_are_found_under_any_label():
    """Short texts too; texts without a word are no duplicates of one another."""
    report = check(train=["go home", "..."], test=["Go home.", "???"], test_labels=["dog", "cat"])
    assert report["duplicates"].measured == 0.5
    assert [c.name for c in report.objections] == ["duplicates"]


def test_vocabulary_words_that_only_test_texts_have():
    """Words of the vocabulary that test or validation texts have and training texts lack."""
    own = Tokenizer().extend(TRAIN).words
    assert check(vocabulary=own).passes
    assert check(vocabulary=[*own, "zebra"]).passes, "a word that no text holds gives nothing away"
    found = check(vocabulary=[*own, "Purr", "bark"])["vocabulary_words"]
    assert found.measured == 2 and found.status == "objection" and "bark, purr" in found.message
    found = check(vocabulary=[*own, "robin"], validation_texts=["a robin sang"])
    assert found["vocabulary_words"].measured == 1


def test_vocabulary_texts_need_no_trace():
    """A vocabulary said to be fitted on test texts is an objection, whatever its words."""
    report = check(fitted_on=[*TRAIN, TEST[0]])
    assert report["vocabulary_texts"].measured == 0.5
    assert [c.name for c in report.objections] == ["vocabulary_texts"]


@pytest.mark.parametrize(
    "text, label, answered",
    [
        ("the cat slept", "cat", True),
        ("a dog slept", "cat", False),
        ("the cat and the dog slept", "cat", False),
        ("concatenate them", "cat", False),
        ("nobody slept", "cat", False),
        ("nobody slept", "owl", True),
        ("the cat slept", "owl", False),
        ("on a guinea pig farm", "guinea pig", True),
        ("a pig of guinea", "guinea pig", False),
    ],
)
def test_lookup_answers_by_the_only_name(text, label, answered):
    """One training label named: that one. None named: right when the label is none of them."""
    names = ["cat", "dog", "guinea pig"]
    report = check([*TRAIN, "rodents are small"], names, [text], [label])
    assert report["label_lookup"].measured == answered


def test_numbers_as_labels():
    """Classes may be numbers; they are named by their digits."""
    report = check(train_labels=[0, 1], test=["room 1 is free", TEST[1]], test_labels=[1, 0])
    assert report["label_lookup"].measured == 0.5
    labels = np.array([0, 1])
    assert check(train_labels=labels, test_labels=labels)["label_lookup"].measured == 0


def test_selection_on_test_texts():
    """The share of validation texts that are scored too."""
    report = check(validation_texts=[TEST[0], "birds sing", "fish swim", "owls hoot"])
    assert report["selection"].measured == 0.25 and not report.passes


@pytest.mark.parametrize("n", [1, 5, 80, 1600])
def test_half_width_is_clopper_pearson(n):
    """The longer side of the exact interval around the worst case."""
    k = round(n / 2)
    low, high = scipy_stats.beta.ppf([0.025, 0.975], [max(k, 1e-9), k + 1], [n - k + 1, n - k])
    expected = max(k / n - (low if k else 0.0), high - k / n)
    assert check(n_items=n)["too_few_items"].measured == pytest.approx(expected, abs=1e-9)


def test_smallest_subset_counts():
    """A result claimed for a subset needs the items there: five texts leave 45 points."""
    found = check(n_items={"all": 100000, "one-shot": 5})["too_few_items"]
    assert found.measured == pytest.approx(0.453, abs=5e-4)
    assert "5 items (one-shot)" in found.message and found.status == "objection"
    assert check(n_items=None)["too_few_items"].finding.startswith("2 items")


def test_precision_at_a_claimed_share():
    """Shares near one are known better; a wider claim needs fewer items."""
    wide, near_one = check(n_items=200), check(n_items=200, share=0.99)
    assert wide["too_few_items"].status == "objection"
    assert near_one["too_few_items"].status == "ok"
    assert check(n_items=200, precision=0.1).passes


@pytest.mark.parametrize("precision, share", [(0.05, 0.5), (0.2, 0.5), (0.03, 0.9), (0.9, 0.5)])
def test_items_for_are_just_enough(precision, share):
    """That many items reach the precision; half as many do not."""

    def width(n):
        interval = binomial_interval(round(share * n), n)
        return max(interval.point - interval.low, interval.high - interval.point)

    n = items_for(precision, share)
    assert width(n) <= precision
    assert n == 1 or width(max(1, n // 2)) > precision


def test_precision_is_the_smallest_effect_of_interest():
    """The guard and the summaries speak of the same five points."""
    assert PRECISION == MIN_EFFECT


# Declaring, reading


def test_declared_properties_are_shown_with_their_reason():
    """They do not object, and they do not vanish."""
    declared = {"duplicates": "a test of recall", "verbatim_overlap": "a test of recall"}
    report = check(test=[TRAIN[0], TEST[1]], declared=declared)
    assert [c.name for c in report.objections] == ["label_lookup"]
    assert report["duplicates"].status == "declared"
    for shown in (report.to_markdown(), side_by_side({"recall": report})):
        assert "a test of recall" in shown and "declared" in shown and "objection" in shown


def test_declared_without_need_is_said():
    """A property that was declared and is not there passes, with a word on it."""
    found = check(declared={"duplicates": "some are wanted"})["duplicates"]
    assert found.status == "ok" and "declared without need" in found.message


def test_declaring_needs_a_known_name_and_a_reason():
    """A misspelt name is answered with the nearest one."""
    with pytest.raises(ValueError, match="did you mean 'duplicates'"):
        check(declared={"duplicate": "why not"})
    with pytest.raises(ValueError, match="expected the reason"):
        check(declared={"duplicates": " "})


def test_frame_has_numbers_and_messages():
    """One row per check, for whoever wants to compute with them."""
    report = check(test=[TRAIN[0], TEST[1]])
    frame = report.to_frame().set_index("check")
    assert list(frame.columns) == ["measured", "limit", "status", "message"]
    assert frame.loc["duplicates", "measured"] == 0.5
    assert frame.loc["duplicates", "status"] == "objection"
    assert REMEDIES["duplicates"] in frame.loc["duplicates", "message"]
    with pytest.raises(ValueError, match="did you mean 'duplicates'"):
        report["duplicate"]


def test_side_by_side_has_a_column_per_report(reports):
    """Every check is a row; what two reports share is said once."""
    lines = side_by_side(reports).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + len(REMEDIES)
    assert all(row.count("|") == 3 + len(CONDITIONS) for row in rows)
    same = side_by_side({"a": check(n_items=5), "b": check(n_items=5)})
    assert same.count("test more items") == 1 and "- `a`, `b`: `too_few_items`" in same
    assert "- " not in side_by_side({"a": check()})


def test_side_by_side_needs_the_same_checks():
    """Reports with and without a validation set have no common rows."""
    with pytest.raises(ValueError, match="2 sets of checks"):
        side_by_side({"a": check(), "b": check(fitted_on=TRAIN)})
    with pytest.raises(ValueError, match="0 reports"):
        side_by_side({})


def test_markdown_cells_keep_a_bar():
    """A label or word with a bar does not break the table."""
    report = Report((Check("duplicates", 0.0, 0.0, "a|b"),))
    assert "a&#124;b" in report.to_markdown()


# Bad input


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"train": [], "train_labels": []}, ValueError, "train set: texts=.* at least one"),
        ({"test": [], "test_labels": []}, ValueError, "test set: texts=.* at least one"),
        ({"test_labels": ["cat"]}, ValueError, "test set: 2 texts but 1 labels"),
        ({"train_labels": ["cat", None]}, ValueError, "train set: labels.1.=None"),
        ({"test": "one text"}, TypeError, "test set: .* single text"),
        ({"test_labels": [0, 1]}, TypeError, "text in both sets or numbers in both"),
        ({"vocabulary": "cat"}, TypeError, "expected a Tokenizer or its words"),
        ({"vocabulary": None}, TypeError, "expected a Tokenizer or its words"),
        ({"vocabulary": []}, ValueError, "expected at least one word"),
        ({"vocabulary": [1, 2]}, ValueError, "all of them text"),
        ({"validation_texts": []}, ValueError, "at least one text"),
        ({"n_items": 0}, ValueError, "whole number from 1 up"),
        ({"n_items": {}}, ValueError, "whole number from 1 up"),
        ({"n_items": {"one-shot": 2.5}}, ValueError, "one-shot: 2.5 items"),
        ({"precision": 5}, ValueError, "set precision=0.05"),
        ({"share": 80}, ValueError, "expected shares"),
        ({"run": 1}, ValueError, "run=1"),
    ],
)
def test_bad_input_is_named(options, error, message):
    """What was given, what is expected, what to do."""
    with pytest.raises(error, match=message):
        check(**options)


def test_rare_words_need_a_condition_and_a_draw():
    """The nearest condition is named."""
    with pytest.raises(ValueError, match="did you mean 'infer'"):
        check_rare_words(20, "inferr", 1)
    with pytest.raises(ValueError, match="at least one draw"):
        check_rare_words(20, "infer", 0)
