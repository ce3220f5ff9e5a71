"""The audit agrees with honest rows and notices a forged one."""

import csv
import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest

import hsokv.runs.audit
from hsokv.experiments.registry import list_experiments
from hsokv.runs.engine import run_trials
from hsokv.runs.table import write_line
from tools import audit, paths

# The columns that the engine adds.
OWN = [
    "experiment",
    "flow",
    "seed",
    "settings",
    "config_hash",
    "code_version",
]  # the engine's columns


@pytest.fixture
def rows_file(tmp_path, monkeypatch):
    """The rows of two training-free research trials, in a results folder of their own."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    experiment = list_experiments()["one_shot"]
    monkeypatch.setattr(audit, "list_experiments", lambda: {"one_shot": experiment})
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
    """Change one cell of the first row, and make the checksum of its line right."""
    lines = path.read_text("utf8").splitlines(keepends=True)
    header, fields = (next(csv.reader([line])) for line in lines[:2])
    fields[header.index(column)] = value
    lines[1] = write_line(fields[:-1])
    path.write_text("".join(lines), "utf8")


def test_honest_rows_agree(rows_file, capsys):
    """Recomputed rows equal the stored ones to the last digit; timings are not compared."""
    forge(rows_file, "predict_ms", "12345")
    assert audit.main(["--sample", "2"]) == 0
    said = capsys.readouterr().out
    assert "training-free: 2 trials, 14 rows" in said and "all rows agree" in said


@pytest.mark.parametrize(("column", "value"), [("novelty_auroc", "0.5"), ("kv_hit_rate", "9.9")])
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
    found = hsokv.runs.audit.Audit(pd.DataFrame(), frame, 4, 4, 4)
    row = audit.describe_errors(found)
    assert row["mean"] == pytest.approx(100 * np.mean(errors)) and row["differing"] == 100
    assert row["largest"] == pytest.approx(100 * np.abs(errors).max()) and row["trials"] == 4
    assert audit._report_errors(found) == leans
    assert f"mean {100 * np.mean(errors) + 0.0:+.1f} points [" in capsys.readouterr().out


def trained_audit(monkeypatch, change, *arguments) -> int:
    """Audit trained rows of the factorial that are not trained: the committed ones, changed."""
    experiment = list_experiments()["attribution"]
    rows = experiment.store(paths.ROOT / "results").read()

    def recall(trial):
        own = rows[rows["config_hash"] == trial.config_hash]
        return [change(row) for row in own.drop(columns=OWN).to_dict("records")]

    known = dataclasses.replace(experiment, run_trial=recall, proof=None)
    monkeypatch.setenv("HSOKV_RESULTS", str(paths.ROOT / "results"))
    monkeypatch.setattr(audit, "list_experiments", lambda: {"attribution": known})
    monkeypatch.setattr(audit, "audit", functools.partial(hsokv.runs.audit.audit, n_jobs=1))
    return audit.main(["--sample", "24", *arguments])


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, 0),
        ({"accuracy": lambda x: min(1.0, x + 0.02)}, 0),
        ({"accuracy": lambda x: min(1.0, x + 0.3)}, 1),
        ({"accuracy": lambda x: (x + 0.55) % 1.0}, 1),
        ({"tested_words": lambda x: "0x1"}, 1),
        ({"kv_hit_rate": lambda x: x + 1}, 0),
    ],
)
def test_what_may_differ_in_trained_rows(monkeypatch, capsys, changed, verdict):
    """Counts must agree, a score may be off but not lean, what depends on the path is left out."""
    change = lambda row: row | {name: f(row[name]) for name, f in changed.items()}  # noqa: E731
    assert trained_audit(monkeypatch, change) == verdict, capsys.readouterr().out
    assert "attribution, trained: 4 trials, " in capsys.readouterr().out or verdict


def test_table_keeps_other_experiments(monkeypatch, capsys, tmp_path):
    """The rows of what was audited replace its own in the table; a misspelt name is answered."""
    table = tmp_path / "table.csv"
    pd.DataFrame([{"experiment": "one_shot"}, {"experiment": "attribution"}]).to_csv(table)
    real = list_experiments
    assert trained_audit(monkeypatch, lambda row: row, "--table", str(tmp_path / "new.csv")) == 0
    monkeypatch.setattr(audit, "list_experiments", real)
    audit.write_table(table, pd.read_csv(tmp_path / "new.csv").to_dict("records"))
    found = pd.read_csv(table)
    assert found["experiment"].tolist() == ["one_shot", "attribution"]
    assert found["rows"].tolist()[1] and found["differing"].tolist()[1] == 0
    assert audit.main(["--only", "one_shto"]) == 1
    assert "did you mean 'one_shot'" in capsys.readouterr().err


def test_nothing_to_audit_is_an_error(tmp_path, monkeypatch, capsys):
    """Without rows the audit does not claim that they agree."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    assert audit.main([]) == 1
    assert "holds no row of the research preset" in capsys.readouterr().err
