"""Recompute a sample of the stored trials and compare: how a reader knows that rows are real.

What is counted agrees to the last digit on any processor. What is summed in floating point depends
on the order of the sum, which is the processor's: such columns carry a `Tolerance` with its reason.
Where one rounding leads to another learner, single values say little, but their errors must not
lean to one side: these are returned with their signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.runs.engine import RunTrial, complete_rows, select_rows
from hsokv.runs.store import ResultsStore
from hsokv.runs.trial import Trial
from hsokv.runs.workers import TrialError, compute_outcomes
from hsokv.seeds import numpy_rng


class Tolerance(NamedTuple):
    """How far a recomputed value may lie from the stored one, and why.

    Attributes:
        reason: why it may differ at all on another processor.
        absolute: in the unit of the column.
        relative: as a share of the stored value; the larger of the two counts.
    """

    reason: str
    absolute: float = 0.0
    relative: float = 0.0

    def allows(self, stored: float, recomputed: float) -> bool:
        """Return whether two values agree."""
        return abs(recomputed - stored) <= max(self.absolute, self.relative * abs(stored))


class Audit(NamedTuple):
    """What an audit found.

    Attributes:
        disagreements: one row per cell that differs by more than its tolerance: config_hash, flow,
            seed, row, column, committed, recomputed.
        errors: recomputed minus committed of the column `signed`, with config_hash, one per row.
        n_trials: trials recomputed ...
        n_rows: ... their rows ...
        n_cells: ... and the cells compared.
    """

    disagreements: pd.DataFrame
    errors: pd.DataFrame
    n_trials: int
    n_rows: int
    n_cells: int


def audit(
    trials: Iterable[Trial],
    run_trial: RunTrial,
    store: ResultsStore,
    *,
    sample: int,
    seed: int,
    tolerances: Mapping[str, Tolerance],
    exclude_columns: Sequence[str] = (),
    signed: str = "accuracy",
    n_jobs: int = -1,
    backend: str = "loky",
) -> Audit:
    """Recompute a random sample of the stored trials; nothing is written.

    Args:
        trials: the trials that the results file should hold.
        run_trial: see `run_trials`.
        store: the committed rows.
        sample: how many stored trials to recompute.
        seed: seed of the sample.
        tolerances: per column; other columns must be equal.
        exclude_columns: columns not compared, such as timings.
        signed: the column whose errors are returned with their signs.
        n_jobs: see `run_trials`.
        backend: see `run_trials`.

    Raises:
        ValueError: none of the trials is stored, or a column name is unknown.
        TrialError: a trial failed.
    """
    check_keys([*tolerances, *exclude_columns, signed], store.columns, "result column")
    if sample < 1:
        raise ValueError(f"sample={sample}: need at least 1 trial to audit; set sample >= 1")
    committed = store.read()
    listed = {trial.config_hash: trial for trial in trials}
    stored = sorted(listed.keys() & set(committed["config_hash"]))
    if not stored:
        raise ValueError(f"{store.path} holds none of these trials: nothing to audit; run them")
    chosen = [listed[h] for h in numpy_rng(seed, "audit").permutation(stored)[:sample].tolist()]
    compared = [c for c in store.columns if c not in {"code_version", *exclude_columns}]
    n_rows, found, errors = 0, [], []
    for outcome in compute_outcomes(iter(chosen), len(chosen), run_trial, n_jobs, backend):
        if outcome.error is not None:
            raise TrialError(f"trial failed in the audit: {outcome.trial}\n{outcome.error}")
        recomputed = store.normalise(complete_rows(outcome, "audit"))
        before = select_rows(committed, [outcome.trial])
        n_rows += len(before)
        found += _disagreements(outcome.trial, before, recomputed, compared, tolerances)
        error = (recomputed[signed] - before[signed]).dropna()
        errors += [{"config_hash": outcome.trial.config_hash, "error": e} for e in error]
    names = ("config_hash", "flow", "seed", "row", "column", "committed", "recomputed")
    frame = pd.DataFrame(found, columns=names)
    return Audit(
        frame.sort_values(["flow", "seed", "config_hash", "row"], ignore_index=True),
        pd.DataFrame(errors, columns=["config_hash", "error"]),
        len(chosen),
        n_rows,
        n_rows * len(compared),
    )


def _disagreements(
    trial: Trial,
    before: pd.DataFrame,
    after: pd.DataFrame,
    columns: Sequence[str],
    tolerances: Mapping[str, Tolerance],
) -> Iterator[dict[str, Any]]:
    """Yield the cells of one trial that differ by more than their tolerance."""
    named = {"config_hash": trial.config_hash, "flow": trial.flow, "seed": trial.seed}
    if len(before) != len(after):
        counts = {"committed": len(before), "recomputed": len(after)}
        yield {**named, "row": -1, "column": "(number of rows)", **counts}
        return
    for column in columns:
        tolerance = tolerances.get(column)
        for row, (old, new) in enumerate(zip(before[column], after[column])):
            if pd.isna(old) or pd.isna(new):
                is_same = pd.isna(old) and pd.isna(new)
            else:
                is_same = old == new or (tolerance is not None and tolerance.allows(old, new))
            if not is_same:
                cell = {"row": row, "column": column, "committed": old, "recomputed": new}
                yield {**named, **cell}
