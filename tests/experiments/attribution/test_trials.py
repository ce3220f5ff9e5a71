"""The attribution experiment: trials, rows, repeatability."""

from dataclasses import replace

import pytest

import hsokv.flows.factorial
from hsokv.experiments.attribution import EXPERIMENT
from hsokv.experiments.attribution.trials import (
    CONDITIONS,
    SCHEMA,
    Params,
    make_trials,
    run_trial,
)
from hsokv.flows.factorial import list_cells
from hsokv.runs.engine import run_trials


@pytest.fixture
def tiny(monkeypatch):
    """The factorial at a size of milliseconds."""
    small = replace(hsokv.flows.factorial.SMALL, d_model=16, n_heads=2, d_ff=32)
    monkeypatch.setattr(hsokv.flows.factorial, "SMALL", small)


def test_trials_cover_the_factorial():
    """64 trainings per seed, each forked four ways, give 256 cells; swarms on fewer seeds."""
    trials = make_trials(Params(n_seeds=3, n_swarm_seeds=2))
    assert len(trials) == len({t.config_hash for t in trials}) == 64 * 5
    assert sum(t.as_dict()["swarm"] for t in trials) == 64 * 2


def test_rows(tiny, tmp_path):
    """The cells of each training, every condition once; rows fit the schema and repeat."""
    trials = make_trials(Params(n_seeds=1, n_swarm_seeds=0, n_way=10, n_steps=16))
    groups = {cell[:-2] for cell in list_cells()}
    assert {f"c{t.as_dict()['group']}" for t in trials} == groups
    trials, store = trials[::11], EXPERIMENT.store(tmp_path)
    frame = run_trials(trials, run_trial, store, n_jobs=1, progress=False)
    assert len(frame) == len(trials) * 4 * len(CONDITIONS)
    assert frame["cell"].nunique() == len(trials) * 4
    assert (frame["n_test"] == 8).all()
    assert set(SCHEMA.columns) == set(frame.columns)
    again = run_trial(trials[5])
    stored = store.read().query("config_hash == @trials[5].config_hash")
    assert stored["accuracy"].tolist() == [row["accuracy"] for row in again]
    assert stored["correct_words"].tolist() == [row["correct_words"] for row in again]


def test_swarm_rows(tiny):
    """A swarm's trial has the same cells."""
    trial = make_trials(Params(n_seeds=1, n_swarm_seeds=1, n_way=10, n_steps=16))[-1]
    rows = run_trial(trial)
    assert len(rows) == 12 and {row["swarm"] for row in rows} == {1}


@pytest.mark.parametrize(
    "wrong", [{"n_seeds": 0}, {"n_swarm_seeds": -1}, {"n_way": 3}, {"n_steps": 15}]
)
def test_wrong_counts(wrong):
    """A count below its least value says which."""
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected at least"):
        Params(**wrong)


def test_misspelt_parameter():
    """The nearest name is given."""
    with pytest.raises(ValueError, match="did you mean 'n_seeds'"):
        Params.from_params({"n_seed": 3})
