"""Run deterministic, independent trials in parallel and keep their rows; knows nothing of text.

A trial is one trained learner: (experiment, flow, settings, seed). The experiment supplies
`run_trial(trial) -> rows`, one row per test setting. Only missing trials are computed, each
trial's rows are stored as it finishes, and a run that is killed continues where it was.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hsokv.runs.provenance import code_version
from hsokv.runs.store import ResultsError, ResultsStore
from hsokv.runs.trial import Trial
from hsokv.runs.workers import (
    Outcome,
    TrialError,
    compute_outcomes,
    report_progress,
    take_until_failure,
)

RunTrial = Callable[[Trial], list[dict[str, Any]]]


def run_trials(
    trials: Iterable[Trial],
    run_trial: RunTrial,
    store: ResultsStore,
    *,
    n_jobs: int = -1,
    backend: str = "loky",
    progress: bool = True,
    reuse: bool = True,
) -> pd.DataFrame:
    """Return the rows of exactly these trials, in their order, computing what is missing.

    Args:
        trials: what to run; a repeated trial counts once.
        run_trial: a module-level function that returns the rows of a trial. The engine adds
            experiment, flow, seed, config_hash and code_version.
        store: where rows are read from and written to.
        n_jobs: trials at a time; -1 for all cores. One trial at a time runs in this process with
            all threads, more run in worker processes that share the cores.
        backend: `"loky"` (processes on this machine) or `"ray"` (a Ray cluster).
        progress: show a bar on a terminal, otherwise log a line per tenth of the trials.
        reuse: read stored rows; if False, compute every trial and replace its stored rows. A trial
            that has lost rows is computed again in any case.

    Returns:
        The rows. `attrs` holds rows_read, rows_computed, trials_computed and run_s (seconds).

    Raises:
        TrialError: a trial failed. Trials already started are finished and stored first.
        ResultsError: the results file is damaged.
    """
    start = time.perf_counter()
    trials = list(dict.fromkeys(trials))
    rows, _ = store.read_complete()
    stored = set(rows["config_hash"]) if reuse else set()
    missing = [trial for trial in trials if trial.config_hash not in stored]
    version = code_version()
    failed: list[Outcome] = []
    pending = take_until_failure(missing, failed)  # a failure stops the supply of further trials
    outcomes = compute_outcomes(pending, len(missing), run_trial, n_jobs, backend)
    with contextlib.closing(outcomes):  # also stops the workers after Ctrl-C
        for outcome in report_progress(outcomes, len(missing), progress):
            if outcome.error is None:
                outcome = _store(outcome, store, version, replace=not reuse)
            if outcome.error is not None:
                failed.append(outcome)
    if failed:
        first = failed[0]
        raise TrialError(
            f"trial failed: {first.trial} ({len(failed)} failed in all; rows of finished trials "
            f"are in {store.path}, run again to continue after mending the cause)\n{first.error}"
        )
    frame = select_rows(store.read_complete()[0] if missing else rows, trials)
    lost = {trial.config_hash for trial in trials} - set(frame["config_hash"])
    if lost:
        raise ResultsError(
            f"{store.path}: {len(lost)} of {len(trials)} trials have lost rows while this run went "
            "on, expected none; run again, which computes them"
        )
    computed = frame["config_hash"].isin([trial.config_hash for trial in missing])
    frame.attrs.update(
        rows_read=int((~computed).sum()),
        rows_computed=int(computed.sum()),
        trials_computed=len(missing),
        run_s=time.perf_counter() - start,
    )
    return frame


def complete_rows(outcome: Outcome, version: str) -> list[dict[str, Any]]:
    """Return the rows with the engine's own columns."""
    trial = outcome.trial
    own = {
        "experiment": trial.experiment,
        "flow": trial.flow,
        "seed": trial.seed,
        "settings": trial.settings_json,
        "config_hash": trial.config_hash,
        "code_version": version,
    }
    for row in outcome.rows:
        for name in own.keys() & row.keys():
            if row[name] != own[name]:
                raise ValueError(
                    f"run_trial returned {name}={row[name]!r} for a trial with {own[name]!r}; "
                    f"leave {name} to the engine"
                )
    return [{**row, **own} for row in outcome.rows]


def _store(outcome: Outcome, store: ResultsStore, version: str, replace: bool) -> Outcome:
    """Store the rows; rows that do not fit the schema make the trial a failed one."""
    try:
        store.append(complete_rows(outcome, version), replace=replace)
    except ResultsError:
        raise
    except ValueError as error:
        return outcome._replace(error=str(error))
    return outcome


def select_rows(rows: pd.DataFrame, trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the rows of these trials, in the order of the trials."""
    order = {trial.config_hash: index for index, trial in enumerate(trials)}
    rows = rows[rows["config_hash"].isin(order)]
    places = rows["config_hash"].map(order).astype(int).to_numpy()
    return rows.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
