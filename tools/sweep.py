"""Execute a notebook once per combination of parameters.

`params/sweeps/NAME.yml` names the notebook, the preset to start from and a grid of values.
Executed copies, their index and the rows they compute go to `_build/sweeps/NAME/`. The
combinations run one after another; within each, trials run in parallel on `--backend`.
"""

import argparse
import csv
import io
import itertools
import os
import sys
from pathlib import Path

from hsokv.boundary.checks import check_keys
from hsokv.boundary.files import replace_file
from hsokv.boundary.text import csv_cell, file_name, plain
from hsokv.boundary.yaml_file import read_yaml
from hsokv.runs.workers import BACKENDS
from tools.command import command, explain, report
from tools.fingerprint import preset_parameters
from tools.paths import BUILD, PRESETS, SWEEPS
from tools.records import discard
from tools.run import check_parameters, choose_notebooks, execute

KEYS = ("notebook", "preset", "grid")


def read_sweep(name: str) -> dict:
    """Return the sweep `params/sweeps/<name>.yml`: notebook, preset, grid.

    Raises:
        ValueError: for an unknown sweep, key, preset or an empty grid.
    """
    check_keys([name], (p.stem for p in SWEEPS.glob("*.yml")), "sweep of params/sweeps")
    path = SWEEPS / f"{name}.yml"
    sweep = read_yaml(path) or {}
    if not isinstance(sweep, dict):
        raise ValueError(f"{path}: expected the keys {', '.join(KEYS)}, got {sweep!r:.200}")
    check_keys(sweep, KEYS, f"key of {path.name}")
    missing = [key for key in KEYS if not sweep.get(key)]
    if missing:
        raise ValueError(f"{path.name}: {', '.join(missing)} missing or empty")
    check_keys([sweep["preset"]], PRESETS, f"preset in {path.name}")
    if not isinstance(sweep["grid"], dict):
        raise ValueError(f"{path.name}: grid={sweep['grid']!r:.200}: expected a list per parameter")
    for key, values in sweep["grid"].items():
        if not isinstance(values, list) or not values:
            raise ValueError(f"{path.name}: grid.{key}={values!r:.200}: expected a list of values")
    return sweep


def list_combinations(grid: dict[str, list]) -> list[dict]:
    """Return every combination of the grid's values, the last name changing fastest."""
    return [dict(zip(grid, values)) for values in itertools.product(*grid.values())]


@command
def main(argv: list[str] | None = None) -> int:
    """Run every combination; return 1 when one failed, after trying the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="file in params/sweeps, without .yml")
    parser.add_argument("--backend", choices=BACKENDS, default="loky", help="where trials run")
    parser.add_argument("--out", type=Path, default=BUILD / "sweeps", help="folder for copies")
    args = parser.parse_args(argv)
    sweep = read_sweep(args.name)
    out = args.out / file_name(args.name)
    source = choose_notebooks(sweep["notebook"])[0]
    base = preset_parameters(sweep["preset"], source.stem) | {"backend": args.backend}
    plans = [base | combination for combination in list_combinations(sweep["grid"])]
    for plan in plans:
        check_parameters(source, plan)
    rows = Path(os.environ.get("HSOKV_RESULTS") or out / "results").resolve()
    rows.mkdir(parents=True, exist_ok=True)
    os.environ["HSOKV_RESULTS"] = str(rows)  # for the kernels
    index = run_plans(source, plans, list(sweep["grid"]), out)
    failed = sum(row["state"] != "done" for row in index)
    print(f"{len(index) - failed} of {len(index)} combinations done: {out / 'index.csv'}")
    return 1 if failed else 0


def run_plans(source: Path, plans: list[dict], varied: list[str], out: Path) -> list[dict]:
    """Execute the notebook once per plan; return and write the index, one row per plan."""
    index: list[dict] = []
    discard(out / "index.csv")
    for number, plan in enumerate(plans, start=1):
        row = {key: plan[key] for key in varied}
        copy = out / f"{source.stem}_{number:03d}.ipynb"
        print(f"[{number}/{len(plans)}] " + plain(", ".join(f"{k}={v}" for k, v in row.items())))
        try:
            row |= {"state": "done", "seconds": round(execute(source, plan, copy), 1)}
        except (RuntimeError, OSError) as error:
            report("error", explain(error))
            row |= {"state": "failed", "seconds": ""}
        index.append(row | {"copy": copy.name})
        replace_file(out / "index.csv", render_index(index).encode("utf8"))
    return index


def render_index(index: list[dict]) -> str:
    """Return the index as CSV; text that a spreadsheet would run is quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(index[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: csv_cell(value) for key, value in row.items()} for row in index)
    return text.getvalue()


if __name__ == "__main__":
    sys.exit(main())
