"""Findings: decision rules, missing rows, and the committed rows if they are complete."""

from importlib import resources

import pandas as pd
import pytest
import yaml

from hsokv.claims import findings
from hsokv.experiments.one_shot import EXPERIMENT
from hsokv.experiments.one_shot.arms import arm_name, choose_readings
from hsokv.stats.decisions import FAILS, HOLDS, OPEN, Rule
from hsokv.stats.intervals import Interval
from tools.paths import ROOT


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.1, 0.2, HOLDS), (-0.2, -0.1, FAILS), (-0.1, 0.1, OPEN)]
)
def test_verdict_of_a_difference(low, high, verdict):
    """A one-sided rule holds above its bound, fails below it, and is open across it."""
    interval = Interval((low + high) / 2, low, high, 10)
    assert Rule.read({"above": 0}).verdict(interval) == verdict


def test_verdict_of_an_equivalence():
    """A two-sided rule needs the whole interval between its bounds."""
    rule = Rule.read({"within": [-0.05, 0.05]})
    assert rule.verdict(Interval(0.0, -0.04, 0.04, 10)) == HOLDS
    assert rule.verdict(Interval(0.0, -0.06, 0.04, 10)) == OPEN
    assert rule.verdict(Interval(0.1, 0.06, 0.14, 10)) == FAILS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": {"over": 1}}, "one_shot, 'k'.*unknown rule 'over'"),
        ({"measure": {"quantity": "meen"}}, "did you mean 'mean'"),
        ({"statment": "s"}, "did you mean 'statement'"),
        ({"rule": None}, "expected exactly one"),
    ],
)
def test_wrong_finding_names_experiment_and_key(monkeypatch, change, message):
    """What is misspelt or missing in a findings.yaml is an error that says where."""
    measure = {"quantity": "arithmetic", "expression": "1"}
    entry = {"key": "k", "statement": "s", "quantity": "q", "measure": measure}
    entry |= {"rule": {"above": 0}} | change
    monkeypatch.setattr(findings, "read_findings", lambda name: yaml.safe_dump([entry]).encode())
    with pytest.raises(ValueError, match=message):
        findings.list_findings()


def test_key_is_used_once(monkeypatch):
    """Two findings of one key cannot be told apart in the report."""
    text = resources.files("hsokv.experiments.one_shot").joinpath("findings.yaml").read_text()
    monkeypatch.setattr(findings, "read_findings", lambda name: text.encode())
    with pytest.raises(ValueError, match="used twice"):
        findings.list_findings()


def test_no_rows_means_not_run(tmp_path):
    """Without rows every finding is 'not run', never a number."""
    table = findings.evaluate(tmp_path)
    assert (table["verdict"] == "not run").all() and table["point"].isna().all()
    assert len(table) == len({finding.key for finding in findings.list_findings()})


def test_flows_stand_in_their_best_reading():
    """The reading named is the one that is best on validation words in the committed rows."""
    chosen = choose_readings(EXPERIMENT.read(ROOT / "results"))
    best = {arm_name(flow, reading, budget) for (flow, budget), reading in chosen.items()}
    named = {
        side["arm"]
        for finding in findings.list_findings()
        for side in (finding.measure.get(name) or {} for name in ("where", "a", "b"))
        if "arm" in side and "tuned" not in side["arm"]
    }
    assert len(named) > 5 and named <= best


def test_committed_rows_decide_every_finding():
    """The committed research rows hold all that the findings need."""
    table = findings.evaluate(ROOT / "results")
    assert not (table["verdict"] == "not run").any(), table.loc[:, ["key", "verdict"]]


def test_page_marks_what_came_out_differently():
    """Published and recomputed verdicts stand side by side."""
    published = findings.evaluate(ROOT / "results")
    here = published.copy()
    here.loc[0, "verdict"] = FAILS if published.loc[0, "verdict"] != FAILS else HOLDS
    here.loc[1, ["point", "low", "high", "n"]] = float("nan")
    here.loc[1, "verdict"] = "not run"
    assert published.loc[2, "verdict"] != OPEN
    here.loc[2, "verdict"] = OPEN
    table = findings.compare_findings(published, here)
    assert list(table["reproduced"][:4]) == ["no", "not run", "cannot be told", "yes"]
    page = findings.render_page(published, here, "demo")
    assert f"{len(table) - 3} of {len(table)} findings got the published verdict and 1 an" in page
    assert "1 cannot be told here" in page and "; 1 need more" in page
    assert isinstance(table, pd.DataFrame) and page.count("\n| ") == len(table) + 2
