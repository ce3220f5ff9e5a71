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

from hsokv.boundary.checks import check_keys
from hsokv.boundary.files import replace_file
from hsokv.boundary.text import terminal_text
from hsokv.experiments.registry import list_experiments
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.runs.audit import Audit, Tolerance, audit
from hsokv.runs.experiment import Experiment
from hsokv.runs.trial import Trial
from hsokv.stats.decisions import FAILS, decide
from hsokv.stats.intervals import Interval, mean_t
from tools.command import command
from tools.fingerprint import preset_parameters

TRAINED_COLUMNS = ("n_test", "n_one_shot", "tested_words", "flops")
PATH = Tolerance(
    "another rounding leads gradient descent to another learner; 25 points is the most seen, and "
    "two of the four words of the smallest task are 50",
    absolute=0.5,
)
LEAST_TRAINED = 4  # trained trials recomputed at the least: a mean needs some


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

    How far the scores of trained rows are off is added to the table.
    """
    store, score, failures = experiment.store(), experiment.score, 0
    if lacking := experiment.lacks():
        print(f"{experiment.name}: not recomputed, {lacking}", flush=True)
        return 0
    stored = store.completed()
    trials = [t for t in research_trials(experiment) if t.config_hash in stored]
    if not trials:
        raise ValueError(f"{store.path} holds no row of the research preset: run make book first")
    groups = {
        "training-free": [t for t in trials if budget_of(t) == "none"],
        "trained": [t for t in trials if budget_of(t) not in ("none", "full")],
        "trained, full budget": [t for t in trials if full and budget_of(t) == "full"],
    }
    for label, group in groups.items():
        if not group:
            continue
        exact = strict or label == "training-free"
        keep = set(store.columns) if exact else {*TRAINED_COLUMNS, score, "config_hash"}
        found = audit(
            group,
            experiment.run_trial,
            store,
            sample=sample if label == "training-free" else max(LEAST_TRAINED, sample // 6),
            seed=seed,
            tolerances={**experiment.tolerances, **({} if exact else {score: PATH})},
            exclude_columns=[
                c for c in store.columns if c not in keep or c in experiment.unaudited
            ],
            signed=score,
        )
        print(
            f"{experiment.name}, {label}: {found.n_trials} trials, {found.n_rows} rows, "
            f"{found.n_cells} cells recomputed, {len(found.disagreements)} disagree",
            flush=True,
        )
        if len(found.disagreements):
            print(terminal_text(found.disagreements.to_string()))
        failures += len(found.disagreements)
        if not exact and found.errors["config_hash"].nunique() > 1:
            table.append({"experiment": experiment.name} | describe_errors(found))
            failures += _report_errors(found)
    return failures


def mean_error(found: Audit) -> Interval:
    """Return the mean signed error over trials, with a 95 % t interval."""
    return mean_t(found.errors.groupby("config_hash")["error"].mean())


def describe_errors(found: Audit) -> dict:
    """Return how far recomputed scores lie from the committed ones, in points.

    Returns:
        trials, rows, differing (share of rows, %), mean size and largest (of all rows), and mean,
        low, high: the mean signed error over trials with its 95 % t interval.
    """
    sizes, error = found.errors["error"].abs(), mean_error(found)
    points = {"differing": (sizes > 0).mean(), "mean size": sizes.mean(), "largest": sizes.max()}
    points |= {"mean": error.point, "low": error.low, "high": error.high}
    counts = {"trials": found.n_trials, "rows": found.n_rows}
    return counts | {name: round(100 * value, 2) + 0.0 for name, value in points.items()}


def _report_errors(found: Audit) -> int:
    """Print how far the scores of trained rows are off; return 1 if they lean to one side."""
    error, said = mean_error(found), describe_errors(found)
    leans = decide(error, -MIN_EFFECT, MIN_EFFECT) == FAILS
    print(
        f"  score, recomputed minus committed: mean {error:+} trials"
        f"{', which leans to one side' if leans else ''}; {said['differing']:.0f} % of the rows "
        f"differ, by {said['mean size']:.1f} points in the mean and {said['largest']:.1f} at most",
        flush=True,
    )
    return int(leans)


def read_table(path: Path) -> list[dict]:
    """Return the rows that `write_table` wrote, none where there is no file.

    Raises:
        ValueError: it is damaged.
    """
    try:
        rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    except ValueError as error:
        raise ValueError(f"{path}: {error}; move it away, or name another table") from error
    for row in rows:
        if row.get("experiment") not in list_experiments():
            raise ValueError(f"{path}: no experiment {row.get('experiment')!r}; move it away")
    return rows


def write_table(path: Path, rows: list[dict]) -> None:
    """Write rows of `describe_errors`, in place of an experiment's row that is there already."""
    audited, order = {row["experiment"] for row in rows}, list(list_experiments())
    kept = [row for row in read_table(path) if row["experiment"] not in audited]
    rows = sorted([*kept, *rows], key=lambda row: order.index(row["experiment"]))
    table = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")
    replace_file(path, table.encode("utf8"))


@command
def main(argv: list[str] | None = None) -> int:
    """Audit every experiment; return 1 when something disagrees or nothing can be audited."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=12, help="training-free trials to recompute")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample")
    parser.add_argument("--strict", action="store_true", help="trained flows like all others")
    parser.add_argument("--full", action="store_true", help="include full budgets (minutes each)")
    parser.add_argument("--only", metavar="EXPERIMENT", help="one experiment; all by default")
    parser.add_argument("--table", type=Path, help="CSV for how far trained scores are off")
    args = parser.parse_args(argv)
    experiments, table = list_experiments(), []
    if args.only:
        check_keys([args.only], experiments, "experiment")
        experiments = {args.only: experiments[args.only]}
    if args.table:
        read_table(args.table)  # before the rows are computed, not after
    failures = sum(
        run_audit(experiment, args.sample, args.seed, args.strict, args.full, table)
        for experiment in experiments.values()
    )
    if args.table:
        write_table(args.table, table)
    print("all rows agree" if not failures else f"error: {failures} disagreements")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
