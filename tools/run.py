"""Execute the notebooks with papermill, one preset's parameters each.

A copy is written under a temporary name, checked, and only then moved to `executed/`, with a
record beside it: parameters, commit, machine, time, and the hashes of what it read. A notebook
whose record still agrees with the tree is not run again.
"""

import argparse
import ast
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from hsokv.checks import check_keys
from hsokv.runs import provenance
from tools.check_runs import find_problems
from tools.fingerprint import hash_inputs, hash_results, preset_parameters
from tools.paths import (
    BUILD,
    NOTEBOOKS,
    PRESETS,
    ROOT,
    executed_path,
    list_notebooks,
    record_path,
    results_dir,
)


def check_parameters(notebook: Path, parameters: dict) -> None:
    """Refuse a parameter that the notebook does not have, or of another type than its default.

    papermill itself only warns of an unknown name and then runs with the default.

    Raises:
        ValueError: for an unknown name (the nearest is named) or a value of another type.
    """
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    check_keys(parameters, known, f"parameter of {notebook.stem}")
    for key, value in parameters.items():
        default = ast.literal_eval(known[key]["default"])
        kinds = (int, float) if type(default) is float else type(default)
        if default is not None and (
            not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool)
        ):
            raise ValueError(
                f"{notebook.stem}: {key}={value!r} is a {type(value).__name__}, the notebook's "
                f"default {default!r} a {type(default).__name__}; write a value of that type"
            )


def machine_name() -> str:
    """Return processor, cores and Python version in one line."""
    machine = provenance.environment()
    return f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"


def is_fresh(source: Path, preset: str, out: Path) -> bool:
    """Return whether the copy under `out` was made with the preset from what is on disk now."""
    record = record_path(out, source.stem)
    if not record.is_file() or find_problems(executed_path(out, source.stem)):
        return False
    seen = json.loads(record.read_text("utf8"))
    now = {
        "preset": preset,
        "inputs": hash_inputs(source, preset_parameters(preset, source.stem)),
        "results": hash_results(source, preset),
    }
    return now == {key: seen.get(key) for key in now}


def execute(source: Path, parameters: dict, copy: Path) -> float:
    """Execute one notebook and keep its copy only if it ran to its end; return the seconds.

    Raises:
        RuntimeError: when a cell failed; the half-run copy is kept as `<name>.failed.ipynb`.
    """
    import papermill
    from traitlets.config import Config

    check_parameters(source, parameters)
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial, failed = copy.with_suffix(".partial.ipynb"), copy.with_suffix(".failed.ipynb")
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, no other
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            str(source),
            str(partial),
            parameters,
            kernel_name="python3",
            cwd=str(NOTEBOOKS),
            progress_bar=False,
            config=Config({"KernelManager": {"transport": "ipc"}}),  # no open port
        )
        problems = find_problems(partial)
    except papermill.PapermillExecutionError as error:
        problems = [str(error).strip()]
    if problems:
        partial.replace(failed)
        raise RuntimeError(f"{source.stem} failed ({failed}):\n" + "\n".join(problems))
    partial.replace(copy)
    failed.unlink(missing_ok=True)
    return time.perf_counter() - start


def run_notebook(source: Path, preset: str, out: Path) -> float:
    """Execute one notebook into `out` and write its record; return the seconds."""
    parameters = preset_parameters(preset, source.stem)
    record = record_path(out, source.stem)
    record.unlink(missing_ok=True)
    executed_path(out, source.stem).unlink(missing_ok=True)
    facts = {
        "notebook": source.stem,
        "preset": preset,
        "parameters": parameters,
        "commit": provenance.code_version(ROOT),
        "machine": machine_name(),
        "started": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "inputs": hash_inputs(source, parameters),
    }
    facts["seconds"] = execute(source, parameters, executed_path(out, source.stem))
    facts["results"] = hash_results(source, preset)
    record.write_text(json.dumps(facts, indent=1, default=str) + "\n", "utf8")
    return facts["seconds"]


def choose_notebooks(name: str | None) -> list[Path]:
    """Return the notebook called `name`, or all of them."""
    sources = {source.stem: source for source in list_notebooks()}
    if name is None:
        return list(sources.values())
    check_keys([name], sources, "notebook")
    return [sources[name]]


def main(argv: list[str] | None = None) -> int:
    """Execute one notebook or all; return 1 with a message when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="notebook, e.g. 01_rare_words; all by default")
    parser.add_argument("--preset", default="research", help=", ".join(PRESETS))
    parser.add_argument("--out", type=Path, default=BUILD, help="folder for the executed copies")
    parser.add_argument("--force", action="store_true", help="run even what is up to date")
    args = parser.parse_args(argv)
    try:
        check_keys([args.preset], PRESETS, "preset")
        os.environ["HSOKV_RESULTS"] = str(results_dir(args.preset))  # for the kernels
        sources = choose_notebooks(args.name)
        for source in sources:  # all are checked before the first is run
            check_parameters(source, preset_parameters(args.preset, source.stem))
        for number, source in enumerate(sources, start=1):
            label = f"[{number}/{len(sources)}] {source.stem} ({args.preset})"
            if not args.force and is_fresh(source, args.preset, args.out):
                print(f"{label}: up to date", flush=True)
                continue
            print(f"{label}: running", flush=True)
            seconds = run_notebook(source, args.preset, args.out)
            print(f"{label}: {seconds:.0f} s", flush=True)
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
