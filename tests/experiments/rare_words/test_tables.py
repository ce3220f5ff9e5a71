"""Summaries of rows that are computed here, small and training-free."""

import numpy as np
import pytest

from hsokv.experiments.rare_words import EXPERIMENT
from hsokv.experiments.rare_words import tables as summaries
from hsokv.experiments.rare_words.trials import Params, make_trials, run_trial
from hsokv.experiments.word_rows import word_cells
from hsokv.runs.engine import run_trials

FLOWS = ("nearest_neighbor", "redesign")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    params = Params(
        flows=FLOWS, n_ways=(10, 20), n_distractors=(0, 2), n_seeds=3, n_retention_seeds=1
    )
    store = EXPERIMENT.store(tmp_path_factory.mktemp("results"))
    return run_trials(make_trials(params), run_trial, store, n_jobs=1, progress=False)


def test_summary_has_one_row_per_setting_and_equals_the_pooled_share(rows):
    """The point estimate is the share of right answers over all seeds and words."""
    table = summaries.summarise(rows, ["verbatim", "recognise"], n_ways=[20], n_distractors=[0, 2])
    assert len(table) == 2 * 2 * 2
    one = table[(table["flow"] == "redesign") & (table["condition"] == "recognise")].iloc[0]
    part = summaries.rows_of(rows, "redesign", "recognise", n_way=20)
    assert one["point"] == pytest.approx(part["accuracy"].mean(), abs=1e-6)
    assert one["n"] == part["n_test"].sum() and one["n_seeds"] == 3
    assert one["low"] <= one["point"] <= one["high"]


def test_arms_follow_the_order_of_the_flows_and_name_the_budget(rows):
    """A budget other than none or fixed is part of the arm's name."""
    assert summaries.list_arms(rows) == list(FLOWS)
    swarm = rows.assign(flow="current", budget="demo")
    assert summaries.list_arms(swarm) == ["current (demo)"]


def test_comparison_is_paired_and_antisymmetric(rows):
    """A minus b is the negative of b minus a, and a minus a is zero, give or take."""
    there = summaries.compare(rows, "redesign", "nearest_neighbor", "verbatim", n_way=20)
    back = summaries.compare(rows, "nearest_neighbor", "redesign", "verbatim", n_way=20)
    assert there.point == pytest.approx(-back.point) and there.low == pytest.approx(-back.high)
    same = summaries.compare(rows, "redesign", "redesign", "verbatim", n_way=20)
    assert same.point == 0 and same.high == -same.low > 0


def test_unseen_words_have_their_own_word_list(rows):
    """Under `unseen` the resampled words are the 30 that are never stored."""
    correct, tested = word_cells(summaries.rows_of(rows, "redesign", "unseen", 20))
    assert tested.shape == (3, 30) and tested.all()
    assert not (correct & ~tested).any()


def test_missing_setting_is_an_error_that_says_what_to_run(rows):
    """Asking for what was not run names the setting."""
    with pytest.raises(ValueError, match="'bm25'.*run the experiment"):
        summaries.rows_of(rows, "bm25", "verbatim", 20)


def test_measures_table_leaves_undefined_measures_empty(rows):
    """A gate that does not exist is NaN, retention is there for the largest task."""
    table = summaries.measures_table(rows, ["gate_mean", "retention"], "verbatim", n_way=20)
    assert table["gate_mean"].isna().all() and np.isfinite(table["retention"]).all()


def test_comparison_table_leaves_out_arms_that_were_not_run(rows):
    """Pairs that cannot be compared drop out; p values are adjusted over the rest."""
    pairs = [("redesign", "nearest_neighbor"), ("redesign", "bm25")]
    table = summaries.comparison_table(rows, pairs, "recognise", n_way=20)
    assert len(table) == 1 and 0 <= table["p_holm"].iloc[0] <= 1
