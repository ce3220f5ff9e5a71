"""Gate between executing and building: refuse a notebook that did not run to its end.

A page whose notebook died with a traceback builds without complaint, so this looks at what
papermill and the kernel left in the file. Used by `tools.run` before it keeps a copy, and once
more by `make book` on everything that is about to be built.
"""

import argparse
import sys
from pathlib import Path

from hsokv.boundary.text import plain
from tools.command import command, report
from tools.paths import BUILD, executed_path, list_notebooks
from tools.records import exists, read_notebook, read_run

MAX_BYTES = 2_000_000  # figures come in two widths


def find_problems(path: Path) -> list[str]:
    """Return what is wrong with an executed notebook, one sentence each; [] when it is sound."""
    if not exists(path):
        return ["it was not executed: run make book"]
    try:
        notebook = read_notebook(path)
    except (OSError, ValueError) as error:
        return [f"{path} is damaged ({error}): run make book, which makes it again"]
    problems = []
    size = path.stat().st_size
    if size > MAX_BYTES:
        problems.append(
            f"it has {size:,} bytes, at most {MAX_BYTES:,} are allowed: print less, or save "
            "figures with many marks as PNG"
        )
    run = notebook.metadata.get("papermill", {})
    if run.get("exception"):
        problems.append("papermill recorded an exception")
    if not run.get("end_time"):
        problems.append("papermill recorded no end: the run was cut off")
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if cell.execution_count is None:
            problems.append(f"cell {number} was not executed: {_first_line(cell)}")
        for output in cell.outputs:
            if output.output_type == "error":
                problems.append(f"cell {number} raised {plain(f'{output.ename}: {output.evalue}')}")
    return problems


def list_warnings(path: Path) -> list[str]:
    """Return what the cells of an executed notebook wrote to stderr; the book leaves it out."""
    return [
        f"cell {number} wrote to stderr: {''.join(output.text).strip()[:300]}"
        for number, cell in enumerate(read_notebook(path).cells, start=1)
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]


def _first_line(cell) -> str:
    return cell.source.strip().splitlines()[0][:60]


@command
def main(argv: list[str] | None = None) -> int:
    """Check the executed copy of every notebook; return 1 when one is not sound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BUILD, help="where tools.run put its copies")
    args = parser.parse_args(argv)
    failed = 0
    for source in list_notebooks():
        copy = executed_path(args.out, source.stem)
        problems = find_problems(copy)
        damage = read_run(args.out, source.stem).damage
        if damage and not problems:
            problems.append(f"{damage}: run make book, which makes it again")
        failed += len(problems)
        for problem in problems:
            report("error", f"{source.stem}: {problem}")
        for warning in list_warnings(copy) if not problems else []:
            report("note", f"{source.stem}: {warning}")
    if not failed:
        print(f"{len(list_notebooks())} notebooks ran to their end")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
