"""The documented size: which arms, which rows, and what the tables make of them."""

import pandas as pd
import pytest

from hsokv.experiments.documented_size import EXPERIMENT, tables
from hsokv.experiments.documented_size.trials import (
    SCHEMA,
    SWARM_VARIANTS,
    VARIANTS,
    Params,
    arm_config,
    make_trials,
    run_trial,
    similarity_of,
)
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.models.device import run_device
from hsokv.runs.engine import run_trials
from hsokv.stats.word_sets import encode_words


def test_h_sokv_is_the_documented_one():
    """Trained by the swarm it is `current` in each reading but for what does not act there."""
    ignored = {"write_in_training", "n_steps", "lr"}  # of label read-outs, and of plain training
    for pooling in ("last", "mean"):
        here = arm_config("current", "", pooling, "swarm").as_dict()
        there = FLOWS["current"].with_overrides(pooling=pooling, **BUDGETS["demo"]).as_dict()
        assert {k for k in here if here[k] != there[k]} <= ignored
    plain = arm_config("current", "", "mean", "steps")
    assert (plain.n_steps, plain.batch_size, plain.lr) == (500, 16, 5e-4)


def test_every_switch_has_its_arms_at_both_ends():
    """Going to an end and coming back gives the other end's level of the switch alone."""
    for switch, (there, back) in tables.SWITCH_VARIANTS.items():
        start = arm_config("current", "", "mean", "steps").as_dict()
        keys = "none" if there == "fixed_keys" else "mean"
        after = arm_config("current", there, keys, "steps").as_dict()
        changed = {k for k in start if start[k] != after[k]} - {"pooling"}
        end = arm_config("redesign", "", "none", "steps").as_dict()
        keys = "mean" if back == "transformer_keys" else "none"
        before = arm_config("redesign", back, keys, "steps").as_dict()
        assert changed == {k for k in end if end[k] != before[k]} - {"pooling"}, switch
        if switch != "similarity":  # the redesign keeps cosine
            assert all(after[k] == end[k] and before[k] == start[k] for k in changed), switch
        assert there in SWARM_VARIANTS["current"]
    with pytest.raises(ValueError, match="did you mean 'no_forgetting'"):
        arm_config("current", "no_forgeting", "mean", "steps")
    with pytest.raises(ValueError, match="pooling of current with fixed_keys"):
        arm_config("current", "fixed_keys", "mean", "steps")


def test_trials():
    """Every variant under plain training, single switches under the swarm, fixed keys once."""
    trials = make_trials(Params(n_seeds={"steps": 1, "swarm": 1}))
    settings = [dict(t.settings) for t in trials]
    assert len({t.config_hash for t in trials}) == len(trials) == 111
    plain = {(d["base"], d["variant"]) for d in settings if d["training"] == "steps"}
    assert plain == {(base, v) for base, variants in VARIANTS.items() for v in variants}
    assert sum(d["variant"] == "fixed_keys" for d in settings) == 2  # one per training
    for changes, said in [
        ({"bases": ("curent",)}, "did you mean 'current'"), ({"n_way": 4}, "n_way=4"),
        ({"n_seeds": {"step": 1}}, "did you mean 'steps'"), ({"budget": "ful"}, "'full'"),
        ({"n_seeds": {"steps": -1}}, "steps"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=said):
            Params(**changes)


def test_rows(tmp_path, monkeypatch):
    """A row per condition, which say where the learner was trained."""
    monkeypatch.setitem(BUDGETS, "quick", BUDGETS["quick"] | {"agent_steps": 1})
    params = Params(bases=("redesign",), poolings=("mean",), n_way=10, budget="quick",
                    n_seeds={"steps": 1})  # fmt: skip
    trials = [t for t in make_trials(params) if dict(t.settings)["variant"] in ("", "top5")]
    frame = run_trials(trials, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    assert list(frame.columns) == list(SCHEMA.columns) and len(frame) == 6
    assert set(frame["device"]) == {"cpu"} and set(frame["pooling"]) == {"none"}
    effects = tables.switch_effects(frame, "verbatim")
    assert effects["switch"].unique().tolist() == ["top_k"]
    assert tables.issue_verdicts(frame).empty and tables.issue_effects(frame).empty


def test_the_device_of_a_run(monkeypatch):
    """HSOKV_DEVICE names it; without, the CPU."""
    monkeypatch.delenv("HSOKV_DEVICE", raising=False)
    assert run_device() == "cpu"
    monkeypatch.setenv("HSOKV_DEVICE", "gpu")
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        run_device()


def arm(base, variant, training, n_right, pooling="mean", seeds=range(4)):
    """Rows of an arm: the first words of 40 are right."""
    words = [[i < n for i in range(100)] for n in (n_right, 40)]
    return [
        {"base": base, "variant": variant, "training": training, "pooling": pooling, "seed": seed,
         "n_way": 100, "condition": condition, "accuracy": n_right / 40,
         "kv_hit_rate": 0.5, "top1_key_correct": 0.5, "memory_utility": n_right / 100,
         "correct_words": encode_words(words[0]), "tested_words": encode_words(words[1])}
        for seed in seeds
        for condition in ("verbatim", "recognise", "infer")
    ]  # fmt: skip


def test_tables_by_specification():
    """Effects have the sign of the harm or of the change, each in its own specification."""
    frame = pd.DataFrame([
        *arm("simple", "", "steps", 38), *arm("simple", "top5", "steps", 8),
        *arm("current", "", "steps", 30), *arm("current", "top1", "steps", 10),
        *arm("current", "", "swarm", 5), *arm("simple", "", "steps", 4, "last"),
    ])  # fmt: skip
    effects = tables.issue_effects(frame).set_index(["issue", "learner"])
    mean = tables.SPECIFICATIONS["steps", "mean"]
    assert effects.loc[("2.2", "plain memory"), mean].startswith("-75.0 [")
    assert effects.loc[("3.1", "H-SOKV"), mean].startswith("-62.5 [")
    assert effects.loc[("2.2", "plain memory"), tables.SPECIFICATIONS["steps", "last"]] == "–"
    verdicts = tables.issue_verdicts(frame).set_index("issue")
    assert verdicts.loc["2.2", mean] == "depends on the learner"
    suite = tables.suite_table(frame, ["verbatim"]).set_index(["learner", "pooling"])
    assert suite.index.tolist() == [("memory and swarm", "mean"), ("memory alone", "mean")]
    assert suite.loc[("memory alone", "mean"), "verbatim"].startswith("75.0 % [")
    assert suite["seeds"].tolist() == [4, 4]
    alone = tables.switch_effects(frame, "verbatim").set_index(["switch", "at"])
    assert alone.loc[("top_k", "H-SOKV"), "point"] == pytest.approx(-0.5)
    learners = tables.base_table(frame, ["verbatim"]).set_index(["learner", "specification"])
    assert learners.loc[("plain memory", mean), "verbatim"].startswith("95.0 %")


def test_depth_and_hit_rate_are_judged_here_too():
    """The documented base is the issues' four layers; the hit rate is compared within one unit."""
    variants = ["", "layers_8", "top1", "once", "no_context", "refresh", "dot"]
    right = [38, 1, 2, 3, 4, 5, 6]
    frame = pd.DataFrame(
        [r for v, n in zip(variants, right) for r in arm("current", v, "steps", n)]
    )
    frame["kv_hit_rate"] = frame["memory_utility"]
    verdicts = tables.issue_verdicts(frame).set_index("issue")[
        tables.SPECIFICATIONS["steps", "mean"]
    ]
    assert verdicts["5.1"] == "the opposite"  # by cosine the hit rate follows utility
    depth = tables.issue_effects(frame).set_index(["issue", "learner"]).loc[("4.2", "H-SOKV")]
    assert depth[tables.SPECIFICATIONS["steps", "mean"]].startswith("+92.5 [")
    assert similarity_of("current", "dot") == "dot" and similarity_of("redesign", "") == "cosine"
