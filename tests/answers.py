"""Print, as JSON, what must be the same on every processor; run by `test_processors.py`.

The claims and findings of the committed rows, a summary table, and what an audit of a few
training-free trials finds.
"""

import json
import sys

from hsokv.claims import findings
from hsokv.claims.ledger import claims_table, judge, read_claims
from hsokv.experiments.attribution.cells import cell_values
from hsokv.experiments.attribution.tables import anova_table
from hsokv.experiments.effects import effect_table
from hsokv.experiments.hit_rate import correlation_table
from hsokv.experiments.one_shot import arms
from hsokv.experiments.one_shot import tables as one_shot
from hsokv.experiments.registry import list_experiments
from hsokv.runs.audit import audit
from tools.audit import research_trials
from tools.claims_page import CLAIMS
from tools.paths import ROOT

AUDITED = {
    "one_shot": {"kv_only", "first_redesign", "bm25"},
    "printed_table": {"baseline_2"},
    "issues": {"nearest_neighbor"},
}


def disagreements(name: str, flows: set[str]) -> list[dict]:
    """Return what an audit of a few small trials finds."""
    experiment = list_experiments()[name]
    trials = [t for t in research_trials(experiment) if t.flow in flows and t.seed == 3]
    small = [t for t in trials if dict(t.settings).get("n_way") in (20, None)] or trials[:3]
    found = audit(
        small,
        experiment.run_trial,
        experiment.store(ROOT / "results"),
        sample=len(small),
        seed=0,
        tolerances=experiment.tolerances,
        exclude_columns=experiment.unaudited,
        n_jobs=1,
    )
    return found.disagreements.to_dict("records")


def main() -> None:
    """Print the answers."""
    rows, effects, cells = (
        list_experiments()[name].read(ROOT / "results")
        for name in ("one_shot", "issues", "attribution")
    )
    tables = {
        "claims": claims_table(judge(read_claims(CLAIMS), ROOT / "results")),
        "findings": findings.evaluate(ROOT / "results"),
        "accuracy": one_shot.accuracy_table(arms.best_rows(rows)).drop(columns="memory_utility"),
        "measures": one_shot.measures_table(rows, ["gate_mean", "flops"], "infer"),
        "effects": effect_table(effects, "2_1"),
        "correlations": correlation_table(effects, ("verbatim",)),
        "factorial": anova_table(cell_values(cells, "verbatim")),
    }
    answers = {name: table.to_json(double_precision=15) for name, table in tables.items()}
    answers["disagreements"] = [d for chosen in AUDITED.items() for d in disagreements(*chosen)]
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
