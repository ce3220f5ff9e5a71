"""The issues: which arms, which rows, and what the rules make of them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from hsokv.experiments import effects as issue_verdicts
from hsokv.experiments import hit_rate
from hsokv.experiments.effects import (
    DEPENDS,
    FLOOR_VERDICT,
    ISSUES,
    NO_EFFECT,
    NOT_RUN,
    OPEN,
    OPPOSITE,
    OPPOSITE_SMALL,
    OPPOSITE_UNSIZED,
    REAL,
    REAL_SMALL,
    REAL_UNSIZED,
    combine,
    effect_table,
    verdict_of,
)
from hsokv.experiments.issues import EXPERIMENT
from hsokv.experiments.issues import figures as issue_plots
from hsokv.experiments.issues import tables as issue_tables
from hsokv.experiments.issues import trials as issues
from hsokv.experiments.issues.trials import (
    SCHEMA,
    Params,
    make_trials,
)
from hsokv.experiments.issues.worked_examples import EXAMPLES
from hsokv.experiments.memory_rows import CONDITIONS
from hsokv.flows.named import FLOWS
from hsokv.flows.variants import BASES, VARIANTS, arm_config
from hsokv.runs.engine import run_trials
from hsokv.stats.intervals import Interval
from hsokv.stats.word_sets import encode_words
from tools.paths import ROOT


def cell(low, high):
    return Interval((low + high) / 2, low, high, 100)


def make_rows(accuracy: dict, n_seeds: int = 6) -> pd.DataFrame:
    """Rows of arms {(base, variant): share of 40 words right}, the same words first right."""
    rng, rows = np.random.default_rng(0), []
    for (base, variant), share in accuracy.items():
        for seed in range(n_seeds):
            for condition in CONDITIONS:
                tested = np.arange(100) < 40
                right = tested & (rng.random(100) < (share if condition == "verbatim" else 0.02))
                rows.append(
                    {"base": base, "variant": variant, "condition": condition, "seed": seed,
                     "n_way": 100,
                     "accuracy": right.sum() / 40, "one_shot_accuracy": right.sum() / 40,
                     "kv_hit_rate": 0.5 + 0.1 * share, "top1_key_correct": right.sum() / 40,
                     "memory_utility": share, "correct_words": encode_words(right),
                     "tested_words": encode_words(tested)}
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_every_arm_is_a_learner_of_its_own():
    """No two arms of a base are the same configuration, and each differs from the base."""
    for base in BASES:
        configs = [arm_config(base, variant) for variant in VARIANTS[base]]
        assert len(set(configs)) == len(configs)
    assert arm_config("nearest_neighbor") == FLOWS["nearest_neighbor"]
    assert arm_config("current").fusion == "gate" and arm_config("simple").fusion == "label"
    assert arm_config("current", "dot", n_steps=17).n_steps == 17


def test_issues_compare_arms_that_exist():
    """Every comparison names two variants of its base; every issue has an example and a test."""
    assert set(ISSUES) | {"5_1"} == set(EXAMPLES) and len(EXAMPLES) == 11
    for key, issue in ISSUES.items():
        assert issue.number == key.replace("_", ".")
        assert any(effect.base == "current" and effect.is_main for effect in issue.effects)
        ranks = [effect.is_main for effect in issue.effects]
        assert ranks == sorted(ranks, reverse=True), "main comparisons come first"
        for effect in issue.effects:
            assert {effect.on, effect.off} <= set(VARIANTS[effect.base]), effect
            assert effect.on != effect.off


def test_arms_differ_in_the_mechanism_alone():
    """The arm without a mechanism differs from the one with it in few switches."""
    for issue in ISSUES.values():
        for effect in issue.effects:
            on, off = (arm_config(effect.base, v).as_dict() for v in (effect.on, effect.off))
            changed = [name for name in on if on[name] != off[name]]
            assert 1 <= len(changed) <= 5, (effect, changed)


def test_trials():
    """Every arm on every seed, fewer where asked; each with a hash of its own."""
    params = Params(n_seeds=2, fewer_seeds={"swarm": 1}, n_way=10, n_way_untrained=20)
    trials = make_trials(params)
    n_arms = sum(map(len, VARIANTS.values()))
    assert len(trials) == 2 * n_arms - 2
    assert len({trial.config_hash for trial in trials}) == len(trials)
    sizes = {trial.flow: trial.as_dict()["n_way"] for trial in trials}
    assert sizes == {"small": 10, "nearest_neighbor": 20}


def test_rows_fit_the_schema(tmp_path, monkeypatch):
    """An arm of each base gives a row per condition, with counts of the lifecycle."""
    few = {"current": {"": {}}, "simple": {"consolidation": {"consolidation": True}},
           "nearest_neighbor": {"cosine": {"similarity": "cosine"}}}  # fmt: skip
    monkeypatch.setattr(issues, "VARIANTS", few)
    trials = make_trials(Params(n_seeds=1, n_way=10, n_way_untrained=10, n_steps=16))
    store = EXPERIMENT.store(tmp_path)
    frame = run_trials(trials, issues.run_trial, store, n_jobs=1, progress=False)
    assert list(frame.columns) == list(SCHEMA.columns) and len(frame) == 9
    assert sorted(set(frame["base"])) == sorted(BASES) and (frame["n_test"] == 8).all()
    assert (frame["n_entries"] > 0).all() and (frame["n_forgotten"] == 0).all()
    again = pd.DataFrame(issues.run_trial(trials[0]))
    assert again["correct_words"].tolist() == frame["correct_words"][:3].tolist()
    assert (store.read()["variant"] == frame["variant"]).all()  # '' survives the file


@pytest.mark.parametrize(
    "params, message",
    [
        ({"bases": ["curent"]}, "unknown base 'curent': did you mean 'current'"),
        ({"fewer_seeds": {"swarn": 1}}, "unknown variant 'swarn'"),
        ({"fewer_seeds": {"swarm": 0}}, r"fewer_seeds\['swarm'\]=0"),
        ({"n_seeds": 0}, "n_seeds=0"),
        ({"n_steps": 0}, "n_steps=0"),
        ({"n_way": 101}, "n_way=101: expected 5 to 100"),
        ({"n_step": 3}, "did you mean 'n_steps'"),
    ],
)
def test_wrong_parameters(params, message):
    """Misspelt names give the nearest; values out of range say what is expected."""
    with pytest.raises(ValueError, match=message):
        Params.from_params(params)


@pytest.mark.parametrize(
    "low, high, best, expected",
    [
        (-0.20, -0.06, 0.8, REAL),
        (-0.20, -0.01, 0.8, REAL_UNSIZED),
        (-0.04, -0.01, 0.8, REAL_SMALL),
        (0.06, 0.20, 0.8, OPPOSITE),
        (0.01, 0.20, 0.8, OPPOSITE_UNSIZED),
        (0.01, 0.04, 0.8, OPPOSITE_SMALL),
        (-0.04, 0.04, 0.8, NO_EFFECT),
        (-0.04, 0.06, 0.8, OPEN),
        (-0.04, 0.04, 0.05, FLOOR_VERDICT),
        (-0.20, -0.06, 0.05, REAL),
    ],
)
def test_verdict_of_a_cell(low, high, best, expected):
    """The whole interval decides; arms that answer almost nothing have nothing to lose."""
    assert verdict_of(cell(low, high), best) == expected


@pytest.mark.parametrize(
    "verdicts, expected",
    [
        ([REAL_SMALL, REAL, NO_EFFECT], REAL),
        ([REAL_SMALL, OPPOSITE], DEPENDS),
        ([REAL_SMALL, OPPOSITE_SMALL], DEPENDS),
        ([OPPOSITE_UNSIZED, OPPOSITE, OPEN], OPPOSITE),
        ([NO_EFFECT, FLOOR_VERDICT], NO_EFFECT),
        ([NO_EFFECT, OPEN], OPEN),
        ([FLOOR_VERDICT], OPEN),
        ([], NOT_RUN),
    ],
)
def test_verdict_of_an_issue(verdicts, expected):
    """Harm anywhere makes an issue real; harm here and benefit there makes it depend."""
    assert combine(verdicts) == expected


def test_effect_has_the_sign_of_the_harm():
    """Accuracy with the mechanism minus without: a harmful one is below zero, and named."""
    rows = make_rows({("simple", ""): 0.9, ("simple", "top5"): 0.4,
                      ("current", ""): 0.6, ("current", "top1"): 0.6})  # fmt: skip
    table = effect_table(rows, "2_2")
    row = table.set_index(["base", "condition"]).loc[("simple", "verbatim")]
    assert row["high"] < -0.2 and row["verdict"] == REAL
    assert issue_verdicts.verdict(table) == REAL
    text = issue_verdicts.answer(table, "2_2")
    assert text.startswith("Does it hurt? Real. Effect of mean") and "plain memory -47.9" in text
    assert "n = 240" in text


def test_equal_answers_have_an_interval():
    """Where not one answer differs each word counts as a trial without an exception."""
    rows = make_rows({("current", ""): 0.6})
    rows = pd.concat([rows, rows.assign(variant="no_consolidation")])
    table = effect_table(rows, "1_1").set_index("condition")
    assert table.loc["verbatim", "point"] == 0
    assert 0 < table.loc["verbatim", "high"] == -table.loc["verbatim", "low"] < 0.15
    assert table.loc["verbatim", "verdict"] == OPEN  # 40 words cannot exclude 5 points
    assert table.loc["infer", "verdict"] == FLOOR_VERDICT


def test_missing_arms_are_not_run():
    """Without rows there is no effect, no number and no verdict."""
    table = effect_table(make_rows({("current", ""): 0.5}), "2_1")
    assert table.empty and issue_verdicts.verdict(table) == NOT_RUN
    assert "not run" in issue_verdicts.answer(table, "2_1")
    with pytest.raises(ValueError, match="run the issue's arms first"):
        issue_plots.plot_issue_effects(table)


def test_hit_rate_against_use():
    """A hit rate that follows use is no issue; one that runs against it is."""
    names = list(VARIANTS["simple"])[:6]
    rows = make_rows({("simple", name): 0.1 + 0.15 * i for i, name in enumerate(names)})
    follows = hit_rate.rank_correlation(rows, "memory_utility", "verbatim")
    assert follows.point == pytest.approx(1) and hit_rate.verdict(rows) == OPPOSITE
    rows["kv_hit_rate"] = 3 - rows["kv_hit_rate"]
    against = hit_rate.rank_correlation(rows, "memory_utility", "verbatim")
    assert against.point == pytest.approx(-1) and against.n == 6
    text = hit_rate.answer(rows)
    assert text.startswith("Real: ") and "exceeds 1 in 6 of 6 arms" in text
    assert set(hit_rate.correlation_table(rows, CONDITIONS)["arms"]) == {"all", "cosine"}
    assert hit_rate.rank_correlation(rows, "memory_utility", "verbatim", "dot") is None
    assert hit_rate.rank_correlation(rows[:6], "memory_utility", "verbatim") is None
    seed_0 = rows[rows["seed"] == 0]
    one = hit_rate.rank_correlation(seed_0, "memory_utility", "verbatim")
    assert (one.low, one.high) == (-1, 1) and hit_rate.verdict(seed_0) == OPEN
    rng = np.random.default_rng(1)
    rows["kv_hit_rate"] = rng.random(len(rows))
    means = hit_rate.arm_means(rows, "verbatim")
    expected = spearmanr(means["kv_hit_rate"], means["top1_key_correct"]).statistic
    found = hit_rate.rank_correlation(rows, "top1_key_correct", "verbatim")
    assert found.point == pytest.approx(expected)


def test_tables_in_words():
    """Effects and arms as text: every comparison, every arm once, numbers with their units."""
    rows = make_rows({("simple", ""): 0.9, ("simple", "top5"): 0.4, ("simple", "top5_vote"): 0.7})
    for name in ("n_entries", "n_consolidated", "n_forgotten", "gate_mean"):
        rows[name] = 3.0 if name != "gate_mean" else float("nan")
    effects = issue_tables.effects_text(effect_table(rows, "2_2"))
    assert len(effects) == 6 and effects["comparison"].str.contains("further").sum() == 3
    assert effects["difference (points)"].str.match(r"[+-]\d+\.\d \[").all()
    assert issue_tables.to_html(effects).count("<tr") == 7
    arms = issue_tables.arms_text(rows, "2_2").set_index("variant")
    assert list(arms.index) == ["–", "top5", "top5_vote"]
    assert arms.loc["–", "gate"] == "–" and arms.loc["top5", "stored"] == "3.0"
    tables = {issue: effect_table(rows, issue) for issue in ("2_1", "2_2")}
    overview = issue_tables.overview(tables).set_index("issue")
    assert overview.loc["2.2", "verdict"] == REAL and overview.loc["2.1", "verdict"] == NOT_RUN
    assert list(overview.loc["2.2", ["prototype", "simple"]]) == [NOT_RUN, REAL]


def test_figures_have_a_panel_per_condition():
    """Rows of the figure are comparisons; bases differ in marker, so greyscale will do."""
    rows = make_rows({("simple", ""): 0.9, ("simple", "top5"): 0.4, ("simple", "top5_vote"): 0.7})
    fig, axes = issue_plots.plot_issue_effects(effect_table(rows, "2_2"))
    assert len(axes) == 3 and axes[0].get_xlim()[0] < -50
    labels = [t.get_text() for t in axes[0].get_yticklabels()]
    assert labels == [f"{told} − top 1\n(plain memory)" for told in ("mean of 5", "vote of 5")]
    assert len({style["marker"] for style in issue_plots.BASE_STYLE.values()}) == len(BASES)
    fig, axes = issue_plots.plot_hit_rate(hit_rate.arm_means(rows, "verbatim"))
    assert len(axes) == 2 and axes[0].get_xscale() == "log"


def test_committed_rows_answer_every_issue():
    """The research rows hold all that the pages need."""
    store = EXPERIMENT.store(ROOT / "results")
    if not store.path.is_file():
        pytest.skip("results/issues.csv is not there yet")
    rows = store.read()
    for issue in ISSUES:
        assert issue_verdicts.verdict(effect_table(rows, issue)) != NOT_RUN
    assert "not run" not in hit_rate.answer(rows)
