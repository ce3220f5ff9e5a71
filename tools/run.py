"""Execute the notebooks with papermill, one preset's parameters each.

A copy is written under a temporary name, checked, and only then moved to `executed/`, with a
record beside it: parameters, commit, machine, time, and the hashes of what it read. A notebook
whose record still agrees with the tree is not run again.

Notebooks run side by side, one per core. Those numbered from 90 on read what the others have
stored and run after them; below 90, a notebook reads the result rows of its own experiment only.
Trials whose rows are missing go to all cores (`n_jobs`), in each notebook that has some: seconds
among such rows are those of a quiet machine only with `--jobs 1`.
"""

import argparse
import ast
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path

import joblib
import psutil

from hsokv.boundary.checks import check_keys
from hsokv.runs import provenance
from hsokv.runs.workers import THREAD_VARIABLES
from tools.check_runs import find_problems
from tools.closure import read_cells
from tools.command import command, explain, report
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
from tools.records import discard, read_run, write_record

FIRST_READER = 90  # notebooks from this number on read the rows that the others store


def default_parameters(notebook: Path) -> dict:
    """Return the parameters of a notebook with its own values.

    Raises:
        ValueError: the notebook is damaged.
    """
    import papermill

    read_cells(notebook)  # says what is wrong with a damaged source
    known = papermill.inspect_notebook(str(notebook))
    return {name: ast.literal_eval(found["default"]) for name, found in known.items()}


def check_parameters(notebook: Path, parameters: dict) -> None:
    """Refuse a parameter that the notebook does not have, or of another type than its default.

    papermill itself only warns of an unknown name and then runs with the default.

    Raises:
        ValueError: for an unknown name (the nearest is named) or a value of another type.
    """
    _compare(notebook.stem, parameters, default_parameters(notebook))


def check_preset(source: Path, preset: str) -> None:
    """Refuse parameters that do not fit the notebook, and research ones that are not all there.

    What a file leaves out is as in the notebook, whose values are those of `quick_test`.

    Raises:
        ValueError: as `check_parameters`, with the file; or the research preset lacks a parameter.
    """
    parameters, defaults = preset_parameters(preset, source.stem), default_parameters(source)
    where = f"params/{preset}/{source.stem}.yml"
    try:
        _compare(source.stem, parameters, defaults)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    missing = defaults.keys() - parameters
    if preset == "research" and missing:
        raise ValueError(
            f"{where} does not set {', '.join(sorted(missing))}: expected every parameter, for the "
            "notebook's own values are those of quick_test; add a line for each"
        )


def _compare(name: str, parameters: dict, defaults: dict) -> None:
    """Compare names and types of parameters with those that the notebook of this name has."""
    check_keys(parameters, defaults, f"parameter of {name}")
    for key, value in parameters.items():
        default = defaults[key]
        kinds = (int, float) if type(default) is float else type(default)
        if default is not None and (
            not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool)
        ):
            raise ValueError(
                f"{key}={value!r} is of type {type(value).__name__}, the notebook has {default!r} "
                f"of type {type(default).__name__}; write a value of that type"
            )


def machine_name() -> str:
    """Return processor, cores and Python version in one line."""
    machine = provenance.environment()
    return f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"


def is_fresh(source: Path, preset: str, out: Path) -> bool:
    """Return whether the copy under `out` was made with the preset from what is on disk now."""
    seen = read_run(out, source.stem).record
    if seen is None or find_problems(executed_path(out, source.stem)):
        return False
    now = {
        "preset": preset,
        "inputs": hash_inputs(source, preset_parameters(preset, source.stem)),
        "results": hash_results(source, preset),
    }
    return now == {key: seen[key] for key in now}


def execute(source: Path, parameters: dict, copy: Path) -> float:
    """Execute one notebook and keep its copy only if it ran to its end; return the seconds.

    Raises:
        RuntimeError: when a cell failed or the kernel died; the half-run copy is kept as
            `<name>.failed.ipynb`.
    """
    import papermill
    from traitlets.config import Config

    check_parameters(source, parameters)
    copy.parent.mkdir(parents=True, exist_ok=True)
    partial, failed = copy.with_suffix(".partial.ipynb"), copy.with_suffix(".failed.ipynb")
    for old in (copy, partial, failed):
        discard(old)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, no other
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="hsokv-") as sockets:  # no open port
            manager = {"transport": "ipc", "ip": f"{sockets}/kernel"}
            papermill.execute_notebook(
                str(source.resolve()),
                str(partial.resolve()),
                parameters,
                kernel_name="python3",
                # papermill's own `cwd` would move the whole process, with it other threads
                resources={"metadata": {"path": str(NOTEBOOKS)}},
                progress_bar=False,
                config=Config({"KernelManager": manager}),
            )
        problems = find_problems(partial)
    except (papermill.PapermillExecutionError, RuntimeError) as error:  # RuntimeError: kernel died
        problems = [str(error).strip()]
    if problems:
        if partial.exists():  # otherwise it failed before its first cell
            partial.replace(failed)
        raise RuntimeError(f"{source.stem} failed ({failed}):\n" + "\n".join(problems))
    partial.replace(copy)
    return time.perf_counter() - start


def run_notebook(source: Path, preset: str, out: Path) -> float:
    """Execute one notebook into `out` and write its record; return the seconds."""
    parameters = preset_parameters(preset, source.stem)
    discard(record_path(out, source.stem))
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
    write_record(out, source.stem, facts)
    return facts["seconds"]


def choose_notebooks(name: str | None) -> list[Path]:
    """Return the notebook called `name`, or all of them."""
    sources = {source.stem: source for source in list_notebooks()}
    if name is None:
        return list(sources.values())
    check_keys([name], sources, "notebook")
    return [sources[name]]


def run_side_by_side(sources: list[Path], run_one: Callable[[Path], None], jobs: int) -> list[str]:
    """Call `run_one` on each notebook, `jobs` at a time; return the messages of those that failed.

    After a failure none is started any more, and those that run go on to their end. An interrupt
    ends the kernels with all their processes.
    """
    failed: list[str] = []

    def attempt(source: Path) -> None:
        if failed:
            return
        try:
            run_one(source)
        except (ValueError, RuntimeError, OSError) as error:
            failed.append(explain(error))

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(attempt, source) for source in sources]
        try:
            wait(futures)
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            while wait(futures, timeout=0.5).not_done:
                for process in psutil.Process().children(recursive=True):
                    process.terminate()
            raise
    for future in futures:
        future.result()  # raises what no notebook is to blame for
    return failed


def share_threads(n_kernels: int) -> None:
    """Divide the cores among kernels that run at the same time, unless the environment says how."""
    threads = max(1, joblib.cpu_count() // n_kernels)
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, str(threads))


@command
def main(argv: list[str] | None = None) -> int:
    """Execute one notebook or all; return 1 with a message when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="notebook, e.g. 01_rare_words; all by default")
    parser.add_argument("--preset", default="research", help=", ".join(PRESETS))
    parser.add_argument("--out", type=Path, default=BUILD, help="folder for the executed copies")
    parser.add_argument("--force", action="store_true", help="run even what is up to date")
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(), help="notebooks at a time")
    args = parser.parse_args(argv)
    check_keys([args.preset], PRESETS, "preset")
    if args.jobs < 1:
        raise ValueError(f"--jobs {args.jobs}: expected at least one notebook at a time")
    os.environ["HSOKV_RESULTS"] = str(results_dir(args.preset))  # for the kernels
    sources = choose_notebooks(args.name)
    for source in sources:  # all are checked before the first is run
        check_preset(source, args.preset)
    labels = {
        source: f"[{number}/{len(sources)}] {source.stem} ({args.preset})"
        for number, source in enumerate(sources, start=1)
    }
    jobs = min(args.jobs, len(sources))
    share_threads(jobs)

    def run_one(source: Path) -> None:
        if not args.force and is_fresh(source, args.preset, args.out):
            say(f"{labels[source]}: up to date")
            return
        if damage := read_run(args.out, source.stem).damage:
            report("note", f"{damage}: made again")
        say(f"{labels[source]}: running")
        seconds = run_notebook(source, args.preset, args.out)
        say(f"{labels[source]}: {seconds:.0f} s")

    readers = [s for s in sources if notebook_number(s) >= FIRST_READER]
    others = [s for s in sources if s not in readers]
    try:
        failed = run_side_by_side(others, run_one, jobs)
        failed = failed or run_side_by_side(readers, run_one, jobs)
    except KeyboardInterrupt:
        report("error", "interrupted; kernels ended; run again to go on, finished trials are kept")
        return 130
    for message in failed:
        report("error", message)
    if args.name and not failed:
        copy = executed_path(args.out, sources[0].stem)
        say(f"executed copy: {copy}; result rows: {results_dir(args.preset)}")
    return 1 if failed else 0


def notebook_number(source: Path) -> int:
    """Return the number that a notebook's name begins with."""
    return int(source.stem.split("_")[0])


def say(line: str) -> None:
    """Print one line at once, whole even when several notebooks report."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
