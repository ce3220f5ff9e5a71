"""The data dictionary: every column of every committed file is described, once, and rightly."""

import csv
from collections import Counter
from functools import cache

import pandas as pd
import pytest

from hsokv.experiments.registry import list_experiments
from tests.printed import list_examples, run_example
from tools import data_page
from tools.data_page import (
    NUMBER,
    TEXT,
    WHOLE,
    list_columns,
    list_readers,
    read_columns,
    render_data,
    schema_range,
    show_values,
)
from tools.paths import BOOK, ROOT

FILES = sorted(path.stem for path in (ROOT / "results").glob("*.csv"))
EXAMPLES = list_examples((BOOK / "data.md").read_text("utf8"))


@cache
def read_cells(name):
    """The fields of a committed file, as texts."""
    return pd.read_csv(ROOT / f"results/{name}.csv", dtype=str, keep_default_na=False)


def header(name):
    """The names of a committed file's columns."""
    with (ROOT / f"results/{name}.csv").open(encoding="utf8") as file:
        return next(csv.reader(file))


@pytest.fixture(scope="module")
def page():
    """The page of the committed rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
        return render_data()


def test_every_file_is_described():
    """No file without a description, no description without a file."""
    assert sorted(read_columns()["files"]) == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_column_is_described(name):
    """No column without a description, no description without a column; meanings are sentences."""
    own = read_columns()["files"][name]["columns"]
    assert not set(own) - set(header(name))
    columns = list_columns(name, header(name))
    assert [column.name for column in columns] == header(name)
    assert all(c.text.endswith(".") and c.text[0] == c.text[0].upper() for c in columns)


def test_shared_descriptions_are_shared():
    """What stands at the head is in every experiment's rows, what is said of several in several."""
    told = read_columns()
    for name in list_experiments():
        assert set(told["shared"]) <= set(header(name))
        assert not set(told["shared"]) & set(told["files"][name]["columns"])
    uses = Counter(
        column for name in FILES for column in header(name)
        if column not in told["files"][name]["columns"]
    )  # fmt: skip
    assert all(uses[column] >= 2 for column in told["several"])


@pytest.mark.parametrize("name", FILES)
def test_types_and_ranges_hold(name):
    """Texts are no numbers, numbers are, whole ones whole, within the ranges of the page."""
    cells = read_cells(name)
    for column in list_columns(name, header(name)):
        filled = cells[column.name][cells[column.name] != ""]
        numbers = pd.to_numeric(filled, errors="coerce")
        if column.kind == TEXT:
            assert numbers.isna().any(), f"{column.name} holds numbers: give it a range"
            continue
        assert len(filled) and numbers.notna().all(), column.name
        assert column.kind in (NUMBER, WHOLE)
        assert column.kind == NUMBER or filled.str.fullmatch(r"-?\d+").all(), column.name
        assert column.low is None or numbers.min() >= column.low, column.name
        assert column.high is None or numbers.max() <= column.high, column.name


@pytest.mark.parametrize("name", list_experiments())
def test_every_number_has_a_range_that_schemas_do_not_contradict(name):
    """A range is given or in the schema; where it is in both, it is the same."""
    schema, told = list_experiments()[name].schema.columns, read_columns()
    entries = told["shared"] | told["several"] | told["files"][name]["columns"]
    for column in list_columns(name, list(schema)):
        entry, checked = entries[column.name], schema_range(schema[column.name])
        given = entry.get("range") if isinstance(entry, dict) else None
        if column.kind != TEXT:
            assert given or checked != (None, None), f"{column.name} has no range"
            assert not given or checked in ((None, None), tuple(given)), column.name
        else:
            assert not given and not column.unit


@pytest.mark.parametrize("name", [n for n in FILES if "tested_words" in header(n)])
def test_bits_give_the_accuracy(name):
    """In every file with sets of words, right bits / asked bits is the accuracy of the row."""
    cells = read_cells(name)
    suffixes = [c.removeprefix("correct_words") for c in cells if c.startswith("correct_words")]
    for suffix in suffixes:
        right, tested = (
            cells[column].map(lambda bits: int(bits, 16).bit_count())
            for column in (f"correct_words{suffix}", "tested_words")
        )
        assert (right / tested - cells[f"accuracy{suffix}"].astype(float)).abs().max() < 1e-6


@pytest.mark.parametrize("code, printed", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_print_what_the_page_says(code, printed, tmp_path, monkeypatch):
    """They run by themselves beside the committed rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HSOKV_RESULTS", raising=False)
    (tmp_path / "results").symlink_to(ROOT / "results")
    assert printed and run_example(code) == printed


def test_page_tells_of_each_file(page):
    """Rows, download, command, and who reads it."""
    sections = page.split("\n### ")[1:]
    assert sorted(section.split("`")[1] for section in sections) == [f"{n}.csv" for n in FILES]
    for section in sections:
        name = section.split("`")[1].removesuffix(".csv")
        assert f"\n* {len(read_cells(name)):,} rows" in section
        assert f"{{download}}`{name}.csv <../results/{name}.csv>`" in section
        assert "\n* Computed by `make run EXP=" in section or "\n* Made by `" in section
        shown = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}
        shared = set(read_columns()["shared"]) if name in list_experiments() else set()
        assert shown == set(header(name)) - shared
    assert "% shared" not in page and "% files" not in page


def test_readers_are_the_notebooks_that_go_stale():
    """The page of an experiment's own notebook is among them, those of others are not."""
    assert list_readers("issues")[:1] == ["notebooks/03_the_issues"]
    assert "notebooks/93_documented_size" in list_readers("issues")
    assert "notebooks/01_rare_words" not in list_readers("issues")


def test_values_are_listed_or_counted():
    """Few texts are named, many counted; of numbers the ends, and how many are missing."""
    assert show_values(pd.Series(["b", "", "b"]), TEXT) == "`b`, empty"
    assert show_values(pd.Series(list("abcdefghi")), TEXT) == "9 different"
    assert show_values(pd.Series(["0.25", "", "12345.6"]), NUMBER) == "0.25 to 12,346; empty in 1"
    assert show_values(pd.Series(["7", "7"]), WHOLE) == "7"
    assert show_values(pd.Series([], dtype=str), TEXT) == ""


def test_what_is_not_described_is_refused(tmp_path, monkeypatch):
    """A new file or column stops the book, and the message says where to add it."""
    with pytest.raises(ValueError, match="does not describe new.csv: add it under files"):
        list_columns("new", ["seed"])
    with pytest.raises(ValueError, match="does not describe shoe_size of issues.csv: add"):
        list_columns("issues", ["seed", "shoe_size"])
    (tmp_path / "data.md").write_text("# Data\n\n% shared\n")
    (tmp_path / "columns.yaml").write_bytes((BOOK / "columns.yaml").read_bytes())
    monkeypatch.setattr(data_page, "BOOK", tmp_path)
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    with pytest.raises(RuntimeError, match="0 lines '% files': expected one"):
        render_data()
