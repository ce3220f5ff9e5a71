"""The attribution experiment: trials, rows, repeatability, and whom a row serves."""

from dataclasses import replace

import numpy as np
import pytest

import hsokv.flows.factorial
from hsokv.experiments.attribution import EXPERIMENT
from hsokv.experiments.attribution.rates import choose_rates, count_rates
from hsokv.experiments.attribution.specifications import SPECIFICATIONS, SWARM, TUNING
from hsokv.experiments.attribution.trials import (
    CONDITIONS,
    SCHEMA,
    Params,
    make_trials,
    run_trial,
)
from hsokv.flows.factorial import CANDIDATE_RATES, list_groups
from hsokv.runs.engine import run_trials

SMALLEST = {"n_seeds": 1, "n_other_seeds": 1, "n_swarm_seeds": 1, "n_tuning_seeds": 1,
            "n_way": 10, "n_steps": 16}  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """The factorial at a size of milliseconds."""
    small = replace(hsokv.flows.factorial.SMALL, d_model=16, n_heads=2, d_ff=32)
    monkeypatch.setattr(hsokv.flows.factorial, "SMALL", small)


def test_trials_cover_the_factorial():
    """64 trainings per seed and specification, one where it serves several; 96 are tuned."""
    trials = make_trials(Params(n_seeds=3, n_other_seeds=2, n_swarm_seeds=2, n_tuning_seeds=1))
    assert len(trials) == len({t.config_hash for t in trials})
    assert sum(t.flow == SWARM for t in trials) == 64 * 2
    assert sum(t.flow == TUNING for t in trials) == 96 * len(CANDIDATE_RATES)
    main = make_trials(Params(n_seeds=3, n_other_seeds=0, n_swarm_seeds=0, n_tuning_seeds=0))
    assert len(main) == 64 * 3 and set(main) < set(trials)


def test_rows(tiny, tmp_path):
    """The cells of each training, every condition once; rows fit the schema and repeat."""
    trials = make_trials(Params(**SMALLEST))
    assert {t.as_dict()["group"] for t in trials} == set(list_groups())
    trials, store = [t for t in trials if t.flow != TUNING][::29], EXPERIMENT.store(tmp_path)
    frame = run_trials(trials, run_trial, store, n_jobs=1, progress=False)
    assert len(frame) == len(trials) * 8 * len(CONDITIONS)
    assert (frame["n_test"] == 8).all()
    assert set(SCHEMA.columns) == set(frame.columns)
    gated = frame["cell"].str[5] == "1"
    same = frame["correct_words"] == frame["correct_words_with_fallback"]
    assert same[gated].all() and not same[~gated].all()
    again = run_trial(trials[2])
    stored = store.read().query("config_hash == @trials[2].config_hash")
    assert stored["accuracy"].tolist() == [row["accuracy"] for row in again]
    assert stored["correct_words"].tolist() == [row["correct_words"] for row in again]


def test_tuning_rows(tiny, tmp_path):
    """One cell per training, of words of the other lexicon; the best rate is taken."""
    trials = [t for t in make_trials(Params(**SMALLEST)) if t.flow == TUNING]
    some = [t for t in trials if t.as_dict()["group"] == "110000"]
    rows = run_trials(some, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    assert len(rows) == 2 * len(CANDIDATE_RATES) * len(CONDITIONS)
    rows["accuracy"] = np.where(rows["lr"] == CANDIDATE_RATES[2], 0.5, 0.25)
    best = {"110000": CANDIDATE_RATES[2]}
    assert choose_rates(rows) == {"last": best, "mean": best}
    rows["accuracy"] = 0.5  # the first of those that tie
    assert choose_rates(rows)["mean"] == {"110000": CANDIDATE_RATES[0]}
    assert EXPERIMENT.arrange(rows).empty, "rows of tuning serve no specification"


def test_every_specification_is_served(tiny, tmp_path):
    """Of one group with averaged keys, each specification gets its eight cells; two share rows."""
    trials = [t for t in make_trials(Params(**SMALLEST)) if t.as_dict()["group"] == "010000"]
    rows = run_trials(trials, run_trial, EXPERIMENT.store(tmp_path), n_jobs=1, progress=False)
    frame = EXPERIMENT.arrange(rows)
    counts = frame.groupby(["pooling", "rate"])["cell"].nunique()
    assert set(counts.index) == set(SPECIFICATIONS) and (counts == 8).all()
    assert len(frame) == 5 * 8 * len(CONDITIONS) > (rows["flow"] != TUNING).sum()


def test_every_group_is_counted_once_per_pooling():
    """64 groups pool by the mean, the 32 with a transformer by the last token as well."""
    assert count_rates().sum().sum() == 96


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
