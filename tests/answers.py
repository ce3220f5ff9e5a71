"""Print, as JSON, what must be the same on every processor; run by `test_processors.py`.

The claims and findings of the committed rows, a summary table, and what an audit of a few
training-free trials finds.
"""

import json
import sys

from hsokv.claims import findings
from hsokv.claims.ledger import claims_table, judge, read_claims
from hsokv.experiments.issues import trials as issues
from hsokv.experiments.issues.hit_rate import correlation_table
from hsokv.experiments.printed_table import trials as printed_table
from hsokv.experiments.rare_words import tables as summaries
from hsokv.experiments.rare_words import trials as rare_words
from hsokv.runs.audit import audit
from tools.claims_page import CLAIMS
from tools.fingerprint import preset_parameters
from tools.paths import ROOT

AUDITED = {
    rare_words: ("01_rare_words", {"kv_only", "redesign", "bm25"}),
    printed_table: ("02_the_printed_table", {"baseline_2"}),
    issues: ("03_the_issues", {"nearest_neighbor"}),
}


def disagreements(module, notebook: str, flows: set[str]) -> list[dict]:
    """Return what an audit of two small trials per flow finds."""
    params = module.Params.from_params(preset_parameters("research", notebook))
    trials = [t for t in module.make_trials(params) if t.flow in flows and t.seed == 3]
    small = [t for t in trials if dict(t.settings).get("n_way", 20) == 20 or module is issues][:3]
    found = audit(
        small,
        module.run_trial,
        module.make_store(ROOT / "results"),
        sample=len(small),
        seed=0,
        tolerances=module.TOLERANCES,
        exclude_columns=getattr(module, "TIMINGS", ()),
        n_jobs=1,
    )
    return found.disagreements.to_dict("records")


def main() -> None:
    """Print the answers."""
    rows = rare_words.make_store(ROOT / "results").read()
    effects = issues.make_store(ROOT / "results").read()
    answers = {
        "claims": claims_table(judge(read_claims(CLAIMS), ROOT / "results")).to_json(),
        "findings": findings.evaluate(rows).to_json(),
        "summary": summaries.summarise(rows, ["verbatim", "unseen"]).to_json(double_precision=15),
        "measures": summaries.measures_table(rows, ["gate_mean", "flops"], "infer").to_json(),
        "correlations": correlation_table(effects, ("verbatim",)).to_json(double_precision=15),
        "disagreements": [d for m, chosen in AUDITED.items() for d in disagreements(m, *chosen)],
    }
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main()
