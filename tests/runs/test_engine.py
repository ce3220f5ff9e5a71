"""Trials run once, in parallel, survive being killed, and can be audited."""

import csv
import functools
import logging
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pandera.pandas as pa
import pytest

from hsokv.runs.audit import Tolerance, audit
from hsokv.runs.engine import TrialError, run_trials
from hsokv.runs.store import ResultsError, ResultsStore
from hsokv.runs.table import write_line
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng
from tools.paths import ROOT

CONDITIONS = ("verbatim", "infer", "unseen")
SCHEMA = pa.DataFrameSchema(
    {
        "experiment": pa.Column(str),
        "flow": pa.Column(str),
        "condition": pa.Column(str),
        "n_way": pa.Column(int),
        "seed": pa.Column(int),
        "accuracy": pa.Column(float, nullable=True),
        "train_s": pa.Column(float),
        "settings": pa.Column(str),
        "config_hash": pa.Column(str),
        "code_version": pa.Column(str),
    },
    unique=["flow", "condition", "n_way", "seed"],
)


def run_one(trial, log=None, pause_s=0.0, broken_seed=None):
    """Three rows of invented numbers that depend on the trial alone, except for the timing."""
    time.sleep(pause_s)
    if trial.seed == broken_seed:
        raise ValueError("no such word")
    if log is not None:
        with open(log, "a") as file:
            file.write(trial.config_hash + "\n")
    n_way = dict(trial.settings)["n_way"]
    scores = numpy_rng(trial.seed, trial.flow, n_way).random(len(CONDITIONS))
    return [
        {"condition": name, "n_way": n_way, "accuracy": score, "train_s": time.perf_counter()}
        for name, score in zip(CONDITIONS, scores)
    ]


def report_threads(trial):
    """One row that holds the thread limit of the worker as its accuracy."""
    threads = int(os.environ.get("OMP_NUM_THREADS", 0))
    return [{"condition": "infer", "n_way": 5, "accuracy": threads, "train_s": os.getpid()}]


def die(trial):
    """Kill the worker process."""
    os._exit(1)


def make_trials(n_seeds=6, flows=("hybrid", "bm25")):
    """Paired seeds for two flows."""
    return [Trial.create("toy", flow, seed, n_way=5) for flow in flows for seed in range(n_seeds)]


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return ResultsStore(tmp_path / "toy.csv", SCHEMA)


def test_trial_hash_depends_on_content_only():
    """Order and list-or-tuple do not matter; every field does; a trial can be a set member."""
    first = Trial.create("toy", "hybrid", 0, n_way=5, budgets=[1, [2]])
    second = Trial.create("toy", "hybrid", 0, budgets=(1, (2,)), n_way=5)
    assert first == second and len({first, second}) == 1
    others = [
        Trial.create("other", "hybrid", 0, n_way=5, budgets=[1, [2]]),
        Trial.create("toy", "bm25", 0, n_way=5, budgets=[1, [2]]),
        Trial.create("toy", "hybrid", 1, n_way=5, budgets=[1, [2]]),
        Trial.create("toy", "hybrid", 0, n_way=20, budgets=[1, [2]]),
    ]
    assert len({trial.config_hash for trial in [first, second, *others]}) == 5
    assert first.as_dict() == {
        "experiment": "toy", "flow": "hybrid", "seed": 0, "n_way": 5, "budgets": (1, (2,)),
    }  # fmt: skip


def test_rows_of_exactly_these_trials_in_their_order(store):
    """Only missing trials are computed; other rows stay in the file but are not returned."""
    trials = make_trials()
    log = store.path.with_name("log")
    run = functools.partial(run_one, log=log)
    run_trials(trials[:4], run, store, n_jobs=1)
    content = store.path.read_bytes()
    wanted = [trials[5], trials[0], trials[5], trials[2]]
    frame = run_trials(wanted, run, store, n_jobs=1)
    assert frame["seed"].tolist() == [5, 5, 5, 0, 0, 0, 2, 2, 2]
    assert frame["condition"].tolist() == list(CONDITIONS) * 3
    assert set(frame["experiment"]) == {"toy"}
    assert (frame.attrs["rows_read"], frame.attrs["rows_computed"]) == (6, 3)
    assert frame.attrs["trials_computed"] == 1
    assert len(log.read_text().split()) == 5
    assert store.path.read_bytes().startswith(content)


def test_reuse_off_recomputes_and_replaces(store):
    """Without reuse a forged row is put right and other trials keep their rows."""
    trials = make_trials(2)
    honest = run_trials(trials, run_one, store, n_jobs=1)
    forge(store)
    fresh = run_trials(trials[:1], run_one, store, n_jobs=1, reuse=False)
    assert fresh["accuracy"].tolist() == honest["accuracy"][:3].tolist()
    assert len(store.read()) == len(honest)


def test_one_process_and_two_agree(store, tmp_path):
    """The number of processes does not change a row, apart from timings."""
    other = ResultsStore(tmp_path / "parallel.csv", SCHEMA)
    alone = run_trials(make_trials(), run_one, store, n_jobs=1)
    together = run_trials(make_trials(), run_one, other, n_jobs=2)
    untimed = ["train_s", "code_version"]
    pd.testing.assert_frame_equal(alone.drop(columns=untimed), together.drop(columns=untimed))


def test_workers_share_the_cores(store):
    """Two workers run with half the cores each."""
    import joblib

    frame = run_trials(make_trials(2), report_threads, store, n_jobs=2)
    assert set(frame["accuracy"]) == {max(1, joblib.cpu_count() // 2)}
    assert os.getpid() not in set(frame["train_s"])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_failing_trial_is_named_and_the_others_kept(store, n_jobs):
    """The error names the trial and its cause; finished rows are stored, and a rerun continues."""
    trials = make_trials(6, flows=("hybrid",))
    run = functools.partial(run_one, broken_seed=3)
    with pytest.raises(TrialError, match=r"flow='hybrid', seed=3, n_way=5(?s:.*)no such word"):
        run_trials(trials, run, store, n_jobs=n_jobs)
    kept = set(store.read()["seed"])
    assert kept >= {0, 1, 2} and 3 not in kept
    assert n_jobs > 1 or kept == {0, 1, 2}  # nothing new is started after a failure
    assert len(store.read()) == 3 * len(kept)
    assert run_trials(trials, run_one, store, n_jobs=1).attrs["rows_read"] == 3 * len(kept)


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"condition": "infer", "n_way": 5, "acuracy": 1, "train_s": 0}, "did you mean 'accuracy'"),
        ({"condition": "infer", "n_way": 5, "accuracy": 1}, "lacks .'train_s'"),
        ({"flow": "bm25"}, "leave flow to the engine"),
        (None, "returned no rows"),
    ],
)
def test_rows_that_do_not_fit_fail_their_trial(store, row, match):
    """What run_trial returns is checked before anything is stored."""
    with pytest.raises(TrialError, match=match):
        run_trials(make_trials(1), lambda trial: [row] if row else [], store, n_jobs=1)
    assert not store.path.exists()


def test_a_dead_worker_is_reported(store):
    """A worker that dies gives a TrialError with a remedy, not a hang."""
    with pytest.raises(TrialError, match="worker process died"):
        run_trials(make_trials(2), die, store, n_jobs=2)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"backend": "lokey"}, "did you mean 'loky'"), ({"n_jobs": 0}, "n_jobs=0")],
)
def test_misspelt_options_are_refused(store, options, match):
    """A wrong backend or number of jobs is refused before anything runs."""
    with pytest.raises(ValueError, match=match):
        run_trials(make_trials(1), run_one, store, **options)


def test_ray_missing_gives_a_remedy(store, monkeypatch):
    """Without Ray the message says how to install it or do without."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match="set backend='loky'"):
        run_trials(make_trials(1), run_one, store, backend="ray")


def test_a_damaged_file_stops_the_run(store):
    """Nothing is computed on top of a file that cannot be trusted."""
    run_trials(make_trials(1), run_one, store, n_jobs=1)
    store.path.write_text("<<<<<<< HEAD\n" + store.path.read_text())
    with pytest.raises(ResultsError, match="columns missing"):
        run_trials(make_trials(2), run_one, store, n_jobs=1)


def test_progress_is_logged_by_tenths(store, caplog, capsys):
    """Without a terminal 40 trials give ten lines of log and nothing on the screen."""
    with caplog.at_level(logging.INFO, logger="hsokv"):
        run_trials(make_trials(20), run_one, store, n_jobs=1)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 10 and lines[-1] == "40 of 40 trials done"
    assert capsys.readouterr().err == ""


KILLED_RUN = """
import functools, sys
sys.path.insert(0, sys.argv[1])
from tests.runs.test_engine import SCHEMA, make_trials, run_one
from hsokv.runs.engine import run_trials
from hsokv.runs.store import ResultsStore
run = functools.partial(run_one, log=sys.argv[3], pause_s=0.02)
run_trials(make_trials(100), run, ResultsStore(sys.argv[2], SCHEMA), n_jobs=1)
"""


def start_run(store, log):
    """Start a slow run of 200 trials in another process."""
    command = [sys.executable, "-c", KILLED_RUN, str(ROOT), str(store.path), log]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_rows(store, runs):
    """Wait until the runs have begun to store rows."""
    while not store.path.exists():
        assert all(run.poll() is None for run in runs)
        time.sleep(0.01)


def assert_whole_units(store):
    """Every stored trial has all its rows, once."""
    counts = store.read().groupby("config_hash").size()
    assert (counts == len(CONDITIONS)).all()
    return len(counts)


def test_killed_runs_leave_whole_units_and_continue(store, tmp_path):
    """Two runs of the same trials at once, killed at random moments, never harm the file."""
    rng = random.Random(time.time_ns())
    runs = [start_run(store, str(tmp_path / f"log{i}")) for i in range(2)]
    try:
        wait_for_rows(store, runs)
        for run in runs:
            for _ in range(3):
                time.sleep(rng.uniform(0.01, 0.1))
                assert_whole_units(store)
            assert run.poll() is None
            run.kill()
            run.wait()
            assert assert_whole_units(store) > 0
    finally:
        for run in runs:
            run.kill()
            run.wait()
    before, done = store.path.read_bytes(), assert_whole_units(store)
    log = tmp_path / "log"
    frame = run_trials(make_trials(60), functools.partial(run_one, log=log), store, n_jobs=1)
    assert len(frame) == 120 * len(CONDITIONS)
    assert store.path.read_bytes().startswith(before)
    assert len(log.read_text().split()) == frame.attrs["trials_computed"] < 120
    assert assert_whole_units(store) == done + frame.attrs["trials_computed"]


def test_ctrl_c_leaves_whole_units(store, tmp_path):
    """An interrupted run ends at once with a valid file."""
    run = start_run(store, str(tmp_path / "log"))
    try:
        wait_for_rows(store, [run])
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=5) != 0
    finally:
        run.kill()
    assert assert_whole_units(store) > 0


def forge(store, column="accuracy", value="0.999", line=2):
    """Change one field of the results file and make its checksum right, as a forger would."""
    lines = store.path.read_text().splitlines()
    fields = next(csv.reader([lines[line - 1]]))
    fields[store.columns.index(column)] = value
    lines[line - 1] = write_line(fields[:-1]).rstrip()
    store.path.write_text("\n".join(lines) + "\n")


def audit_all(store, trials, **options):
    """Audit every trial of the toy experiment, timings excluded."""
    settings = {"sample": 99, "seed": 0, "tolerances": {"accuracy": Tolerance("rounding", 1e-6)}}
    settings |= {"exclude_columns": ["train_s"], "n_jobs": 1}
    return audit(trials, run_one, store, **settings | options)


def test_audit_agrees_with_honest_rows(store):
    """Honest rows: no disagreement, the counts say how much was compared, nothing is written."""
    trials = make_trials(3)
    run_trials(trials, run_one, store, n_jobs=1)
    before = store.path.read_bytes()
    found = audit_all(store, trials)
    assert len(found.disagreements) == 0 and (found.errors["error"] == 0).all()
    assert (found.n_trials, found.n_rows, found.n_cells) == (6, 18, 18 * 8)
    assert audit_all(store, trials[:4], sample=2).n_trials == 2
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"), [("accuracy", "0.999"), ("condition", "verbtim"), ("accuracy", "")]
)
def test_audit_notices_a_forged_cell(store, column, value):
    """One changed number, name or removed value is reported with both versions."""
    trials = make_trials(2)
    run_trials(trials, run_one, store, n_jobs=1)
    forge(store, column, value, line=4)
    found = audit_all(store, trials)
    assert len(found.disagreements) == 1
    cell = found.disagreements.iloc[0]
    assert (cell["flow"], cell["seed"], cell["row"], cell["column"]) == ("hybrid", 0, 2, column)
    assert cell["committed"] != cell["recomputed"]
    assert found.n_trials == 4


def test_audit_notices_a_removed_row(store):
    """A trial with too few rows is reported."""
    trials = make_trials(1)
    run_trials(trials, run_one, store, n_jobs=1)
    store.path.write_text("".join(store.path.read_text().splitlines(keepends=True)[:-1]))
    found = audit_all(store, trials).disagreements
    assert found["column"].tolist() == ["(number of rows)"]


def test_audit_sample_is_seeded_and_tolerances_checked(store):
    """The same seed audits the same trials; a misspelt column or an empty file is refused."""
    trials = make_trials(6)
    with pytest.raises(ValueError, match="nothing to audit"):
        audit_all(store, trials)
    run_trials(trials, run_one, store, n_jobs=1)
    for line in range(2, 38):
        forge(store, value="2", line=line)
    chosen = [audit_all(store, trials, sample=2, seed=s).disagreements for s in (0, 0, 1)]
    samples = [set(frame["config_hash"]) for frame in chosen]
    assert samples[0] == samples[1] != samples[2]
    assert len(samples[0]) == 2
    wide = {"accuracy": Tolerance("wide", absolute=3.0)}
    assert len(audit_all(store, trials, tolerances=wide).disagreements) == 0
    with pytest.raises(ValueError, match="did you mean 'accuracy'"):
        audit_all(store, trials, tolerances={"acuracy": Tolerance("", 1)})
    with pytest.raises(ValueError, match="sample=0"):
        audit_all(store, trials, sample=0)
