"""Recompute a random sample of the committed result rows and compare.

Training-free flows must agree to the last printed digit. Trained flows agree so on the same kind
of CPU; elsewhere other rounding sends gradient descent another way, so their accuracies may differ
by the tolerance below, and what depends on the path (convergence, gate, ...) is not compared.
"""

import argparse
import importlib
import sys

from hsokv.engine import Trial, audit
from tools.fingerprint import preset_parameters

# Module of hsokv -> the notebook whose research preset it runs.
EXPERIMENTS = {
    "rare_words": "01_rare_words",
    "printed_table": "02_the_printed_table",
    "issues": "03_the_issues",
    "attribution": "04_attribution",
}
TRAINED_TOLERANCE = 0.15  # in accuracy; 12 of 80 words
TRAINED_COLUMNS = ("n_test", "n_one_shot", "tested_words", "accuracy", "flops")


def budget_of(trial: Trial) -> str:
    """Return the budget a trial was run under; experiments without budgets train fixed steps."""
    return dict(trial.settings).get("budget", "fixed")


def run_audit(name: str, sample: int, seed: int, strict: bool, full: bool) -> int:
    """Audit one experiment, print what disagrees, and return how many cells do."""
    module = importlib.import_module(f"hsokv.{name}")
    store = module.make_store()
    stored, timings = store.completed(), getattr(module, "TIMINGS", ())
    params = module.Params.from_params(preset_parameters("research", EXPERIMENTS[name]))
    trials = [t for t in module.make_trials(params) if t.config_hash in stored]
    if not trials:
        raise ValueError(f"{store.path} holds no row of the research preset: run make book first")
    found = 0
    groups = {
        "training-free": [t for t in trials if budget_of(t) == "none"],
        "trained": [t for t in trials if budget_of(t) in ("fixed", "demo")],
        "trained, full budget": [t for t in trials if budget_of(t) == "full"] if full else [],
    }
    for label, group in groups.items():
        if not group:
            continue
        exact = strict or label == "training-free"
        keep = set(store.columns) if exact else {*TRAINED_COLUMNS, "config_hash"}
        disagreements = audit(
            group,
            module.run_trial,
            store,
            sample=sample if label == "training-free" else max(1, sample // 6),
            seed=seed,
            tolerances={} if exact else {"accuracy": TRAINED_TOLERANCE},
            exclude_columns=[c for c in store.columns if c not in keep or c in timings],
        )
        counts = disagreements.attrs
        print(
            f"{name}, {label}: {counts['n_trials']} trials, {counts['n_rows']} rows, "
            f"{counts['n_cells']} cells recomputed, {len(disagreements)} disagree",
            flush=True,
        )
        if len(disagreements):
            print(disagreements.drop(columns=["n_trials", "n_rows", "n_cells"]).to_string())
        found += len(disagreements)
    return found


def main(argv: list[str] | None = None) -> int:
    """Audit every experiment; return 1 when a cell disagrees or nothing can be audited."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=12, help="training-free trials to recompute")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--strict", action="store_true", help="trained flows to the last digit too")
    parser.add_argument("--full", action="store_true", help="include full budgets (minutes each)")
    args = parser.parse_args(argv)
    try:
        found = sum(
            run_audit(name, args.sample, args.seed, args.strict, args.full) for name in EXPERIMENTS
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("all rows agree" if not found else f"error: {found} cells disagree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
