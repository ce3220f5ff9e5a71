"""Tables of conversations: intervals by hand, and every table on rows of two small talks."""

import numpy as np
import pandas as pd
import pytest

from hsokv.experiments.conversations import estimates, figures, tables
from hsokv.experiments.conversations.estimates import over_conversations, over_questions
from hsokv.experiments.conversations.methods import FLOWS
from hsokv.experiments.conversations.trials import Params, make_trials, run_trial

SOME = ("random", "bm25", "zscore_sum", "fitted_five", "cues_lexical", "cues", "less_locomo",
        "no_who", "less_place")  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """Rows of some methods on the talk of our own that is held out."""
    trials = make_trials(Params(methods=SOME))
    return pd.DataFrame([{"flow": t.flow, "seed": t.seed} | run_trial(t)[0] for t in trials])


def made_rows(**ranks):
    """Rows of methods with given ranks of turns, a list for each conversation."""
    found = []
    for flow, talks in ranks.items():
        for number, questions in enumerate(talks, start=6):
            own = [[1, turns, [1]] for turns in questions]
            found.append({"flow": flow, "seed": number, "source": "locomo", "part": "held_out",
                          "ranks": str(own)})  # fmt: skip
    return pd.DataFrame(found)


def test_intervals_by_hand():
    """Equal conversations: the mean of their means with Student's t; shares: Clopper-Pearson."""
    values = pd.Series([1, 1, 1, 0, 1, 0, 0, 0], dtype=float)
    numbers = pd.Series([1, 1, 1, 1, 2, 2, 2, 2])
    found = over_conversations(values, numbers)
    reach = 12.7062 * 0.25  # of t with one degree of freedom
    assert found.point == 0.5 and found.n == 2
    assert (found.low, found.high) == (0.0, 1.0) and reach > 0.5
    three = over_conversations(pd.Series([1.0, 0, 1, 1, 0, 0]), pd.Series([1, 1, 2, 2, 3, 3]))
    error = np.std([0.5, 1, 0], ddof=1) / np.sqrt(3)
    assert three.high == pytest.approx(min(1, 0.5 + 4.302653 * error))
    assert over_questions(values).low == pytest.approx(0.157, abs=1e-3)
    assert over_questions(values - 0.5, -1).point == 0


def test_larger_conversations_count_more():
    """The mean is of questions; without spread between conversations the interval has no width."""
    values, numbers = pd.Series([1.0, 0, 1, 0, 1, 0]), pd.Series([1, 1, 2, 2, 2, 2])
    found = over_conversations(values, numbers)
    assert found.point == found.low == found.high == 0.5
    found = over_conversations(pd.Series([1.0, 0, 0, 0]), pd.Series([1, 2, 2, 2]))
    assert found.point == 0.25
    alone = over_conversations(values, pd.Series([1] * 6), -1)
    assert (alone.low, alone.high, alone.n) == (-1, 1, 1)


def test_differences_are_paired():
    """Ours finds one more of four questions, in the second conversation."""
    rows = made_rows(cues=[[[1], [11]], [[1], [2]]], bm25=[[[1], [11]], [[1], [12]]])
    found, clustered = estimates.differences(rows, "cues", "bm25", "turn_all_10")
    assert found.point == clustered.point == 0.25 and found.n == 4 and clustered.n == 2
    assert estimates.told_more(rows, "cues", "bm25", "turn_all_10").startswith("+25.0 points [")
    assert tables.best_rival(rows) == "bm25"
    assert tables.told_share(rows, "n_turns", 1) == "0 of 4 (0.0 %)"
    assert tables.told_count(rows) == "4" and tables.told_count(rows, "left_out") == "not run"


def test_turns_that_answer_are_counted():
    """A row for each number of them; no order holds twelve turns in ten places."""
    rows = made_rows(cues=[[[1], [3, 4], [11, 12], list(range(1, 13))]])
    table = tables.evidence_table(rows).set_index("turns that answer")
    assert table["questions"].to_dict() == {"1": 1, "2": 2, "more than 10": 1}
    assert table["all at 10"].str.partition(" ")[0].tolist() == ["100.0", "50.0", "0.0"]
    assert table["at most, all at 10"].tolist() == ["100", "100", "0"]


def test_tables(rows):
    """Each has the methods that were run, and those that were not are left out."""
    names = [tables.ARMS[flow] for flow in tables.ARMS if flow in SOME]
    for level in ("turn", "session"):
        assert tables.method_table(rows, level)["method"].tolist() == names
    by_category = tables.category_table(rows, list(tables.ARMS), "turn_all_10")
    assert by_category["method"].tolist() == names and len(by_category.columns) == 5
    assert tables.difference_table(rows)["method"].tolist() == names[:-1]
    out = tables.ablation_table(rows).set_index("left out")["LoCoMo's habits"].to_dict()
    assert out == {"all of the encoder": "", "who, date, opens": "all", "who": "all",
                   "place in the talk": "some"}  # fmt: skip
    assert len(tables.weight_table(rows)) == 16 and len(tables.setting_table(rows)) == 2
    [talk] = tables.conversation_table(rows, "bm25").to_dict("records")
    assert talk["conversation"] == "own-2" and talk["turns"] == 18
    assert figures.draw_methods(rows).axes


def test_what_was_not_run_is_said(rows):
    """Text for a part or method without rows; tables without it are empty."""
    assert estimates.told(rows, "cues", "turn_all_10", "left_out") == "not run"
    assert estimates.told_more(rows, "cues", "late", "turn_all_10") == "not run"
    assert estimates.told_clustered(rows, "late", "turn_all_10") == "not run"
    assert tables.method_table(rows, "turn", "left_out").empty
    assert tables.weight_table(rows[rows["flow"] == "bm25"]).empty


def test_every_method_has_a_name():
    """All that are no ablation stand in the tables of methods."""
    ablations = {flow for flow in FLOWS if flow.startswith(("no_", "less_"))}
    assert set(tables.ARMS) == set(FLOWS) - ablations
    assert set(figures.STYLES) >= {figures.KINDS.get(flow, flow) for flow in tables.ARMS}
