"""The audit agrees with honest rows and notices a forged one."""

import csv
import functools

import numpy as np
import pandas as pd
import pytest

import hsokv.runs.audit
from hsokv.experiments.registry import list_experiments
from hsokv.runs.engine import run_trials
from tools import audit


@pytest.fixture
def rows_file(tmp_path, monkeypatch):
    """The rows of two training-free research trials, in a results folder of their own."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    experiment = list_experiments()["rare_words"]
    monkeypatch.setattr(audit, "list_experiments", lambda: {"rare_words": experiment})
    monkeypatch.setattr(audit, "audit", functools.partial(hsokv.runs.audit.audit, n_jobs=1))
    trials = [
        trial
        for trial in audit.research_trials(experiment)
        if trial.flow == "nearest_neighbor" and dict(trial.settings)["n_way"] == 5
    ]
    store = experiment.store()
    run_trials(trials[:2], experiment.run_trial, store, n_jobs=1, progress=False)
    return store.path


def forge(path, column: str, value: str) -> None:
    """Change one cell of the first row."""
    with open(path, newline="") as file:
        lines = list(csv.reader(file))
    lines[1][lines[0].index(column)] = value
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def test_honest_rows_agree(rows_file, capsys):
    """Recomputed rows equal the stored ones to the last digit; timings are not compared."""
    forge(rows_file, "predict_ms", "12345")
    assert audit.main(["--sample", "2"]) == 0
    said = capsys.readouterr().out
    assert "training-free: 2 trials, 8 rows" in said and "all rows agree" in said


@pytest.mark.parametrize(("column", "value"), [("accuracy", "0.123456"), ("memory_bytes", "1")])
def test_forged_cell_is_noticed(rows_file, capsys, column, value):
    """One changed cell fails the audit, which names the flow, the column and both values."""
    forge(rows_file, column, value)
    assert audit.main(["--sample", "2"]) == 1
    said = capsys.readouterr().out
    assert "1 disagree" in said and "error: 1 disagreements" in said
    assert "nearest_neighbor" in said and column in said and value in said


@pytest.mark.parametrize(
    ("errors", "leans"),
    [([0.3, -0.3, 0.1, -0.1], 0), ([0.1, 0.11, 0.09, 0.1], 1), ([0.01, 0.02, 0.01, 0.02], 0)],
)
def test_errors_of_trained_rows_must_not_lean(errors, leans, capsys):
    """Scatter around zero and a small lean pass; a mean surely beyond 5 points fails."""
    frame = pd.DataFrame({"config_hash": list("abcd"), "error": errors})
    found = hsokv.runs.audit.Audit(pd.DataFrame(), frame, 4, 4, 4, 0)
    row = audit.describe_errors(found)
    assert row["mean"] == pytest.approx(100 * np.mean(errors)) and row["differing"] == 100
    assert row["largest"] == pytest.approx(100 * np.abs(errors).max()) and row["trials"] == 4
    assert audit._report_errors(row) == leans
    assert f"mean {100 * np.mean(errors) + 0.0:+.1f} [" in capsys.readouterr().out


def test_table_and_choice_of_an_experiment(rows_file, capsys, tmp_path):
    """One experiment can be chosen, a misspelt one is answered, and the errors become a table."""
    table = tmp_path / "table.csv"
    arguments = ["--sample", "2", "--only", "rare_words", "--table", str(table)]
    assert audit.main(arguments) == 0
    row = pd.read_csv(table).iloc[0]
    assert (row["experiment"], row["trials"], row["differing"]) == ("rare_words", 2, 0)
    assert audit.main(["--only", "rare_wrds"]) == 1
    assert "did you mean 'rare_words'" in capsys.readouterr().err


def test_nothing_to_audit_is_an_error(tmp_path, monkeypatch, capsys):
    """Without rows the audit does not claim that they agree."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    assert audit.main([]) == 1
    assert "holds no row of the research preset" in capsys.readouterr().err
