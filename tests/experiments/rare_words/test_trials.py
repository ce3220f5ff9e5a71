"""The experiment: which trials, which rows, and that they repeat."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from hsokv import ABSTAIN, list_flows
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import Texts, make_rare_word_task
from hsokv.experiments.evaluate import right_answers
from hsokv.experiments.rare_words import EXPERIMENT
from hsokv.experiments.rare_words.trials import (
    CONDITIONS,
    MEASURES,
    SCHEMA,
    TIMINGS,
    Params,
    flow_config,
    make_trials,
    run_trial,
)
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.runs.engine import run_trials
from hsokv.stats.word_sets import decode_words
from tests.conftest import TINY


@pytest.fixture
def tiny_flows(monkeypatch):
    """Transformer flows of every kind at tiny sizes, and a swarm budget of a few steps."""
    sizes = {key: TINY[key] for key in ("d_model", "n_layers", "n_heads", "d_ff", "n_steps")}
    for name, config in FLOWS.items():
        if config.encoder == "transformer":
            monkeypatch.setitem(FLOWS, name, config.with_overrides(**sizes))
    swarm = {key: TINY[key] for key in BUDGETS["quick"] if key in TINY}
    monkeypatch.setitem(BUDGETS, "quick", swarm | {"batch_size": 16})


def make_params(**changes):
    """A run of seconds."""
    small = {
        "flows": ("redesign",), "n_ways": (10,), "n_distractors": (0, 2), "n_seeds": 1,
        "n_retention_seeds": 1, "swarm_budget": "quick", "n_jobs": 1,
    }  # fmt: skip
    return Params(**(small | changes))


def rows_of(**changes):
    """Rows of the one trial of a small run, by condition and number of distractors."""
    (trial,) = make_trials(make_params(**changes))
    return {(row["condition"], row["n_distractors"]): row for row in run_trial(trial)}


def test_number_of_trials():
    """Every n_way, but swarms and fine_tune at the largest only, and there at 'full' too."""
    params = make_params(
        flows=("redesign", "hybrid", "current", "fine_tune"), n_ways=(5, 100), n_seeds=3,
        swarm_budget="demo", full_seeds={"current": 2},
    )  # fmt: skip
    trials = make_trials(params)
    budgets = Counter((t.flow, t.as_dict()["budget"], t.as_dict()["n_way"]) for t in trials)
    assert budgets == {
        ("redesign", "none", 5): 3, ("redesign", "none", 100): 3,
        ("hybrid", "fixed", 5): 3, ("hybrid", "fixed", 100): 3, ("current", "demo", 100): 3,
        ("fine_tune", "demo", 100): 3, ("current", "full", 100): 2,
    }  # fmt: skip
    assert len({trial.config_hash for trial in trials}) == len(trials) == 20
    assert {t.seed for t in trials} == {0, 1, 2}


def test_flows_may_get_fewer_seeds():
    """`fewer_seeds` lowers the number for one flow and never raises it."""
    params = make_params(
        flows=("redesign", "bm25"), n_seeds=3, fewer_seeds={"bm25": 1, "redesign": 9}
    )
    assert Counter(t.flow for t in make_trials(params)) == {"redesign": 3, "bm25": 1}


def test_distractors_and_blocks_at_the_largest_n_way_only():
    """Small tasks are tested plainly; retention on the first seeds, never at the full budget."""
    params = make_params(
        flows=("redesign", "current"), n_ways=(5, 20), n_seeds=2, full_seeds={"current": 1}
    )
    for trial in make_trials(params):
        settings = trial.as_dict()
        is_main = settings["n_way"] == 20
        assert settings["n_distractors"] == ((0, 2) if is_main else (0,))
        assert settings["retention"] == (
            is_main and trial.seed == 0 and settings["budget"] != "full"
        )


def test_a_changed_configuration_is_another_trial(monkeypatch):
    """The hash of a trial depends on every switch of its flow."""
    (before,) = make_trials(make_params())
    monkeypatch.setitem(FLOWS, "redesign", FLOWS["redesign"].with_overrides(d_model=64))
    (after,) = make_trials(make_params())
    assert before.config_hash != after.config_hash


def test_fine_tune_gets_the_steps_of_the_swarm():
    """500 rounds of ten agents, two of them random search at two thirds: 4,667 steps."""
    config = flow_config("fine_tune", "full")
    assert (config.n_steps, config.batch_size) == (4667, 32)
    assert flow_config("fine_tune", "demo").n_steps == round(125 * (3 + 2 / 3))
    assert flow_config("current", "full").n_agents == 10
    assert flow_config("redesign", "none") == FLOWS["redesign"]


@pytest.mark.parametrize("name", list_flows())
def test_rows_of_every_flow(tiny_flows, tmp_path, name):
    """A row per condition and number of distractors, accepted by the schema, blocks included."""
    trials = make_trials(make_params(flows=(name,)))
    frame = run_trials(trials, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    assert list(frame.columns) == list(SCHEMA.columns)
    keys = list(zip(frame["condition"], frame["n_distractors"]))
    assert sorted(keys) == sorted((c, n) for c in CONDITIONS for n in (0, 2))
    assert set(frame["flow"]) == {name} and set(frame["n_way"]) == {10}
    frame = frame.set_index(["condition", "n_distractors"]).sort_index()
    stored = frame.drop(index="unseen")
    assert (stored["n_test"] == 8).all() and (frame.loc["unseen", "n_test"] == 30).all()
    blocks = stored["retention"].notna() | stored["forgetting"].notna()
    assert blocks.tolist() == [n == 0 and name != "as_shipped" for _, n in stored.index]
    assert frame["retention_as_printed"].notna().sum() == 1
    assert frame["retention_as_printed"].notna()["verbatim", 0]
    assert (frame["train_s"] > 0).all() and frame["novelty_auroc"].between(0, 1).all()


@pytest.mark.parametrize("name", ["redesign", "current"])
def test_a_trial_repeats(tiny_flows, name):
    """Two runs of one trial differ in their timings alone."""
    first, second = rows_of(flows=(name,)), rows_of(flows=(name,))
    for key in first:
        for column in first[key].keys() - set(TIMINGS):
            one, two = first[key][column], second[key][column]
            assert one == two or (one != one and two != two), (key, column)


def test_measures_agree_with_the_words():
    """Accuracy is the share of tested words answered rightly; one-shot words are counted."""
    task, table = make_rare_word_task(10, seed=0), load_lexicon()["word"].tolist()
    rows = rows_of(flows=("tfidf_neighbor",))
    for (condition, _), row in rows.items():
        n_words = 30 if condition == "unseen" else 100
        correct, tested = decode_words([row["correct_words"], row["tested_words"]], n_words)
        assert not (correct & ~tested).any() and tested.sum() == row["n_test"]
        assert correct.sum() / tested.sum() == pytest.approx(row["accuracy"])
        if condition == "unseen":
            assert row["n_one_shot"] == 0 and math.isnan(row["one_shot_accuracy"])
            assert math.isnan(row["memory_utility"]) and math.isnan(row["top1_key_correct"])
            continue
        words = {table[i] for i in np.flatnonzero(tested)}
        assert words == set(task.test_words)
        counts = Counter(task.train.labels)
        once = [word for word in words if counts[word] == 1]
        assert row["n_one_shot"] == len(once)
        right = {table[i] for i in np.flatnonzero(correct)}
        assert row["one_shot_accuracy"] == pytest.approx(np.mean([w in right for w in once]))
        assert row["memory_utility"] == row["accuracy"] == row["top1_key_correct"]
    assert rows["verbatim", 0]["accuracy"] == 1


def test_undefined_measures_are_missing(tiny_flows):
    """Without a memory there is no hit rate; without a gate no gate; untrained costs no steps."""
    plain = rows_of(flows=("fine_tune",))["verbatim", 0]
    for name in ("kv_hit_rate", "top1_key_correct", "memory_utility", "gate_mean"):
        assert math.isnan(plain[name]), name
    assert plain["read_fraction"] == 0 and plain["memory_bytes"] == 0 and plain["flops"] > 0
    neighbour = rows_of(flows=("nearest_neighbor",))["verbatim", 0]
    assert math.isnan(neighbour["gate_mean"]) and neighbour["convergence_steps"] == 0
    assert neighbour["read_fraction"] == 1 and neighbour["memory_bytes"] > 0
    gated = rows_of(flows=("minimal_config",))["verbatim", 0]
    assert 0 < gated["gate_mean"] < 1 and set(MEASURES) <= set(gated)


def answers(scores, abstains):
    """What a flow with classes a, b made of some texts."""
    return SimpleNamespace(scores=np.array(scores), abstains=np.array(abstains))


def test_what_counts_as_right():
    """The label; for a word never stored, abstaining; an empty memory is never right."""
    flow = SimpleNamespace(classes_=np.array(["a", "b"]))
    scores = [[1.0, 0], [0, 1.0], [1.0, 0], [0, 0]]
    stored = Texts(["t"] * 4, ["a", "a", "a", "a"], [1, 2, 1, 1])
    given = answers(scores, [False, False, True, False])
    assert right_answers(flow, given, stored).tolist() == [True, False, False, False]
    unseen = Texts(["t"] * 4, ["x", "y", "z", ABSTAIN], [0, 0, 0, 0])
    assert right_answers(flow, given, unseen).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    "params, message",
    [
        ({"n_seed": 3}, "unknown parameter of Params 'n_seed': did you mean 'n_seeds'"),
        ({"flows": ["curent"]}, "unknown flow 'curent': did you mean 'current'"),
        ({"swarm_budget": "ful"}, "unknown swarm_budget 'ful': did you mean 'full'"),
        ({"full_seeds": {"hybird": 1}}, "unknown flow with a budget"),
        ({"n_seeds": 0}, "n_seeds=0"),
        ({"n_ways": []}, r"n_ways=\(\)"),
        ({"n_ways": [4]}, "n_ways holds 4: expected 5 to 100"),
        ({"n_ways": [20, 101]}, "n_ways holds 101: expected 5 to 100"),
        ({"n_distractors": [0, -1]}, "n_distractors"),
        ({"n_distractors": []}, "n_distractors"),
    ],
)
def test_wrong_parameters(params, message):
    """Misspelt names give the nearest; values out of range say what is expected."""
    with pytest.raises(ValueError, match=message):
        Params.from_params(params)


@pytest.mark.parametrize("params", [{"n_seeds": "3"}, {"n_ways": 20}, {"n_seeds": 2.5}])
def test_wrong_types(params):
    """A value of the wrong type is refused."""
    with pytest.raises(TypeError, match=next(iter(params))):
        Params.from_params(params)


def test_parameters_as_a_notebook_gives_them():
    """Lists become tuples, no flows means all, and the hashable form survives a round trip."""
    params = Params.from_params({"flows": [], "n_ways": [5], "full_seeds": {"current": 1}})
    assert params.flows == tuple(FLOWS) and params.n_ways == (5,)
    assert Params.from_params(params.as_dict()) == params
