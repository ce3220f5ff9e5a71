"""Estimates over questions by hand, and tables and figure of what was run and of what was not."""

import json

import numpy as np
import pandas as pd
import pytest

from hsokv.experiments.linked_passages import EXPERIMENT, estimates, figures, story, tables
from hsokv.experiments.linked_passages.trials import HELD_OUT, Params, make_trials, run_trial
from hsokv.stats.intervals import Interval, mean_t

BOTH = ["musique", "hotpotqa"]


@pytest.fixture
def rows(known):
    """All methods on both samples, which are four passages and four questions."""
    trials = make_trials(Params(sources=tuple(BOTH), n_splits=2))
    return pd.DataFrame(
        [{"flow": trial.flow, "seed": trial.seed} | run_trial(trial)[0] for trial in trials]
    )


def split(seed, asked, ranks, flow="pairs"):
    """A row of a split in which some questions were asked."""
    told = {"asked": json.dumps(asked), "ranks": json.dumps(ranks)}
    return {"source": "musique", "part": HELD_OUT, "flow": flow, "seed": seed} | told


def test_a_question_of_two_splits_is_one_cluster():
    """Question 1 is asked twice: three of five answers are right, of three clusters."""
    rows = pd.DataFrame([split(0, [0, 1], [[1, 2], [1, 9]]), split(1, [1, 2], [[1, 9], [9, 9]])])
    found = estimates.scores_by_question(rows, "recall_5")
    assert found["total"].tolist() == [1, 1, 0] and found["times"].tolist() == [1, 2, 1]
    mean = estimates.estimate(rows, "musique", HELD_OUT, "pairs")
    assert mean.point == 0.5 and mean.n == 3
    influence = 0.5 + np.array([1 - 0.5, 1 - 1.0, 0 - 0.5]) / (4 / 3)
    assert mean[1:3] == pytest.approx(
        (max(0, mean_t(influence).low), min(1, mean_t(influence).high))
    )
    assert estimates.scores_by_question(rows, "all_5")["total"].tolist() == [1, 0, 0]


def test_equal_counts_give_the_plain_interval():
    """Where each question is asked once the interval is Student's; of one value it has a reach."""
    values = pd.Series([1.0, 0.5, 0.5, 0.25])
    found, plain = estimates.clustered_mean(values, pd.Series([1.0] * 4)), mean_t(values)
    assert found.point == plain.point and found.low == pytest.approx(plain.low)
    alike = estimates.clustered_mean(pd.Series([2.0, 1.0]), pd.Series([2.0, 1.0]))
    assert alike.point == 1 and alike.low < 0.9


def test_differences_are_by_question():
    """What is hard for both cancels; parts that ask other questions cannot be compared."""
    ours, theirs = [[1, 2], [1, 9], [9, 9]], [[1, 9], [9, 9], [9, 9]]
    rows = [split(0, [0, 1, 2], ours), split(0, [0, 1, 2], theirs, "bm25")]
    arms = (HELD_OUT, "pairs"), (HELD_OUT, "bm25")
    more = estimates.difference(pd.DataFrame(rows), "musique", *arms)
    assert more.point == pytest.approx(1 / 3) and more.low >= -1
    assert estimates.difference(pd.DataFrame(rows[:1]), "musique", *arms) == estimates.NONE
    rows[1] = split(0, [0, 1, 3], theirs, "bm25")
    with pytest.raises(ValueError, match="other questions"):
        estimates.difference(pd.DataFrame(rows), "musique", *arms)
    assert estimates.best_rival(pd.DataFrame(rows), "musique") == "bm25"
    assert estimates.best_rival(pd.DataFrame(rows), "hotpotqa") == ""


def test_links_within_a_question():
    """Of three passages the first two are linked by title, the last is named with the first."""
    codes = [1, 4, 0]
    assert story.linked_share(codes, 1) == pytest.approx(2 / 3)
    assert story.linked_share(codes, 7) == 1 and story.linked_share(codes, 2) == 0
    assert story.hang_together(codes, 7) and not story.hang_together(codes, 3)
    assert story.hang_together([2], 3) and not story.hang_together([0], 7)
    assert not story.hang_together([1, 0, 0, 0, 0, 1], 7)  # two pairs of four passages
    assert story.hang_together([0, 0, 1, 1, 0, 1], 7)  # 0-3, 1-2, 2-3


def test_tables_of_what_was_run(rows):
    """A row per method; a difference to itself is left out; everything has its interval."""
    for table in (tables.held_out_table, tables.tuning_table):
        found = table(rows, "musique")
        assert found["method"].tolist() == [tables.ARMS[flow] for flow in tables.COMPARED]
        assert (found == "not run").to_numpy().sum() == 0
    held = tables.held_out_table(rows, "musique").set_index("method")
    assert held.loc["linked pairs", "pairs find more"] == ""
    assert held.loc["PageRank over title links", "settings"] == 24
    ablations = tables.ablation_table(rows, BOTH)
    assert len(ablations) == len(tables.LESS) + 1 and "lost, HotpotQA" in ablations
    hops = tables.hops_table(rows, "musique")
    assert hops[["passages", "questions"]].to_numpy().tolist() == [[2, 3]]  # of four
    assert tables.by_gold(rows, "musique", "pairs", 3) == estimates.NONE
    assert len(figures.draw_recall(rows).axes) == 2


def test_the_story_of_what_was_run(rows):
    """Two of the four questions have passages that are linked; of four passages all come first."""
    links = story.link_table(rows, BOTH)
    assert links.columns.tolist() == ["MuSiQue", "HotpotQA"]
    assert links.loc["linked to another that answers, by title", "MuSiQue"].startswith("50.0 [")
    changes = story.compare_links(rows, "musique")
    assert len(changes) == 4 and not changes.to_numpy().any()
    assert story.act_table(rows, BOTH).shape == (3, 2)
    lost = story.lost_table(rows, BOTH)
    assert lost.loc["all are", "MuSiQue"].startswith("100.0 [")
    assert story.recall_by_links(rows, "musique", "pairs", True).n == 2


def test_what_was_not_run(rows):
    """Text or nothing stands for what is missing."""
    few = rows[rows["flow"] == "minilm"]
    assert tables.told(estimates.estimate(few, "musique", HELD_OUT, "pairs")) == "not run"
    assert tables.told_reach(estimates.NONE) == tables.told_count(0) == "not run"
    assert story.link_table(few, BOTH).empty and story.act_table(few, BOTH).empty
    assert story.lost_table(few, BOTH).empty and story.example_table(few[:0]).empty
    assert story.read_links(few, "own") == {} and tables.held_out_table(rows, "own").empty
    assert story.recall_by_links(few, "musique", "pairs", True) == estimates.NONE
    assert tables.hops_table(few, "musique")["questions"].tolist() == [3]


def test_how_numbers_are_told():
    found = Interval(0.023, -0.027, 0.073, 100)
    assert tables.told(found, signed=True) == "+2.3 points [-2.7, +7.3]"
    assert tables.in_percent(found, signed=True) == "+2.3 [-2.7, +7.3]"
    assert tables.told_reach(found) == "5" and tables.told_count(1890) == "1,890"
    assert len(tables.published_table()) == len(tables.PUBLISHED)


def test_examples_are_told_by_the_stored_rows():
    """Each question has as many ranks as passages answer it, by every method shown."""
    found = story.example_table(EXPERIMENT.read())
    assert len(found) == len(story.EXAMPLES)
    assert found[tables.ARMS["pairs_default"]].str.match(r"^\d+(, \d+)+$").all()
