"""Findings: decision rules, missing rows, and the committed rows if they are complete."""

import pandas as pd
import pytest

from hsokv.claims import findings
from hsokv.claims.findings import Finding
from hsokv.experiments.rare_words.trials import make_store
from hsokv.stats.decisions import FAILS, HOLDS, OPEN
from hsokv.stats.intervals import Interval
from tools.paths import ROOT


@pytest.mark.parametrize(
    "low, high, verdict", [(0.1, 0.2, HOLDS), (-0.2, -0.1, FAILS), (-0.1, 0.1, OPEN)]
)
def test_verdict_of_a_difference(low, high, verdict):
    """A one-sided rule holds above its bound, fails below it, and is open across it."""
    finding = Finding("k", "s", "q", lambda frame: None, above=0.0)
    assert finding.verdict(Interval((low + high) / 2, low, high, 10)) == verdict


def test_verdict_of_an_equivalence():
    """A two-sided rule needs the whole interval between its bounds."""
    finding = Finding("k", "s", "q", lambda frame: None, above=-0.05, below=0.05)
    assert finding.verdict(Interval(0.0, -0.04, 0.04, 10)) == HOLDS
    assert finding.verdict(Interval(0.0, -0.06, 0.04, 10)) == OPEN
    assert finding.verdict(Interval(0.1, 0.06, 0.14, 10)) == FAILS


def test_no_rows_means_not_run(tmp_path):
    """Without rows every finding is 'not run', never a number."""
    table = findings.evaluate(make_store(tmp_path).read())
    assert (table["verdict"] == "not run").all() and table["point"].isna().all()
    assert len(table) == len({finding.key for finding in findings.FINDINGS})


def test_committed_rows_decide_every_finding():
    """The committed research rows hold all that the findings need."""
    table = findings.evaluate(make_store(ROOT / "results").read())
    assert not (table["verdict"] == "not run").any(), table.loc[:, ["key", "verdict"]]


def test_page_marks_what_came_out_differently():
    """Published and recomputed verdicts stand side by side."""
    published = findings.evaluate(make_store(ROOT / "results").read())
    here = published.copy()
    here.loc[0, "verdict"] = FAILS if published.loc[0, "verdict"] != FAILS else HOLDS
    here.loc[1, ["point", "low", "high", "n"]] = float("nan")
    here.loc[1, "verdict"] = "not run"
    table = findings.compare_findings(published, here)
    assert list(table["reproduced"][:3]) == ["no", "not run", "yes"]
    page = findings.render_page(published, here, "demo")
    assert f"{len(table) - 2} of {len(table) - 1} findings" in page and "not run at it: 1." in page
    assert isinstance(table, pd.DataFrame) and page.count("\n| ") == len(table) + 2
