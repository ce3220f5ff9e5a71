"""The one-shot experiment: which trials, which rows, which reading stands for its flow."""

import pandas as pd
import pytest

from hsokv.data.stories import CONDITIONS
from hsokv.experiments.one_shot import EXPERIMENT, arms, tables
from hsokv.experiments.one_shot.trials import (
    SCHEMA,
    TASKS,
    arm_config,
    list_arms,
    make_trials,
    run_trial,
    trains_transformer,
)
from hsokv.flows.named import FLOWS
from hsokv.flows.readings import READINGS, TUNED, list_documented, list_readings, read_flow
from hsokv.runs.engine import run_trials
from tests.experiments.one_shot.conftest import make_params


@pytest.mark.parametrize(
    "name",
    ["current", "minimal_fix", "kv_only", "headword_lookup", "linear_probe", "first_redesign"],
)
def test_rows(tiny_flows, tmp_path, name):
    """Words under seven conditions and senses under one, in every reading; blocks where asked."""
    trials = make_trials(make_params(flows=(name,)))
    frame = run_trials(trials, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    assert list(frame.columns) == list(SCHEMA.columns)
    shown = {reading for reading in list_readings(name) if "padded" not in reading}
    shown -= {TUNED} if trains_transformer(name) else set()  # asked for by name
    assert set(frame["reading"]) == shown
    for reading, part in frame.groupby("reading"):
        keys = sorted(zip(part["task"], part["condition"], part["n_distractors"]))
        distractors = (0,) if reading == TUNED else (0, 2)
        wanted = [("words", c, n) for c in CONDITIONS for n in distractors]
        wanted.append(("senses", "sense", 0))
        if not trains_transformer(name) and reading != TUNED:
            wanted += [("blocks", c, 0) for c in CONDITIONS]
        assert keys == sorted(wanted)
    main = arms.main_rows(frame).set_index(["reading", "condition"]).sort_index()
    words = main.drop(index="sense", level="condition")
    assert set(words.drop(index="unseen", level="condition")["n_test"]) == {8}
    assert set(main.xs("sense", level="condition")["n_test"]) == {32}
    assert words["novelty_auroc"].between(0, 1).all() and words["fpr_at_95"].between(0, 1).all()
    assert main["validation_accuracy"].between(0, 1).all()
    if name == "headword_lookup":
        scores = words["accuracy"].droplevel("reading")
        assert scores[["verbatim", "recognise", "unseen"]].tolist() == [1, 1, 1]
        assert scores[["infer", "inflect", "define"]].tolist() == [0, 0, 0]
    blocks = frame[frame["task"] == "blocks"]
    retained = blocks["retention"].notna() | blocks["forgetting"].notna()
    assert retained.tolist() == (blocks["condition"] != "unseen").tolist()
    assert main["retention"].isna().all()
    assert main["retention_as_printed"].notna().sum() == len(shown)
    assert len(EXPERIMENT.read(tmp_path)) == len(frame)


def test_readings_change_what_they_say():
    """The first reading is the flow as it stands; each other one changes pooling or padding."""
    for flow, readings in READINGS.items():
        assert read_flow(flow, "last") == FLOWS[flow]
        for reading, changes in readings.items():
            assert read_flow(flow, reading).switches().items() >= {
                k: v for k, v in changes.items() if v != FLOWS["hybrid"].with_overrides(
                    pooling="last", pad_to=0).as_dict()[k]
            }.items()  # fmt: skip
    assert list_documented("first_redesign") == [""]
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        read_flow("current", "maen")
    assert len(set(list_arms())) == len(list_arms())
    assert arm_config("current", "mean_padded", "full").pad_to == 96


def test_trials_of_the_full_budget():
    """The full budget is spent where it is asked for, per reading, on words only."""
    params = make_params(flows=("current",), full_seeds={"current": {"mean_padded": 2}})
    full = [t for t in make_trials(params) if dict(t.settings)["budget"] == "full"]
    assert [(t.seed, dict(t.settings)["reading"]) for t in full] == [
        (0, "mean_padded"), (1, "mean_padded"),
    ]  # fmt: skip
    assert {dict(t.settings)["task"] for t in full} == {"words"}
    with pytest.raises(ValueError, match="did you mean 'mean_padded'"):
        make_params(full_seeds={"current": {"mean_paded": 2}})


def test_flows_that_train_a_transformer_get_fewer_seeds():
    """Per task, fewer still in their tuned form; a task that is not named gets none."""
    seeds = {"words": 3, "senses": 2}
    params = make_params(
        flows=("hybrid", "first_redesign"),
        n_seeds=4,
        transformer_seeds=seeds,
        tuned_transformer_seeds={"words": 1, "senses": 1},
    )
    settings = [(t.flow, dict(t.settings)) for t in make_trials(params)]
    counted = {
        (task, reading): sum(
            f == "hybrid" and d["task"] == task and d["reading"] == reading for f, d in settings
        )
        for task in TASKS
        for reading in list_readings("hybrid")
    }
    assert counted == {
        ("words", ""): 3, ("words", "tuned"): 1, ("senses", ""): 2, ("senses", "tuned"): 1,
        ("blocks", ""): 0, ("blocks", "tuned"): 0,
    }  # fmt: skip
    assert sum(f == "first_redesign" and d["reading"] == "" for f, d in settings) == 4 + 4 + 1
    with pytest.raises(ValueError, match="did you mean 'words'"):
        make_params(transformer_seeds={"wrods": 2})


def row(flow, reading, seed, validation, right):
    """What the tables look at, of a run with ten tested words."""
    correct = (1 << right) - 1
    return {
        "flow": flow, "reading": reading, "budget": "fixed", "task": "words", "n_way": 100,
        "n_distractors": 0, "condition": "verbatim", "seed": seed, "n_test": 10,
        "validation_accuracy": validation, "accuracy": right / 10, "memory_utility": 0.1,
        "top1_key_correct": 0.5, "gate_mean": float("nan"),
        "correct_words": f"0x{correct:025x}", "tested_words": f"0x{1023:025x}",
    }  # fmt: skip


def test_the_reading_is_chosen_on_validation_words():
    """Not by what is scored; of equal ones the first stands."""
    rows = pd.DataFrame([
        row("minimal_fix", "last", 0, 0.9, 1), row("minimal_fix", "last", 1, 0.9, 2),
        row("minimal_fix", "mean", 0, 0.8, 9), row("minimal_fix", "mean", 1, 0.8, 8),
        row("kv_only", "last", 0, 0.5, 1), row("kv_only", "mean", 0, 0.5, 3),
    ])  # fmt: skip
    assert arms.choose_readings(rows) == {
        ("minimal_fix", "fixed"): "last", ("kv_only", "fixed"): "last",
    }  # fmt: skip
    table = tables.accuracy_table(arms.with_arm(rows)).set_index("arm")
    assert table.loc["minimal_fix (last)", "chosen"] and not table.loc["kv_only (mean)", "chosen"]
    assert table.loc["minimal_fix (mean)", "point"] == pytest.approx(0.85)
    assert table.loc["minimal_fix (mean)", "n"] == 20
    assert table["validation"].tolist() == [0.9, 0.8, 0.5, 0.5] and table["gate_mean"].isna().all()


def test_the_best_rows_are_of_the_chosen_reading():
    """One arm per flow and budget, tuned forms left out, in the order of the flows."""
    rows = pd.DataFrame([
        row("first_redesign", "", 0, 1.0, 9), row("first_redesign", "tuned", 0, 1.0, 9),
        row("kv_only", "last", 0, 0.5, 1), row("kv_only", "mean", 0, 0.6, 3),
        row("class_mean", "tuned", 0, 1.0, 9),
    ])  # fmt: skip
    assert arms.best_rows(rows)["arm"].tolist() == ["kv_only (mean)", "first_redesign"]
    assert arms.choose_readings(rows) == {
        ("kv_only", "fixed"): "mean",
        ("first_redesign", "fixed"): "",
    }


def test_the_best_flow_of_a_condition():
    """The documented flows apart, tuned apart; the lookup is no rival; of equal ones the first."""
    rows = arms.with_arm(pd.DataFrame([
        row("kv_only", "last", 0, 0.5, 3), row("kv_only", "tuned", 0, 0.5, 5),
        row("kv_only", "mean", 0, 0.5, 3), row("class_mean", "", 0, 0.5, 8),
        row("headword_lookup", "", 0, 0.5, 10),
    ]))  # fmt: skip
    best = tables.best_flows(tables.accuracy_table(rows)).set_index("condition").loc["verbatim"]
    assert best["as documented"].startswith("kv_only (last) 30.0 [")
    assert best["documented, tuned"].startswith("kv_only (tuned) 50.0 [")
    assert best["any flow"].startswith("class_mean 80.0 [")


def test_gaps_are_paired():
    """Seeds of both arms only; the sign says which is better; what was not run is left out."""
    rows = arms.with_arm(pd.DataFrame([
        row("first_redesign", "", 0, 1.0, 9), row("first_redesign", "", 1, 1.0, 9),
        row("kv_only", "mean", 0, 0.5, 3), row("kv_only", "mean", 1, 0.5, 3),
        row("kv_only", "mean", 7, 0.5, 10),
    ]))  # fmt: skip
    pairs = [("first_redesign", "kv_only (mean)"), ("first_redesign", "kv_only (last)")]
    table = tables.difference_table(rows, pairs, ["verbatim", "infer"])
    assert table["label"].tolist() == ["first_redesign − kv_only (mean)"]
    gap = table.iloc[0]
    assert gap["point"] == pytest.approx(0.6) and gap["low"] < 0.6 < gap["high"]
    assert gap["n"] == 20 and gap["n_seeds"] == 2 and gap["p_holm"] == 0.5
    text = tables.difference_texts(table)
    assert text.columns.tolist() == ["verbatim"] and text.iloc[0, 0].startswith("+60.0 [")
    back = tables.difference_table(rows, [pairs[0][::-1]], ["verbatim"]).iloc[0]
    assert back["low"] == pytest.approx(-gap["high"])
    assert tables.difference_table(rows, pairs[1:], ["verbatim"]).empty


def test_accuracy_along_words_and_distractors():
    """Either is varied while the other stands at its plain value."""
    rows = pd.DataFrame([
        row("first_redesign", "", seed, 1.0, right) | {"n_way": n_way, "n_distractors": n}
        for seed in (0, 1)
        for n_way, n, right in ((20, 0, 9), (100, 0, 8), (100, 3, 4))
    ])  # fmt: skip
    rows = arms.with_arm(rows)
    words = tables.accuracy_along(rows, "n_way", ["verbatim"]).set_index("n_way")["point"]
    assert words.to_dict() == {20: pytest.approx(0.9), 100: pytest.approx(0.8)}
    noise = tables.accuracy_along(rows, "n_distractors", ["verbatim"]).set_index("n_distractors")
    assert noise["point"].to_dict() == {0: pytest.approx(0.8), 3: pytest.approx(0.4)}


def test_other_measures_are_means_over_seeds():
    """Undefined ones are missing; n counts the seeds with any of them."""
    rows = arms.with_arm(pd.DataFrame([row("kv_only", "mean", s, 0.5, 3) for s in (0, 1)]))
    table = tables.measures_table(rows, ["gate_mean", "top1_key_correct"], "verbatim").iloc[0]
    assert table["arm"] == "kv_only (mean)" and table["n_seeds"] == 2
    assert table["top1_key_correct"] == 0.5 and pd.isna(table["gate_mean"])


def test_measures_have_intervals_over_seeds():
    """In the units of their heading; what is undefined is a dash, and seeds are counted."""
    rows = arms.with_arm(pd.DataFrame([row("kv_only", "mean", s, 0.5, 3) for s in (0, 1)]))
    rows["top1_key_correct"] = [0.4, 0.6]
    line = tables.measures_texts(rows, ["gate_mean", "top1_key_correct"]).iloc[0]
    assert line["gate"] == "–" and line["seeds"] == 2
    assert line["nearest key right (%)"].startswith("50.0 [0.0, 100.0]")  # t with one degree
    assert list(tables.measures_texts(rows[:0], ["gate_mean"])) == ["arm", "gate", "seeds"]
