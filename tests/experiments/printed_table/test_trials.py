"""The printed table's experiment: arms, repairs on copies, rows, summaries and figures."""

import matplotlib

matplotlib.use("Agg")

import math
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from hsokv import validity
from hsokv.data.predecessor import make_predecessor_task
from hsokv.experiments.printed_table import EXPERIMENT
from hsokv.experiments.printed_table import figures as printed_plots
from hsokv.experiments.printed_table import tables as printed_summary
from hsokv.experiments.printed_table.rows import SCHEMA
from hsokv.experiments.printed_table.trials import (
    ARMS,
    REPAIRED,
    REPAIRS,
    Params,
    arm_config,
    make_trials,
    measure,
    repair_flow,
    run_trial,
    train_arm,
)
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.runs.engine import run_trials
from tests.conftest import TINY


@pytest.fixture(scope="module")
def tiny():
    """Transformer flows at tiny sizes and a swarm budget of a few steps."""
    sizes = {key: TINY[key] for key in ("d_model", "n_layers", "n_heads", "d_ff")}
    swarm = {key: TINY[key] for key in BUDGETS["quick"] if key in TINY}
    with pytest.MonkeyPatch.context() as patch:
        for name, config in FLOWS.items():
            if config.encoder == "transformer":
                patch.setitem(FLOWS, name, config.with_overrides(**sizes))
        patch.setitem(BUDGETS, "quick", swarm | {"batch_size": 16})
        yield


@pytest.fixture(scope="module")
def task():
    return make_predecessor_task(0)


@pytest.fixture(scope="module")
def flow(tiny, task):
    """A barely trained baseline_3; do not change it."""
    return train_arm("baseline_3", task, seed=0, budget="fixed", n_steps=3)


@pytest.fixture(scope="module")
def frame(tiny, tmp_path_factory):
    """Rows of all arms at two seeds."""
    params = Params(n_seeds=2, swarm_budget="quick", n_steps=3, n_jobs=1)
    store = EXPERIMENT.store(tmp_path_factory.mktemp("results"))
    return run_trials(make_trials(params), run_trial, store, n_jobs=1, progress=False)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_arms_are_flows_with_switches_changed():
    """The swarm gets its budget, the baselines their steps, the masked arm no padding."""
    shipped, masked = arm_config("as_shipped"), arm_config("as_shipped_masked")
    assert shipped == FLOWS["as_shipped"].with_overrides(**BUDGETS["demo"])
    assert masked == shipped.with_overrides(pad_to=0) and shipped.pad_to == 96
    first, third = arm_config("baseline_1", n_steps=7), arm_config("baseline_3", n_steps=7)
    for config in (first, third):
        assert (config.training, config.lr, config.batch_size) == ("steps", 2e-4, 32)
        assert (config.n_steps, config.pooling, config.pad_to) == (7, "mean", 96)
    assert not first.has_memory and first.stop_loss == 0
    assert (third.fusion, third.value, third.read_cut) == ("gate", "tokens", 0.3)
    assert (third.write_rule, third.forgetting) == ("all", "none")
    assert arm_config("baseline_2").similarity == "dot"
    assert arm_config("baseline_2_cosine").similarity == "cosine"


def test_trials():
    """One per arm and seed; fewer seeds never become more; the budget names what is trained."""
    params = Params(n_seeds=3, fewer_seeds={"as_shipped": 1, "baseline_2": 9})
    trials = make_trials(params)
    counts = Counter(trial.flow for trial in trials)
    assert counts == dict.fromkeys(ARMS, 3) | {"as_shipped": 1}
    budgets = {trial.flow: dict(trial.settings)["budget"] for trial in trials}
    assert budgets["as_shipped"] == "demo" and budgets["baseline_1"] == "fixed"
    assert budgets["baseline_2"] == "none"
    assert len({trial.config_hash for trial in trials}) == len(trials)


def test_a_changed_switch_or_step_number_is_another_trial(monkeypatch):
    """What is stored is recomputed when a flow changes."""
    before = {trial.config_hash for trial in make_trials(Params(n_seeds=1))}
    longer = {trial.config_hash for trial in make_trials(Params(n_seeds=1, n_steps=301))}
    assert len(before - longer) == 2  # baseline_1 and baseline_3
    monkeypatch.setitem(FLOWS, "as_shipped", FLOWS["as_shipped"].with_overrides(top_k=4))
    after = {trial.config_hash for trial in make_trials(Params(n_seeds=1))}
    assert len(before - after) == 3  # the arms made from it


def test_rows(frame):
    """A row per repair of the gated arms, one of the others, and shares that fit together."""
    assert list(frame.columns) == list(SCHEMA.columns)
    assert (frame["flow"] == frame["arm"]).all() and set(frame["arm"]) == set(ARMS)
    for arm, rows in frame.groupby("arm"):
        wanted = set(REPAIRS) if arm in REPAIRED else {""}
        assert set(rows["repair"]) == wanted and len(rows) == 2 * len(wanted)
    once = frame["one_shot_correct"] / frame["n_one_shot"]
    np.testing.assert_allclose(frame["one_shot_accuracy"], once, atol=1e-5)
    whole = (
        frame["n_single"] * frame["single_accuracy"]
        + (frame["n_test"] - frame["n_single"]) * frame["multi_accuracy"]
    ) / frame["n_test"]
    np.testing.assert_allclose(frame["accuracy"], whole, atol=1e-5)


def test_what_the_table_would_print(frame):
    """Rows carry the table's own definitions beside the true measures."""
    plain = frame[frame["repair"] == ""].set_index(["arm", "seed"])
    first, second = plain.loc["baseline_1"], plain.loc["baseline_2"]
    np.testing.assert_allclose(first["printed_one_shot"], 0.3 * first["accuracy"], rtol=1e-5)
    np.testing.assert_allclose(second["printed_retention"], 0.3 * second["accuracy"], rtol=1e-5)
    assert (second["printed_one_shot"] == second["accuracy"]).all()
    shipped = plain.loc["as_shipped"]
    assert (shipped["printed_one_shot"] == shipped["one_shot_accuracy"]).all()
    assert (second["convergence"] == -1).all()
    assert set(plain.loc["baseline_3", "convergence"]) <= {1, -1}


def test_measures_that_do_not_apply_are_missing(frame):
    """No memory, no hit; no gate, no norms; a nearest neighbour without memory is silent."""
    plain = frame[frame["repair"] == ""].set_index("arm")
    first = plain.loc["baseline_1"]
    assert first[["kv_hit_rate", "top1_key_correct", "accuracy_without"]].isna().all(axis=None)
    assert (first["n_entries"] == 0).all()
    second = plain.loc["baseline_2"]
    assert second["read_norm"].isna().all() and (second["accuracy_without"] == 0).all()
    assert (second["top1_key_correct"] == second["accuracy"]).all()
    assert plain.loc["baseline_3", ["read_norm", "state_norm", "gate_mean"]].notna().all(axis=None)


def test_a_trial_repeats(tiny):
    """Two runs of a trial give the same rows."""
    params = Params(arms=("baseline_3",), n_seeds=1, n_steps=2)
    (trial,) = make_trials(params)
    one, two = pd.DataFrame(run_trial(trial)), pd.DataFrame(run_trial(trial))
    pd.testing.assert_frame_equal(one, two)


def test_every_word_is_written_once(flow, task):
    """Baseline-3 keeps the first text of each word that it sees."""
    assert len(flow.memory_) == 20
    assert sorted(flow.memory_["label"].tolist()) == list(range(20))


def test_repairs_change_what_they_name_and_nothing_else(flow, task):
    """Each works on a copy; the trained weights and the original memory stay."""
    before = flow.memory_.clone()
    mended = {repair: repair_flow(flow, repair, task) for repair in REPAIRS}
    assert torch.equal(flow.memory_.keys, before.keys)
    assert torch.equal(flow.memory_.values, before.values)
    assert flow.config_.read_cut == 0.3 and flow.config_.fusion == "gate"
    for repair, other in mended.items():
        for name, weight in flow.net_.state_dict().items():
            assert torch.equal(weight, other.net_.state_dict()[name]), (repair, name)
        same_keys = torch.equal(other.memory_.keys, before.keys)
        assert same_keys != (repair in ("refresh", "all")), repair
        assert torch.equal(other.memory_.values, before.values) != (repair == "scale"), repair
        assert (other.config_.read_cut == 0) == (repair in ("no_cut", "all")), repair
        assert (other.config_.fusion == "label") == (repair in ("label", "all")), repair


def test_scaled_values_are_as_long_as_the_states(flow, task):
    """Values are unit vectors before, and have the mean norm of the training states after."""
    assert flow.memory_.values.norm(dim=1).numpy() == pytest.approx(1, abs=1e-5)
    scaled = repair_flow(flow, "scale", task)
    ids = scaled.tokenizer_.encode(task.train.texts)
    from hsokv.models.texts import encode_texts

    wanted = encode_texts(scaled.net_, ids, scaled.config).norm(dim=1).mean().item()
    assert scaled.memory_.values.norm(dim=1).numpy() == pytest.approx(wanted, rel=1e-4)


def test_refreshed_keys_are_the_states_of_their_texts(flow, task):
    """The key of an entry is what the encoder makes of its text now."""
    refreshed = repair_flow(flow, "refresh", task)
    from hsokv.models.texts import encode_texts, source_of

    text, label = task.optimised.texts[0], task.optimised.labels[0]
    states = encode_texts(refreshed.net_, refreshed.tokenizer_.encode([text]), refreshed.config)
    index = refreshed._class_index[label]
    slots = (refreshed.memory_["source"] == source_of(text, index)).nonzero().squeeze(1)
    for slot in slots.tolist():
        torch.testing.assert_close(refreshed.memory_.keys[slot], states[0], atol=1e-4, rtol=1e-4)
    moved = (refreshed.memory_.keys - flow.memory_.keys).norm(dim=1)
    assert (moved > 0).all()


def test_no_cut_reads_always(flow, task):
    """Without the cut every text reads, and the zero reads no longer shorten the mean."""
    assert measure(repair_flow(flow, "no_cut", task), task)["read_fraction"] == 1


def test_unknown_repair(flow, task):
    """The nearest name is given."""
    with pytest.raises(ValueError, match="did you mean 'refresh'"):
        repair_flow(flow, "refesh", task)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_seed": 3}, "did you mean 'n_seeds'"),
        ({"arms": ["baseline_4"]}, "unknown arm 'baseline_4'"),
        ({"fewer_seeds": {"current": 1}}, "unknown arm in fewer_seeds"),
        ({"swarm_budget": "ful"}, "did you mean 'full'"),
        ({"n_seeds": 0}, "n_seeds=0"),
        ({"n_steps": 0}, "n_steps=0"),
    ],
)
def test_wrong_parameters(params, message):
    """Misspelt names give the nearest; values out of range say what is expected."""
    with pytest.raises(ValueError, match=message):
        Params.from_params(params)


def test_parameters_as_a_notebook_gives_them():
    """No arms means all; the plain form survives a round trip."""
    params = Params.from_params({"arms": [], "n_seeds": 2})
    assert params.arms == tuple(ARMS) and Params.from_params(params.as_dict()) == params


def made(**columns):
    """A frame of unrepaired as_shipped rows."""
    rows = pd.DataFrame(columns)
    base = {"arm": "as_shipped", "repair": "", "seed": range(len(rows))}
    return rows.assign(**{k: v for k, v in base.items() if k not in rows})


def test_printed_numbers_stand_beside_measured_ones(frame):
    """Twelve numbers, each with a reason; nothing is measured where nothing can be."""
    table = printed_summary.compare_printed(frame).set_index(["row", "heading"])
    assert len(table) == 12 and table["reason"].str.len().min() > 10
    assert table.loc[("baseline_1", "kv_hit_rate"), "meant_n"] == 0
    assert table.loc[("baseline_2", "kv_hit_rate"), "same_n"] == 0
    row = table.loc[("baseline_1", "one_shot")]
    assert row["printed"] == 0.29 and row["same_n"] == 2 and row["same_point"] <= 0.3


def test_differences_are_paired_by_seed():
    """A seed that only one side has is left out."""
    frame = made(
        accuracy=[0.5, 0.7, 0.6, 0.9, 0.1], repair=["", "", "refresh", "refresh", "refresh"],
        seed=[0, 1, 0, 1, 2],
    )  # fmt: skip
    found = printed_summary.difference(
        frame, ("as_shipped", "refresh"), ("as_shipped", ""), "accuracy"
    )
    assert found.n == 2 and found.point == pytest.approx(0.15)
    nothing = printed_summary.difference(frame, ("baseline_3", ""), ("as_shipped", ""), "accuracy")
    assert nothing is None


def test_repairs_and_padding_are_listed(frame):
    """Every repair of both arms, and the retrained arm among those of as_shipped."""
    table = printed_summary.repair_table(frame)
    shipped = ["refresh", "no_cut", "scale", "label", "all", "mask padding"]
    assert table.loc[table["arm"] == "as_shipped", "repair"].tolist() == shipped
    assert table.loc[table["arm"] == "baseline_3", "repair"].tolist() == shipped[:-1]
    few = frame[(frame["arm"] == "baseline_2")]
    assert printed_summary.repair_table(few).empty


def test_causes_are_those_of_the_rows(frame):
    """Both gated arms, from key to answer."""
    table = printed_summary.cause_table(frame).set_index(["arm", "label"])
    assert len(table) == 2 * len(printed_summary.CAUSES)
    rows = printed_summary.rows_of(frame, "baseline_3")
    norm = (rows["read_norm"] / rows["state_norm"]).mean()
    label = "length of what is read / of the state"
    assert table.loc[("baseline_3", label), "point"] == pytest.approx(norm)


def test_five_texts_tell_little():
    """Three of five is anywhere from 15 to 95 %."""
    three = printed_summary.few_texts_table(5).set_index("right").loc[3]
    assert (round(three["low"], 3), round(three["high"], 3)) == (0.147, 0.947)


def test_the_guard_objects_to_the_protocol():
    """Verbatim texts, a vocabulary that has seen the test, the name in the text, too few items."""
    report = validity.check_predecessor(0)
    assert {check.name for check in report.objections} == {
        "verbatim_overlap", "vocabulary_texts", "label_lookup", "too_few_items",
    }  # fmt: skip


def test_figures(frame):
    """Each draws what it is given: a cross per printed number, a mark per seed."""
    table = printed_summary.compare_printed(frame)
    _, axes = printed_plots.plot_printed(table)
    crosses = [line for panel in axes for line in panel.lines if line.get_marker() == "X"]
    assert sorted(line.get_xdata()[0] for line in crosses) == sorted(100 * table["printed"])
    plain = frame[frame["repair"] == ""]
    _, axes = printed_plots.plot_spread(plain, printed_plots.printed_one_shot(table))
    marks = [line for line in axes[1].lines if line.get_marker() != "None"]
    assert sum(len(line.get_xdata()) for line in marks) == len(plain)
    names = printed_summary.ARM_NAME
    assert [t.get_text() for t in axes[0].get_yticklabels()] == [names[arm] for arm in ARMS]
    _, axes = printed_plots.plot_causes(printed_summary.cause_table(frame))
    assert [panel.get_title() for panel in axes] == [names[arm] for arm in REPAIRED]
    outcomes = printed_summary.few_texts_table(5)
    _, axes = printed_plots.plot_few_texts(outcomes, pd.Series([4, 4, 1]))
    assert sum(bar.get_height() for bar in axes[1].patches) == 3
    with pytest.raises(ValueError, match="printed"):
        printed_plots.plot_printed(table.drop(columns="printed"))


def test_no_one_shot_word_is_possible(flow, task):
    """A draw without such a word has no one-shot score, and the rest is measured."""
    from dataclasses import replace

    texts = replace(task.test, exposures=[max(2, n) for n in task.test.exposures])
    row = measure(flow, replace(task, test=texts))
    assert row["n_one_shot"] == 0 and math.isnan(row["one_shot_accuracy"])
    assert 0 <= row["accuracy"] <= 1
