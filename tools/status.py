"""List the notebook pages: preset, commit, machine, run time, fresh or stale.

`make status` prints the list; the book's status page holds the same rows.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from hsokv.boundary.text import markdown_text, plain
from tools.command import command, report
from tools.paths import BUILD, list_notebooks
from tools.records import read_run
from tools.run import is_fresh

HEADER = ("page", "state", "preset", "commit", "started", "seconds", "machine")


def list_pages(out: Path) -> list[dict]:
    """Return one dictionary per notebook: the columns of `HEADER`, parameters or damage."""
    pages = []
    for source in list_notebooks():
        record, damage = read_run(out, source.stem)
        if record is None:
            state = "damaged" if damage else "not run"
            facts = {"page": source.stem, "state": state, "damage": damage}
            pages.append(dict.fromkeys(HEADER, "") | facts)
            continue
        state = "fresh" if is_fresh(source, record["preset"], out) else "stale"
        seconds = f"{record['seconds']:.0f}"
        pages.append(record | {"page": source.stem, "state": state, "seconds": seconds})
    return pages


def render_page(out: Path) -> str:
    """Return the Markdown of the book's status page."""
    pages = list_pages(out)
    columns = HEADER[1:]
    lines = [
        "# Status",
        "",
        "One row per notebook page: which parameters it was executed with, at which commit, on",
        "which machine and for how long. A page is *stale* when its notebook, its parameters, what",
        "it imports of the package, the locked packages or its result rows have changed since. A",
        "run reads committed result rows and computes only missing ones, so the run time is that",
        "of the page, beside other pages on the same cores, not that of the experiment; the cost",
        "of the experiment stands in the result rows themselves.",
        "",
        "| page | " + " | ".join(columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for page in pages:
        link = f"[](../notebooks/{page['page']})"
        lines.append(f"| {link} | " + " | ".join(markdown_text(page[c]) for c in columns) + " |")
    lines += ["", "## Parameters", "", "What the preset sets; all else is the notebook's default."]
    for page in pages:
        parameters = page.get("parameters") or {}
        values = [plain(f"{key}: {json.dumps(value)}") for key, value in parameters.items()]
        fence = "`" * max(3, 1 + _longest_run("`", values))
        lines += ["", f"`{page['page']}`", "", f"{fence}yaml"]
        lines += [*(values or ["# the notebook's defaults"]), fence]
    return "\n".join(lines) + "\n"


def _longest_run(character: str, lines: list[str]) -> int:
    """Return how often a character stands side by side at most."""
    return max((len(run) for run in re.findall(f"{character}+", "\n".join(lines))), default=0)


@command
def main(argv: list[str] | None = None) -> int:
    """Print one line per notebook page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BUILD, help="where tools.run put its copies")
    args = parser.parse_args(argv)
    pages = list_pages(args.out)
    rows = [HEADER] + [tuple(plain(page[c], 100) for c in HEADER) for page in pages]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    for page in pages:
        if page.get("damage"):
            report("note", f"{page['damage']}: make book makes it again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
