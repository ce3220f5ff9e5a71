"""Trials and their rows: run, store, audit, and where a number comes from."""

from hsokv.runs.audit import Audit, Tolerance
from hsokv.runs.engine import run_trials
from hsokv.runs.experiment import NotebookParams, row_schema
from hsokv.runs.proof import Proof, Rule
from hsokv.runs.provenance import code_version, config_hash, footer
from hsokv.runs.store import ResultsError, ResultsStore, results_dir
from hsokv.runs.trial import Trial
from hsokv.runs.workers import TrialError

__all__ = [
    "Audit",
    "NotebookParams",
    "Proof",
    "ResultsError",
    "ResultsStore",
    "Rule",
    "Tolerance",
    "Trial",
    "TrialError",
    "code_version",
    "config_hash",
    "footer",
    "results_dir",
    "row_schema",
    "run_trials",
]
