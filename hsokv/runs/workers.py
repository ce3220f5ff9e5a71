"""Run one function over many trials in worker processes; outcomes come back as trials finish.

Failures travel as text, so that one failing trial does not take the others' results with it.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, NamedTuple

import joblib
from tqdm import tqdm

from hsokv.boundary.checks import check_jobs, check_keys
from hsokv.boundary.processes import free_memory, worker_options

BACKENDS = ("loky", "ray")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

logger = logging.getLogger(__name__)


class TrialError(RuntimeError):
    """A trial that failed; rows of the trials that finished are stored."""


class Outcome(NamedTuple):
    """What a worker hands back: rows, or the traceback of a failure."""

    trial: Any
    rows: list[dict[str, Any]]
    error: str | None


def take_until_failure(trials: Sequence, failed: Sequence) -> Iterator:
    """Yield the trials until something has failed."""
    for trial in trials:
        if failed:
            return
        yield trial


def _work(run_trial: Callable, trial: Any, threads: int | None) -> Outcome:
    """Run one trial, in a worker or in this process; failures travel as text."""
    try:
        if threads is not None:
            os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
            if "torch" in sys.modules:  # otherwise it reads the variables when imported
                sys.modules["torch"].set_num_threads(threads)
        rows = list(run_trial(trial))
        if not rows:
            raise ValueError("run_trial returned no rows; return one per test setting")
        return Outcome(trial, rows, None)
    except Exception:
        return Outcome(trial, [], traceback.format_exc())
    finally:
        free_memory()


def _effective_jobs(n_jobs: int, backend: str) -> int:
    """Return the number of trials at a time, at least 1."""
    n_jobs = check_jobs(n_jobs)
    cores = joblib.cpu_count() if backend == "loky" else _start_ray()
    return n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)


def _start_ray() -> int:
    """Connect joblib to Ray and return the cluster's CPUs."""
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise ImportError(
            "backend='ray' needs Ray, which is not installed; "
            "run pip install 'ray>=2.9' or set backend='loky'"
        ) from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False)  # joins the cluster named by RAY_ADDRESS, if any
    register_ray()
    return int(ray.cluster_resources().get("CPU", 1))


def compute_outcomes(
    trials: Iterator, n_trials: int, run_trial: Callable, n_jobs: int, backend: str
) -> Iterator[Outcome]:
    """Yield outcomes as trials finish.

    Args:
        trials: what to run; taken one by one, so that the supply can stop.
        n_trials: the most that `trials` can yield.
        run_trial: a module-level function from a trial to its rows.
        n_jobs: trials at a time, -1 for all cores.
        backend: one of `BACKENDS`.

    Raises:
        TrialError: a worker process died.
        ImportError: the backend is not installed.
    """
    check_keys([backend], BACKENDS, "backend")
    if n_trials == 0:
        return
    n_jobs = min(_effective_jobs(n_jobs, backend), n_trials)
    if n_jobs <= 1:
        for trial in trials:
            yield _work(run_trial, trial, None)
        return
    is_loky = backend == "loky"
    threads = max(1, joblib.cpu_count() // n_jobs) if is_loky else 1  # a Ray actor has one CPU
    tasks = (joblib.delayed(_work)(run_trial, trial, threads) for trial in trials)
    options = {"inner_max_num_threads": threads} | worker_options() if is_loky else {}
    return_as = "generator_unordered" if is_loky else "list"  # Ray's backend has no generator
    with joblib.parallel_config(backend, n_jobs=n_jobs, **options):
        parallel = joblib.Parallel(return_as=return_as, batch_size=1, pre_dispatch="n_jobs")
    try:
        if is_loky:
            yield from parallel(tasks)
            return
        with parallel:
            while chunk := list(itertools.islice(tasks, n_jobs)):
                yield from parallel(chunk)
    except BrokenExecutor as error:
        raise TrialError(
            f"a worker process died, perhaps for lack of memory ({error}); rows of finished "
            "trials are stored. Run again to continue, with a smaller n_jobs if it dies again"
        ) from error


def report_progress(
    outcomes: Iterator[Outcome], n_trials: int, progress: bool
) -> Iterator[Outcome]:
    """Pass outcomes on and show how far the run is."""
    if not progress or n_trials == 0:
        yield from outcomes
    elif sys.stderr.isatty():
        yield from tqdm(outcomes, total=n_trials, unit="trial", file=sys.stderr)
    else:
        for done, outcome in enumerate(outcomes, start=1):
            if 10 * done // n_trials > 10 * (done - 1) // n_trials:
                logger.info("%d of %d trials done", done, n_trials)
            yield outcome
