"""Run deterministic, independent trials in parallel and keep their rows; knows nothing of text.

A trial is one trained learner: (experiment, flow, settings, seed). The experiment supplies
`run_trial(trial) -> rows`, one row per test setting. Only missing trials are computed, each
trial's rows are stored as it finishes, and a run that is killed continues where it was.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hsokv.checks import check_keys
from hsokv.provenance import code_version, config_hash
from hsokv.results import ResultsError, ResultsStore
from hsokv.seeds import numpy_rng
from hsokv.workers import (
    Outcome,
    TrialError,
    compute_outcomes,
    report_progress,
    take_until_failure,
)

PRESETS = ("quick_test", "demo", "research")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One learner to train and test.

    Attributes:
        experiment: name of the experiment.
        flow: name of the learner's configuration.
        seed: seed of everything random in the trial.
        settings: everything else that decides the outcome, as sorted (name, value) pairs.
    """

    experiment: str
    flow: str
    seed: int
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def create(cls, experiment: str, flow: str, seed: int, **settings: Any) -> Trial:
        """Return a trial; lists in the settings become tuples, their order does not matter."""
        pairs = tuple(sorted((name, _frozen(value)) for name, value in settings.items()))
        return cls(experiment, flow, int(seed), pairs)

    @property
    def config_hash(self) -> str:
        """Twelve hexadecimal digits that name this trial in the results file."""
        return config_hash(dataclasses.asdict(self) | {"settings": dict(self.settings)})

    def as_dict(self) -> dict[str, Any]:
        """Return experiment, flow, seed and settings as one flat mapping."""
        named = {"experiment": self.experiment, "flow": self.flow, "seed": self.seed}
        return named | dict(self.settings)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())


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
        reuse: read stored rows; if False, compute every trial and replace its stored rows.

    Returns:
        The rows. `attrs` holds rows_read, rows_computed, trials_computed and run_s (seconds).

    Raises:
        TrialError: a trial failed. Trials already started are finished and stored first.
        ResultsError: the results file is damaged.
    """
    start = time.perf_counter()
    trials = list(dict.fromkeys(trials))
    stored = store.completed() if reuse else set()
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
    frame = _select(store.read(), trials)
    computed = frame["config_hash"].isin([trial.config_hash for trial in missing])
    frame.attrs.update(
        rows_read=int((~computed).sum()),
        rows_computed=int(computed.sum()),
        trials_computed=len(missing),
        run_s=time.perf_counter() - start,
    )
    return frame


def audit(
    trials: Iterable[Trial],
    run_trial: RunTrial,
    store: ResultsStore,
    *,
    sample: int,
    seed: int,
    tolerances: Mapping[str, float],
    exclude_columns: Sequence[str] = (),
    n_jobs: int = -1,
    backend: str = "loky",
) -> pd.DataFrame:
    """Recompute a random sample of the stored trials and return every cell that disagrees.

    Args:
        trials: the trials that the results file should hold.
        run_trial: see `run_trials`.
        store: the results file; it is not written.
        sample: number of trials to recompute; more than are stored means all.
        seed: seed of the sample.
        tolerances: largest absolute difference per column; columns not named must be equal.
        exclude_columns: columns not compared, such as timings. code_version never is.
        n_jobs: see `run_trials`.
        backend: see `run_trials`.

    Returns:
        One row per disagreement: config_hash, flow, seed, row (position within the trial), column,
        committed, recomputed, tolerance, and the counts n_trials, n_rows, n_cells of what was
        compared. Empty when all agree; `attrs` holds the counts and n_unlisted_rows, the stored
        rows that belong to none of the trials.

    Raises:
        ValueError: none of the trials is stored, or a column name is unknown.
        TrialError: a trial failed.
    """
    check_keys([*tolerances, *exclude_columns], store.columns, "result column")
    if sample < 1:
        raise ValueError(f"sample={sample}: need at least 1 trial to audit; set sample >= 1")
    committed = store.read()
    listed = {trial.config_hash: trial for trial in trials}
    stored = sorted(listed.keys() & set(committed["config_hash"]))
    if not stored:
        raise ValueError(f"{store.path} holds none of these trials: nothing to audit; run them")
    rng = numpy_rng(seed, "audit")
    chosen = [listed[h] for h in rng.permutation(stored)[:sample].tolist()]
    compared = [c for c in store.columns if c not in {"code_version", *exclude_columns}]
    counts = {"n_trials": len(chosen), "n_rows": 0, "n_cells": 0}
    found: list[dict[str, Any]] = []
    for outcome in compute_outcomes(iter(chosen), len(chosen), run_trial, n_jobs, backend):
        if outcome.error is not None:
            raise TrialError(f"trial failed in the audit: {outcome.trial}\n{outcome.error}")
        recomputed = store.normalise(_complete(outcome, "audit"))
        before = _select(committed, [outcome.trial])
        counts["n_rows"] += len(before)
        counts["n_cells"] += len(before) * len(compared)
        found += _disagreements(outcome.trial, before, recomputed, compared, tolerances)
    names = ("config_hash", "flow", "seed", "row", "column", "committed", "recomputed", "tolerance")
    frame = pd.DataFrame(found, columns=names).assign(**counts)
    frame.attrs.update(counts, n_unlisted_rows=int((~committed["config_hash"].isin(listed)).sum()))
    return frame.sort_values(["flow", "seed", "config_hash", "row"], ignore_index=True)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


def _complete(outcome: Outcome, version: str) -> list[dict[str, Any]]:
    """Return the rows with the engine's own columns."""
    trial = outcome.trial
    own = {
        "experiment": trial.experiment,
        "flow": trial.flow,
        "seed": trial.seed,
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
        store.append(_complete(outcome, version), replace=replace)
    except ResultsError:
        raise
    except ValueError as error:
        return outcome._replace(error=str(error))
    return outcome


def _select(rows: pd.DataFrame, trials: Sequence[Trial]) -> pd.DataFrame:
    """Return the rows of these trials, in the order of the trials."""
    order = {trial.config_hash: index for index, trial in enumerate(trials)}
    rows = rows[rows["config_hash"].isin(order)]
    places = rows["config_hash"].map(order).astype(int).to_numpy()
    return rows.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)


def _disagreements(
    trial: Trial,
    before: pd.DataFrame,
    after: pd.DataFrame,
    columns: Sequence[str],
    tolerances: Mapping[str, float],
) -> Iterator[dict[str, Any]]:
    """Yield the cells of one trial that differ by more than their tolerance."""
    named = {"config_hash": trial.config_hash, "flow": trial.flow, "seed": trial.seed}
    if len(before) != len(after):
        counts = {"committed": len(before), "recomputed": len(after), "tolerance": 0.0}
        yield {**named, "row": -1, "column": "(number of rows)", **counts}
        return
    for column in columns:
        tolerance = float(tolerances.get(column, 0.0))
        for row, (old, new) in enumerate(zip(before[column], after[column])):
            if pd.isna(old) or pd.isna(new):
                is_same = pd.isna(old) and pd.isna(new)
            else:
                is_same = old == new or (tolerance > 0 and abs(old - new) <= tolerance)
            if not is_same:
                cell = {"row": row, "column": column, "committed": old, "recomputed": new}
                yield {**named, **cell, "tolerance": tolerance}
