"""Time what the rows of each experiment cost in CPU time, and tell it.

Trials are grouped by what decides their cost (`tools.cpu_groups`), one drawn trial of each group is
timed on one thread (`tools.cpu_measure`), and `book/cpu_time.csv` keeps the seconds. A group that
stands there is not timed again; remove its line to have it timed anew.
"""

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.boundary.files import replace_file
from hsokv.experiments.registry import list_experiments
from hsokv.runs.experiment import Experiment
from hsokv.runs.workers import THREAD_VARIABLES
from tools.audit import research_trials
from tools.command import command
from tools.cpu_groups import Group, list_groups
from tools.cpu_measure import NOT_TIMED, UNKNOWN, Cost, measure_apart
from tools.paths import BOOK

TABLE = BOOK / "cpu_time.csv"
COLUMNS = (
    "experiment", "group", "n_trials", "cpu_s_once", "cpu_s_per_trial", "timed", "n_timed",
)  # fmt: skip
LIMIT_S = 360.0  # a trial that takes longer is stopped


def read_costs(path: Path = TABLE) -> pd.DataFrame:
    """Return the table, a row per group of trials; no rows where there is no file.

    Raises:
        ValueError: it is damaged.
    """
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    try:
        rows = pd.read_csv(path)
        rows = rows.astype(dict.fromkeys(("cpu_s_once", "cpu_s_per_trial"), float))
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: {error}; move it away, and time the groups again") from error
    if tuple(rows.columns) != COLUMNS:
        raise ValueError(f"{path}: expected the columns {', '.join(COLUMNS)}; move it away")
    return rows


def hours(experiment: str, rows: pd.DataFrame | None = None) -> float | None:
    """Return the CPU hours of an experiment's rows; `None` where a part of it was not timed.

    Args:
        experiment: its name.
        rows: as `read_costs` returns them, by default the committed ones.
    """
    rows = read_costs() if rows is None else rows
    own = rows[rows["experiment"] == experiment]
    if own.empty or own["cpu_s_per_trial"].isna().any():
        return None
    return float((own["cpu_s_once"] + own["n_trials"] * own["cpu_s_per_trial"]).sum() / 3600)


def told(experiment: str, rows: pd.DataFrame | None = None) -> str:
    """Return the CPU time of an experiment's rows in words, such as 'about 3 CPU-hours'."""
    return tell_hours(hours(experiment, rows))


def tell_hours(value: float | None) -> str:
    """Return CPU hours in words: whole minutes or hours, from ten on in steps of five."""
    if value is None:
        return "not timed"
    if value * 60 < 1:
        return "under a CPU-minute"
    number, unit = (value * 60, "minute") if value < 1.5 else (value, "hour")
    number = round(number) if number < 10 else 5 * round(number / 5)
    return f"about {number:,} CPU-{unit}{'' if number == 1 else 's'}"


def list_costs(experiment: Experiment, path: Path) -> dict[Group, Cost]:
    """Return an experiment's groups with what the table knows of each, and bring it up to date.

    Groups that the table lacks are written as not timed, so that no sum leaves them out.
    """
    rows = read_costs(path)
    rows = rows[rows["experiment"] == experiment.name]
    known = {row[1]: Cost(*row[3:]) for row in rows.itertuples(index=False, name=None)}
    groups = list_groups(experiment, research_trials(experiment))
    costs = {group: known.get(group.name, UNKNOWN) for group in groups}
    _write(experiment.name, costs, path)
    return costs


def time_experiment(experiment: Experiment, path: Path, limit_s: float) -> None:
    """Time the groups that are not timed; each is written as soon as it is known."""
    costs = list_costs(experiment, path)
    processes = defaultdict(list)
    for group, cost in costs.items():
        if cost.timed == NOT_TIMED:
            processes[group.process].append(group)
    if processes and (lacks := experiment.lacks()):
        print(f"{experiment.name}: not timed, {lacks}", flush=True)
        return
    for process, groups in processes.items():
        like = {group: cost for group, cost in costs.items() if group.process == process}
        for group, cost in measure_apart(experiment.run_trial, groups, like, limit_s):
            costs[group] = cost
            _write(experiment.name, costs, path)
            said = NOT_TIMED if cost.each is None else f"{cost.each:.2f} s, timed: {cost.timed}"
            print(f"{experiment.name}, {group.name}: {said}", flush=True)


def _write(experiment: str, costs: dict[Group, Cost], path: Path) -> None:
    """Write the costs of an experiment's groups in place of its former rows."""
    order, kept = list(list_experiments()), read_costs(path)
    kept = kept[kept["experiment"].isin(order) & (kept["experiment"] != experiment)]
    rows = [*kept.itertuples(index=False, name=None)]
    rows += [(experiment, group.name, len(group.trials), *cost) for group, cost in costs.items()]
    rows.sort(key=lambda row: order.index(row[0]))
    table = pd.DataFrame(rows, columns=COLUMNS).round(3)
    replace_file(path, table.to_csv(index=False, lineterminator="\n").encode("utf8"))


@command
def main(argv: list[str] | None = None) -> int:
    """Time what the table lacks, then tell what each experiment costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="EXPERIMENT", help="one experiment; all by default")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="CPU seconds of a trial")
    parser.add_argument("--table", type=Path, default=TABLE, help="where the times are kept")
    args = parser.parse_args(argv)
    experiments = list_experiments()
    if args.only:
        check_keys([args.only], experiments, "experiment")
        experiments = {args.only: experiments[args.only]}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"), HSOKV_DEVICE="cpu")
    for experiment in experiments.values():
        list_costs(experiment, args.table)
    for experiment in experiments.values():
        time_experiment(experiment, args.table, args.limit)
    for name in experiments:
        print(f"{name}: {told(name, read_costs(args.table))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
