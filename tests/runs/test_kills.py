"""Forty runs killed with signal 9 at random moments; resumed, their rows are the same."""

import functools
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil

from hsokv.runs.engine import run_trials
from hsokv.runs.store import ResultsStore
from tests.runs.test_engine import CONDITIONS, SCHEMA, make_trials, run_one
from tools.paths import ROOT

KILLS_ALONE = 39  # of runs that are their whole process group; one more of a run with workers
TRIALS = make_trials(6)
RUN = functools.partial(run_one, pause_s=0.002)
WITH_WORKERS = """
import functools, sys
from tests.runs.test_engine import SCHEMA, make_trials, run_one
from hsokv.runs.engine import run_trials
from hsokv.runs.store import ResultsStore
run = functools.partial(run_one, pause_s=0.05)
run_trials(make_trials(80), run, ResultsStore(sys.argv[1], SCHEMA), n_jobs=2)
"""


def same_rows(frame, expected):
    """Equal cell by cell, timings apart."""
    untimed = ["train_s", "code_version"]
    pd.testing.assert_frame_equal(frame.drop(columns=untimed), expected.drop(columns=untimed))


def whole_units(store):
    """How many trials are stored; none is stored in part."""
    counts = store.read().groupby("config_hash").size()
    assert (counts == len(CONDITIONS)).all()
    return len(counts)


def start_alone(store):
    """Run the trials in a forked child, a group of its own; return when it begins."""
    ready, begins = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.write(begins, b"!")
            run_trials(TRIALS, RUN, store, n_jobs=1)
        finally:
            os._exit(0)
    os.close(begins)
    os.read(ready, 1)
    os.close(ready)
    return child


def test_killed_runs_resume_to_the_same_rows(tmp_path):
    """Each run is killed somewhere and the next goes on; what is complete begins anew."""
    for name in ("first", "warm"):
        whole = ResultsStore(tmp_path / f"{name}.csv", SCHEMA)
        expected = run_trials(TRIALS, RUN, whole, n_jobs=1)
    whole_s, moments = expected.attrs["run_s"], random.Random(time.time_ns())
    store, killed, inside, number = None, 0, 0, 0
    while killed < KILLS_ALONE:
        if store is None:
            store, number = ResultsStore(tmp_path / f"{number}.csv", SCHEMA), number + 1
        child = start_alone(store)
        time.sleep(moments.uniform(0, 0.5 * whole_s))
        os.killpg(child, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        done = whole_units(store)
        inside += 0 < done < len(TRIALS)
        if done == len(TRIALS):
            same_rows(run_trials(TRIALS, RUN, store, n_jobs=1), expected)
            store = None
    assert inside > KILLS_ALONE // 4, "most runs were killed before their first row"
    if store is not None:
        same_rows(run_trials(TRIALS, RUN, store, n_jobs=1), expected)


def test_workers_end_with_a_killed_parent_and_the_rows_resume(tmp_path):
    """Only the parent is killed: its two workers end within seconds, not after five minutes."""
    store = ResultsStore(tmp_path / "rows.csv", SCHEMA)
    run = subprocess.Popen(
        [sys.executable, "-c", WITH_WORKERS, str(store.path)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while not store.path.exists():
            assert time.monotonic() < end and run.poll() is None
            time.sleep(0.02)
        family = psutil.Process(run.pid).children(recursive=True)
        assert len(family) >= 2
    finally:
        run.kill()
        run.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert whole_units(store)
    expected = run_trials(TRIALS, run_one, ResultsStore(tmp_path / "whole.csv", SCHEMA), n_jobs=1)
    same_rows(run_trials(TRIALS, run_one, store, n_jobs=1), expected)
