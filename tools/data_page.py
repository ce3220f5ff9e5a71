"""The data dictionary: what the rows of each file in `results/` are, and what each column holds.

Meanings stand in `book/columns.yaml`, types and most ranges in the experiments' schemas, numbers of
rows and values in the rows. `book/data.md` is the page around them: its lines `% shared` and
`% files` become the columns that all experiments have, and a section per file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from hsokv.boundary.yaml_file import read_yaml
from hsokv.experiments.registry import list_experiments
from hsokv.runs.cells import dtype_of
from tools.fingerprint import list_results
from tools.markdown import prose, table
from tools.paths import BOOK, list_notebooks, results_dir

PAGE = "book/data"
TEXT, NUMBER, WHOLE = "text", "number", "whole number"
BOUNDS = ("in_range", "greater_than_or_equal_to")  # checks of a schema that are ranges
LISTED = 8  # different texts that are named, up to LONGEST characters each; more are counted
LONGEST = 24
HEAD = ["column", "meaning", "type and range", "in these rows"]


class Column(NamedTuple):
    """A column of a file.

    Attributes:
        name: as it stands in the header.
        kind: `TEXT`, `NUMBER` or `WHOLE`.
        text: what it means.
        unit: of a number, '' for none.
        low, high: of a number, both included; `None` where there is no bound.
    """

    name: str
    kind: str
    text: str
    unit: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def kind_text(self) -> str:
        """Type, unit and range in words."""
        unit = f" in {self.unit}" if self.unit else ""
        if self.low is None:
            return self.kind + unit
        end = f", from {self.low:g}" if self.high is None else f", {self.low:g} to {self.high:g}"
        return self.kind + unit + end


@cache
def read_columns() -> Mapping[str, Any]:
    """Return what `book/columns.yaml` holds."""
    return read_yaml(BOOK / "columns.yaml")


def read_cells(name: str) -> pd.DataFrame:
    """Return the fields of a file as they are written, all of them texts."""
    return pd.read_csv(results_dir() / f"{name}.csv", dtype=str, keep_default_na=False)


def list_columns(name: str, header: list[str]) -> list[Column]:
    """Return the columns of a file, in its order.

    Args:
        name: of the file, without ending.
        header: the names of its columns.

    Raises:
        ValueError: the file or a column is not described.
    """
    told, experiment = read_columns(), list_experiments().get(name)
    if name not in told["files"]:
        raise ValueError(f"book/columns.yaml does not describe {name}.csv: add it under files")
    texts = (
        told["several"] | (told["shared"] if experiment else {}) | told["files"][name]["columns"]
    )
    missing = [column for column in header if column not in texts]
    if missing:
        raise ValueError(
            f"book/columns.yaml does not describe {', '.join(missing)} of {name}.csv: add a line "
            "for each"
        )
    schema = experiment.schema.columns if experiment else {}
    return [_read_column(column, texts[column], schema.get(column)) for column in header]


def _read_column(name: str, told: str | dict, schema: pa.Column | None) -> Column:
    """Return a column by its entry and, in the rows of an experiment, its schema."""
    entry = {"text": told} if isinstance(told, str) else told
    low, high = entry.get("range") or schema_range(schema)
    if schema is None:
        kind = NUMBER if "range" in entry else TEXT
    else:
        dtype = dtype_of(schema)
        is_number = is_numeric_dtype(dtype)
        kind = WHOLE if is_integer_dtype(dtype) else NUMBER if is_number else TEXT
    return Column(name, kind, entry["text"], entry.get("unit", ""), low, high)


def schema_range(schema: pa.Column | None) -> tuple[float | None, float | None]:
    """Return the least and the greatest value that a schema lets pass, `None` for no bound."""
    for check in [] if schema is None else schema.checks:
        if check.name in BOUNDS:
            return check.statistics["min_value"], check.statistics.get("max_value")
    return None, None


def show_values(cells: pd.Series, kind: str) -> str:
    """Return what stands in a column: its few texts, how many there are, or its least and most."""
    if kind == TEXT:
        texts = list(cells.unique())
        if len(texts) > LISTED or max(map(len, texts), default=0) > LONGEST:
            return f"{len(texts):,} different"
        return ", ".join(f"`{text}`" if text else "empty" for text in texts)
    numbers = pd.to_numeric(cells[cells != ""])
    if numbers.empty:
        return "empty"
    ends = dict.fromkeys(_show_number(end) for end in (numbers.min(), numbers.max()))
    n_empty = len(cells) - len(numbers)
    return " to ".join(ends) + (f"; empty in {n_empty:,}" if n_empty else "")


def _show_number(value: float) -> str:
    is_plain = abs(value) < 1e9 and (value == int(value) or abs(value) >= 1000)
    return f"{value:,.0f}" if is_plain else f"{value:.3g}"


def render_data() -> str:
    """Return the page, its marks replaced.

    Raises:
        RuntimeError: a mark is missing or stands twice.
        ValueError: a file or a column is not described.
    """
    files = {path.stem for path in results_dir().glob("*.csv")}
    order = [*list_experiments(), *read_columns()["files"]]  # those of no experiment last
    names = [name for name in dict.fromkeys([*order, *sorted(files)]) if name in files]
    shared = [[f"`{name}`", prose(text)] for name, text in read_columns()["shared"].items()]
    parts = {
        "shared": table(["column", "meaning"], shared),
        "files": "\n".join(map(_section, names)).rstrip(),
    }
    page = (BOOK / "data.md").read_text("utf8")
    for mark, text in parts.items():
        line = f"\n% {mark}\n"
        if page.count(line) != 1:
            raise RuntimeError(
                f"{PAGE}.md has {page.count(line)} lines '% {mark}': expected one; add or remove it"
            )
        page = page.replace(line, f"\n{text}\n")
    return page


def _section(name: str) -> str:
    """Return what a page says of a file: its rows, where they are used, and its columns."""
    cells, told = read_cells(name), read_columns()["files"][name]
    columns = list_columns(name, list(cells))
    own = [column for column in columns if column.name not in _shared(name)]
    rows = [
        [f"`{c.name}`", prose(c.text), c.kind_text, show_values(cells[c.name], c.kind)] for c in own
    ]
    facts = "\n".join(f"* {fact}" for fact in _list_facts(name, cells))
    return f"### `{name}.csv`\n\nA row is {prose(told['row'])}\n\n{facts}\n\n{table(HEAD, rows)}\n"


def _list_facts(name: str, cells: pd.DataFrame) -> list[str]:
    """Return what a page says of a file before its columns."""
    told, experiment = read_columns()["files"][name], list_experiments().get(name)
    count, link = f"{len(cells):,} rows", f"{{download}}`{name}.csv <../results/{name}.csv>`"
    if experiment is None:
        return [
            f"{count}: {link}",
            f"Shown on {_links(told['pages'])}",
            f"Made by `{told['command']}`",
        ]
    flows, seeds = (show_values(cells[c], k) for c, k in (("flow", TEXT), ("seed", WHOLE)))
    return [
        f"{count} of {cells['config_hash'].nunique():,} trials: {link}",
        f"Flows: {flows}. Seeds: {seeds}",
        f"Read by {_links(list_readers(name))}",
        f"Computed by `make run EXP={experiment.notebook} PRESET=research`",
    ]


def list_readers(name: str) -> list[str]:
    """Return the notebooks that read an experiment's rows, as pages."""
    return [f"notebooks/{p.stem}" for p in list_notebooks() if f"{name}.csv" in _results_of(p)]


@cache
def _results_of(notebook: Path) -> set[str]:
    return list_results(notebook)


def _links(pages: list[str]) -> str:
    return ", ".join(f"{{doc}}`/{page}`" for page in pages)


def _shared(name: str) -> set[str]:
    return set(read_columns()["shared"]) if name in list_experiments() else set()
