"""List the notebook pages: preset, commit, machine, run time, fresh or stale.

`make status` prints the list; the book's status page holds the same rows.
"""

import argparse
import json
import sys
from pathlib import Path

from tools.paths import BUILD, list_notebooks, record_path
from tools.run import is_fresh

HEADER = ("page", "state", "preset", "commit", "started", "seconds", "machine")


def read_record(name: str, out: Path) -> dict | None:
    """Return the record of the run of notebook `name`, or None when there was none."""
    path = record_path(out, name)
    return json.loads(path.read_text("utf8")) if path.is_file() else None


def list_pages(out: Path) -> list[dict]:
    """Return one dictionary per notebook: the columns of `HEADER` and its parameters."""
    pages = []
    for source in list_notebooks():
        record = read_record(source.stem, out)
        if record is None:
            pages.append(dict.fromkeys(HEADER, "") | {"page": source.stem, "state": "not run"})
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
        lines.append(f"| {link} | " + " | ".join(str(page[c]) for c in columns) + " |")
    lines += ["", "## Parameters", "", "What the preset sets; all else is the notebook's default."]
    for page in pages:
        parameters = page.get("parameters") or {}
        values = "\n".join(f"{key}: {json.dumps(value)}" for key, value in parameters.items())
        lines += ["", f"`{page['page']}`", "", "```yaml", values or "# the notebook's defaults"]
        lines += ["```"]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Print one line per notebook page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BUILD, help="where tools.run put its copies")
    args = parser.parse_args(argv)
    rows = [HEADER] + [tuple(str(p[c]) for c in HEADER) for p in list_pages(args.out)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
