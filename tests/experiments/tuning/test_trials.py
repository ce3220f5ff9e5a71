"""Tuning: the same number of candidates for every flow, on words that are in no test."""

import pytest

from hsokv.data.lexicon import load_lexicon
from hsokv.experiments.tuning import EXPERIMENT, tables
from hsokv.experiments.tuning.trials import SCHEMA, Params, make_trials, run_trial
from hsokv.flows.named import FLOWS
from hsokv.flows.tuning import N_CANDIDATES, candidate_config, list_candidates
from hsokv.runs.engine import run_trials


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_has_as_many_candidates(flow):
    """The first is the flow as it stands, and all differ."""
    n = 1 if flow in ("as_shipped", "headword_lookup") else N_CANDIDATES
    configs = [candidate_config(flow, i) for i in range(n)]
    assert len(list_candidates(flow)) == n and configs[0] == FLOWS[flow]
    assert len({repr(config) for config in configs}) == n
    with pytest.raises(ValueError, match=f"candidate of {flow}"):
        candidate_config(flow, n)


def test_rows_and_choice(tmp_path):
    """A row per candidate, seed and condition, about development words; the best is chosen."""
    params = Params(flows=("class_mean",), n_way=20, n_seeds=2, n_jobs=1)
    trials = make_trials(params)
    assert len(trials) == 24 and {trial.seed for trial in trials} == {1000, 1001}
    frame = run_trials(trials, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    assert list(frame.columns) == list(SCHEMA.columns)
    n_hex = -(-len(load_lexicon("development")) // 4)
    assert {len(w) for w in frame.query("condition == 'verbatim'")["tested_words"]} == {2 + n_hex}
    table = tables.score_candidates(frame)
    assert len(table) == 12 and (table["n_seeds"] == 2).all()
    means = table[list(tables.SCORED)].mean(axis=1)
    assert means.to_numpy() == pytest.approx(table["point"].to_numpy())
    best = tables.choose_candidates(frame)["class_mean"]
    assert table.loc[best, "point"] == pytest.approx(table["point"].max())
    assert table.loc[0, "changes"] == "as it stands"


def test_wrong_params():
    """Numbers out of range and unknown names are named."""
    for changes, said in [
        ({"n_way": 4}, "n_way=4: expected 5 to"), ({"n_seeds": 0}, "n_seeds=0"),
        ({"flows": ("redesing",)}, "did you mean 'redesign'"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=said):
            Params(**changes)
