"""Headlines under every combination of choices: specifications, and what they add up to."""

import pandas as pd
import pytest

from hsokv.claims import multiverse
from hsokv.claims.multiverse import Headline, compute, fill
from hsokv.claims.robustness import judge_robustness
from hsokv.claims.rows import Rows
from hsokv.stats.decisions import FAILS
from hsokv.stats.word_sets import encode_words

MEASURE = {
    "quantity": "difference", "rows": "one_shot", "column": "accuracy",
    "where": {"condition": "verbatim", "n_distractors": "{filler}"},
    "a": {"arm": "{memory}"}, "b": {"arm": "{trained}"},
}  # fmt: skip
CHOICES = {
    "pooling": {"last token": "last", "mean": "mean"},
    "trained": {"alone": "fine_tune ({pooling}, demo)"},
    "memory": {"random": "nearest_neighbor", "first_redesign": "first_redesign"},
    "filler": {"none": 0, "some": 3},
}


def headline(**changes):
    known = {"key": "k", "statement": "s", "measure": MEASURE, "rule": {"above": 0.05},
             "choices": CHOICES, "for_all": "", "objection": "o", "test": "t"}  # fmt: skip
    return Headline(**known | changes)


def test_specifications_are_all_combinations():
    """Options take the place of their names, options within options too; numbers stay numbers."""
    made = list(headline().specifications())
    assert len(made) == 8
    taken, measure = made[-1]
    assert taken == {
        "pooling": "mean",
        "trained": "alone",
        "memory": "first_redesign",
        "filler": "some",
    }
    assert (
        measure["b"] == {"arm": "fine_tune (mean, demo)"}
        and measure["a"]["arm"] == "first_redesign"
    )
    assert measure["where"] == {"condition": "verbatim", "n_distractors": 3}
    assert fill("{a}-{b}", {"a": "{b}", "b": "1"}) == "1-1"
    assert fill({"x": "{a[k]}", "y": "{b}"}, {"a": {"k": 3}, "b": {"z": 1}}) == {
        "x": 3, "y": {"z": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"choices": CHOICES | {"memory": {"x": "nearest_neighbour"}}}, "nearest_neighbor"),
        ({"rule": {"over": 1}}, "rule"),
        ({"measure": MEASURE | {"column": "acuracy"}}, "did you mean 'accuracy'"),
    ],
)
def test_a_wrong_specification_is_an_error(changes, message):
    """Every combination is checked when the headline is read, not when it is computed."""
    with pytest.raises(ValueError, match=message):
        headline(**changes)


def row(flow, reading, n_distractors, seed, n_right):
    right, tested = [[i < n for i in range(100)] for n in (n_right, 80)]
    return {
        "flow": flow, "reading": reading, "budget": "demo", "task": "words", "n_way": 100,
        "arm": f"{flow} ({reading}, demo)" if reading else flow,
        "condition": "verbatim", "n_distractors": n_distractors, "seed": seed,
        "accuracy": n_right / 80, "correct_words": encode_words(right),
        "tested_words": encode_words(tested),
    }  # fmt: skip


def test_each_specification_gets_its_own_rows():
    """Effects are those of the rows chosen; what was not run has no value and does not count."""
    rows = Rows()
    rows.frames["one_shot"] = pd.DataFrame([
        row(flow, reading, 0, seed, n)
        for seed in range(3)
        for flow, reading, n in (
            ("fine_tune", "last", 8), ("fine_tune", "mean", 78), ("first_redesign", "", 80),
            ("nearest_neighbor", "", 40),
        )
    ])  # fmt: skip
    table = compute(headline(), rows).set_index(["pooling", "memory", "filler"])
    assert table.loc[("last token", "random", "none"), "point"] == pytest.approx(0.4)
    assert table.loc[("mean", "random", "none"), "verdict"] == FAILS
    assert table.loc[("mean", "first_redesign", "none"), "point"] == pytest.approx(0.025)
    some = table.xs("some", level="filler")
    assert (some["verdict"] == "not run").all() and some["point"].isna().all()
    found = judge_robustness(table.reset_index())
    assert (found.n, found.n_all) == (4, 8) and found.kind != "robust"


def test_the_headlines_are_complete():
    """Each has choices with at least two options, an objection and a test; the table has all."""
    headlines = multiverse.list_headlines()
    assert len({h.key for h in headlines}) == len(headlines) >= 10
    for found in headlines:
        assert any(len(options) > 1 for options in found.choices.values())
        assert found.objection and found.test and found.statement.endswith(".")
    empty = {h.key: compute(h, _no_rows()) for h in headlines[:1]}
    assert (empty[headlines[0].key]["verdict"] == "not run").all()


def _no_rows() -> Rows:
    rows = Rows()
    columns = ["arm", "task", "condition", "n_way", "n_distractors", "seed"]
    rows.frames["one_shot"] = pd.DataFrame(columns=columns)
    return rows
