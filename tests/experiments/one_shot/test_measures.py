"""What a trial measures, that it repeats, and which parameters are refused."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from hsokv import ABSTAIN
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import Texts, make_rare_word_task
from hsokv.experiments.evaluate import right_answers
from hsokv.experiments.one_shot import trials as trials_module
from hsokv.experiments.one_shot.trials import (
    MEASURES,
    UNAUDITED,
    Params,
    arm_config,
    make_trials,
    run_trial,
)
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.stats.word_sets import decode_words
from tests.experiments.one_shot.conftest import make_params


def first_trial(**changes):
    """Words all at once, in the first reading, of a small run."""
    trials = make_trials(make_params(**changes))
    return next(t for t in trials if t.as_dict()["task"] == "words")


def rows_of(**changes):
    """Its rows by condition and number of distractors."""
    trial = first_trial(**changes)
    return {(row["condition"], row["n_distractors"]): row for row in run_trial(trial)}


def test_number_of_trials():
    """Every n_way, flows with a budget at the largest only, and there at 'full' too."""
    params = make_params(
        flows=("first_redesign", "hybrid", "current", "fine_tune"), n_ways=(5, 100), n_seeds=3,
        swarm_budget="demo", transformer_seeds={"words": 3, "fewer_words": 2, "blocks": 1},
        n_block_seeds=2, full_seeds={"current": {"mean": 2}},
    )  # fmt: skip
    trials = [t for t in make_trials(params) if t.as_dict()["reading"] in ("", "mean")]
    counted = Counter(
        (t.flow, d["budget"], d["task"], d["n_way"]) for t in trials for d in [t.as_dict()]
    )
    assert counted == {
        ("first_redesign", "none", "words", 5): 3, ("first_redesign", "none", "words", 100): 3,
        ("first_redesign", "none", "blocks", 100): 2, ("first_redesign", "none", "senses", 40): 3,
        ("hybrid", "fixed", "words", 5): 2, ("hybrid", "fixed", "words", 100): 3,
        ("hybrid", "fixed", "blocks", 100): 1, ("current", "demo", "words", 100): 3,
        ("current", "demo", "blocks", 100): 1, ("fine_tune", "demo", "words", 100): 3,
        ("fine_tune", "demo", "blocks", 100): 1, ("current", "full", "words", 100): 2,
    }  # fmt: skip
    assert len({trial.config_hash for trial in trials}) == len(trials)


def test_distractors_at_the_largest_n_way_only():
    """Small tasks, blocks and tuned forms are tested plainly."""
    for trial in make_trials(make_params(flows=("first_redesign",), n_ways=(5, 20))):
        d = trial.as_dict()
        is_main = (d["n_way"], d["task"], d["reading"]) == (20, "words", "")
        assert d["n_distractors"] == ((0, 2) if is_main else (0,))


@pytest.mark.parametrize(("name", "parts"), [("fine_tune", 5), ("hybrid", 1)])
def test_a_budget_is_spent_evenly_over_blocks(tiny_flows, monkeypatch, name, parts):
    """Five blocks share the steps of a flow with a budget; others take all their steps on each."""
    made, real = [], trials_module.make_flow

    def make(*args, **options):
        made.append(options["n_steps"])
        return real(*args, **options)

    monkeypatch.setattr(trials_module, "make_flow", make)
    monkeypatch.setitem(BUDGETS, "quick", BUDGETS["quick"] | {"meta_iterations": 10})
    trial = make_trials(make_params(flows=(name,), transformer_seeds={"blocks": 1}))[0]
    run_trial(trial)
    whole = arm_config(name, trial.as_dict()["reading"], trial.as_dict()["budget"]).n_steps
    assert made == [whole // parts] and whole >= 2 * parts


def test_a_changed_configuration_is_another_trial(monkeypatch):
    """The hash of a trial depends on every switch of its flow."""
    before = first_trial()
    monkeypatch.setitem(FLOWS, "first_redesign", FLOWS["first_redesign"].with_overrides(d_model=64))
    after = first_trial()
    assert before.config_hash != after.config_hash


def test_fine_tune_gets_the_steps_of_the_swarm():
    """500 rounds of ten agents, two of them random search at two thirds: 4,667 steps."""
    config = arm_config("fine_tune", "last", "full")
    assert (config.n_steps, config.batch_size) == (4667, 32)
    assert arm_config("fine_tune", "mean", "demo").n_steps == round(125 * (3 + 2 / 3))
    assert arm_config("current", "mean", "full").n_agents == 10
    assert arm_config("first_redesign", "", "none") == FLOWS["first_redesign"]


@pytest.mark.parametrize("name", ["first_redesign", "current"])
def test_a_trial_repeats(tiny_flows, name):
    """Two runs of one trial differ in their timings alone."""
    first, second = rows_of(flows=(name,)), rows_of(flows=(name,))
    for key in first:
        for column in first[key].keys() - set(UNAUDITED):
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
        ({"full_seeds": {"hybird": {"mean": 1}}}, "unknown flow with a budget"),
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
    params = Params.from_params(
        {"flows": [], "n_ways": [5], "full_seeds": {"current": {"mean": 1}}}
    )
    assert params.flows == tuple(FLOWS) and params.n_ways == (5,)
    assert Params.from_params(params.as_dict()) == params
