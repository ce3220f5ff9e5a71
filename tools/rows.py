"""Check the stored result rows of every experiment, or set doubtful lines aside.

`make book` begins with it: a row that contradicts itself stops it with file, line, column, value
and expectation. A trial that lacks rows is computed again by its notebook. Committed files that are
not what `results/pins.yaml` says are named in one line each.
"""

import argparse
import sys

from hsokv.boundary.checks import check_keys
from hsokv.experiments.registry import list_experiments
from hsokv.runs.store import ResultsError
from tools.command import command, explain, report
from tools.paths import PRESETS, ROOT, results_dir
from tools.pins import changed_results


def check_rows(preset: str) -> tuple[int, list[str], list[str]]:
    """Return the number of rows of a preset, notes, and errors, one line each."""
    n_rows, notes, errors = 0, [], []
    folder = results_dir(preset)
    for experiment in list_experiments().values():
        store = experiment.store(folder)
        try:
            rows, incomplete = store.read_complete()
        except (ResultsError, OSError) as error:
            errors.append(explain(error))
            continue
        n_rows += len(rows)
        if incomplete:
            notes.append(
                f"{store.path}: {len(incomplete)} trial(s) lack rows and are computed again by "
                f"{experiment.notebook}"
            )
    return n_rows, notes, errors


def set_aside(name: str, preset: str) -> str:
    """Set the doubtful lines of an experiment's file aside and say what was done.

    Raises:
        ValueError: there is no such experiment.
    """
    check_keys([name], list_experiments(), "experiment")
    moved = list_experiments()[name].store(results_dir(preset)).set_aside()
    if moved is None:
        return f"{name}: no line is doubtful; nothing was changed"
    path, n_lines = moved
    return (
        f"{name}: {n_lines} line(s) moved to {path}, which you may read and delete; the next run "
        "computes their trials again"
    )


@command
def main(argv: list[str] | None = None) -> int:
    """Check all rows, or set some aside; return 1 when rows cannot be trusted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="research", help=", ".join(PRESETS))
    parser.add_argument("--set-aside", metavar="NAME", help="experiment, e.g. one_shot")
    args = parser.parse_args(argv)
    check_keys([args.preset], PRESETS, "preset")
    if args.set_aside:
        print(set_aside(args.set_aside, args.preset))
        return 0
    n_rows, notes, errors = check_rows(args.preset)
    if results_dir(args.preset) == ROOT / "results":
        notes += changed_results()
    for note in notes:
        report("note", note)
    for error in errors:
        report("error", error)
    if not errors:
        print(f"{results_dir(args.preset)}: {n_rows:,} rows stored, none contradicts itself")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
