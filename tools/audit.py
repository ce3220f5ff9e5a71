"""Recompute a random sample of the committed result rows and compare.

Training-free flows must agree, but for the columns whose experiment states a tolerance and its
reason. Trained flows agree so on the same kind of CPU only; elsewhere another rounding sends
gradient descent another way. Their counts and costs must agree; one accuracy may be far off, but
the errors of a sample must not lean to one side: an experiment fails when the 95 % interval of
their mean lies wholly beyond the smallest effect of interest.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from hsokv.checks import check_keys
from hsokv.experiments.registry import list_experiments
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.runs.audit import Audit, Tolerance, audit
from hsokv.runs.engine import Trial
from hsokv.runs.experiment import Experiment
from hsokv.stats.decisions import FAILS, decide
from hsokv.stats.intervals import Interval, mean_t
from tools.fingerprint import preset_parameters

TRAINED_COLUMNS = ("n_test", "n_one_shot", "tested_words", "flops")
PATH = Tolerance("another rounding leads gradient descent to another learner", absolute=1.0)


def budget_of(trial: Trial) -> str:
    """Return the budget a trial was run under; experiments without budgets train fixed steps."""
    return dict(trial.settings).get("budget", "fixed")


def research_trials(experiment: Experiment) -> list[Trial]:
    """Return the trials of an experiment's research preset."""
    parameters = preset_parameters("research", experiment.notebook)
    return experiment.make_trials(experiment.params.from_params(parameters))


def run_audit(
    experiment: Experiment, sample: int, seed: int, strict: bool, full: bool, table: list[dict]
) -> int:
    """Audit one experiment, print what disagrees, and return how many things do.

    How far accuracies are off is added to the table, one row per group of trials.
    """
    store = experiment.store()
    stored = store.completed()
    trials = [t for t in research_trials(experiment) if t.config_hash in stored]
    if not trials:
        raise ValueError(f"{store.path} holds no row of the research preset: run make book first")
    failures = 0
    groups = {
        "training-free": [t for t in trials if budget_of(t) == "none"],
        "trained": [t for t in trials if budget_of(t) in ("fixed", "demo")],
        "trained, full budget": [t for t in trials if budget_of(t) == "full"] if full else [],
    }
    for label, group in groups.items():
        if not group:
            continue
        exact = strict or label == "training-free"
        keep = set(store.columns) if exact else {*TRAINED_COLUMNS, "accuracy", "config_hash"}
        found = audit(
            group,
            experiment.run_trial,
            store,
            sample=sample if label == "training-free" else max(2, sample // 6),
            seed=seed,
            tolerances={**experiment.tolerances, **({} if exact else {"accuracy": PATH})},
            exclude_columns=[c for c in store.columns if c not in keep or c in experiment.timings],
        )
        print(
            f"{experiment.name}, {label}: {found.n_trials} trials, {found.n_rows} rows, "
            f"{found.n_cells} cells recomputed, {len(found.disagreements)} disagree",
            flush=True,
        )
        if len(found.disagreements):
            print(found.disagreements.to_string())
        failures += len(found.disagreements)
        if found.n_trials > 1:
            row = {"experiment": experiment.name, "group": label} | describe_errors(found)
            table.append(row)
            if not exact:
                failures += _report_errors(row)
    return failures


def describe_errors(found: Audit) -> dict:
    """Return how far recomputed accuracies lie from the committed ones, in points.

    Returns:
        trials, rows, differing (share of rows, %), mean_size and largest (of all rows), and mean,
        low, high: the mean signed error over trials with its 95 % t interval.
    """
    sizes, by_trial = found.errors["error"].abs(), found.errors.groupby("config_hash")["error"]
    error = mean_t(by_trial.mean())
    points = {"mean_size": sizes.mean(), "largest": sizes.max(), "mean": error.point}
    points |= {"low": error.low, "high": error.high, "differing": (sizes > 0).mean()}
    counts = {"trials": found.n_trials, "rows": found.n_rows}
    return counts | {name: round(100 * value, 2) + 0.0 for name, value in points.items()}


def _report_errors(row: dict) -> int:
    """Print how far the accuracies of trained rows are off; return 1 if they lean to one side."""
    error = Interval(row["mean"], row["low"], row["high"], row["trials"])
    leans = decide(error, -100 * MIN_EFFECT, 100 * MIN_EFFECT) == FAILS
    print(
        f"  accuracy, recomputed minus committed: mean {error:+.1f} trials, in points"
        f"{', which leans to one side' if leans else ''}; {row['differing']:.0f} % of the rows "
        f"differ, by {row['mean_size']:.1f} points in the mean and {row['largest']:.1f} at most",
        flush=True,
    )
    return int(leans)


def main(argv: list[str] | None = None) -> int:
    """Audit every experiment; return 1 when something disagrees or nothing can be audited."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=12, help="training-free trials to recompute")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--strict", action="store_true", help="trained flows like all others")
    parser.add_argument("--full", action="store_true", help="include full budgets (minutes each)")
    parser.add_argument("--only", metavar="EXPERIMENT", help="one experiment; all by default")
    parser.add_argument("--table", type=Path, help="write how far accuracies are off as CSV")
    args = parser.parse_args(argv)
    experiments, table = list_experiments(), []
    try:
        if args.only:
            check_keys([args.only], experiments, "experiment")
            experiments = {args.only: experiments[args.only]}
        failures = sum(
            run_audit(experiment, args.sample, args.seed, args.strict, args.full, table)
            for experiment in experiments.values()
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if args.table:
        pd.DataFrame(table).to_csv(args.table, index=False, lineterminator="\n")
    print("all rows agree" if not failures else f"error: {failures} disagreements")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
