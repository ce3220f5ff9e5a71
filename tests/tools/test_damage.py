"""Derived files that are damaged are named in one line and made again; disks that fail too."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time

import nbformat
import papermill
import psutil
import pytest

from hsokv.boundary.text import HIDDEN
from tests.faults import fail_at_each_step
from tools import check_runs, fingerprint, paths, records, run, stage_book, status
from tools.command import command


def swap(path, make):
    """Put something else in the place of a file or folder."""
    records.discard(path)
    make(path)


def edit_json(path, change):
    """Change what a JSON file holds."""
    content = json.loads(path.read_text("utf8"))
    change(content)
    path.write_text(json.dumps(content), "utf8")


ANY_FILE = {
    "empty": lambda p: p.write_bytes(b""),
    "cut": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "last byte cut": lambda p: p.write_bytes(p.read_bytes().rstrip()[:-1]),
    "garbage": lambda p: p.write_text("<<<<<<< HEAD\nnothing of use\n"),
    "binary": lambda p: p.write_bytes(bytes(range(256)) * 9),
    "zeros": lambda p: p.write_bytes(b"\0" * p.stat().st_size),
    "a list": lambda p: p.write_text("[1, 2]"),
    "a number": lambda p: p.write_text("7"),
    "null": lambda p: p.write_text("null"),
    "an empty object": lambda p: p.write_text("{}"),
    "nested": lambda p: p.write_text("[" * 100_000),
    "a folder": lambda p: swap(p, os.mkdir),
    "a full folder": lambda p: swap(p, lambda q: shutil.copytree(paths.PARAMS, q)),
    "a link to nothing": lambda p: swap(p, lambda q: q.symlink_to(q.with_name("gone"))),
    "a link to itself": lambda p: swap(p, lambda q: q.symlink_to(q)),
    "a pipe": lambda p: swap(p, os.mkfifo),
}
COPY = ANY_FILE | {
    "edited by hand": lambda p: edit_json(p, lambda n: n["cells"][-1].update(source="n_way * 3")),
    "an output added": lambda p: p.write_bytes(p.read_bytes().replace(b"14", b"15")),
    "a space added": lambda p: p.write_bytes(p.read_bytes() + b" "),
    "without cells": lambda p: edit_json(p, lambda n: n.pop("cells")),
    "cells a number": lambda p: edit_json(p, lambda n: n.update(cells=3)),
    "cells of another form": lambda p: edit_json(p, lambda n: n.update(cells=[1, "a", None])),
    "metadata a list": lambda p: edit_json(p, lambda n: n["metadata"].update(papermill=[])),
}
RECORD = ANY_FILE | {
    "seconds a text": lambda p: edit_json(p, lambda r: r.update(seconds="many")),
    "parameters a list": lambda p: edit_json(p, lambda r: r.update(parameters=[])),
    "no preset": lambda p: edit_json(p, lambda r: r.pop("preset")),
    "of an earlier version": lambda p: edit_json(p, lambda r: r.pop("copy")),
}
TREE = {
    "mark empty": lambda p: (p / stage_book.MARK).write_bytes(b""),
    "mark binary": lambda p: (p / stage_book.MARK).write_bytes(b"\xff\x00\xfe"),
    "mark cut": lambda p: (p / stage_book.MARK).write_bytes(b"0123456789abcdef"),
    "mark a folder": lambda p: swap(p / stage_book.MARK, os.mkdir),
    "mark a link to nothing": lambda p: swap(p / stage_book.MARK, lambda q: q.symlink_to("x")),
    "page cut": lambda p: (p / "index.html").write_text("<p>"),
    "page gone": lambda p: (p / "index.html").unlink(),
    "page added": lambda p: (p / "more.html").write_text(""),
    "all a file": lambda p: swap(p, lambda q: q.write_text("html")),
    "all a link to nothing": lambda p: swap(p, lambda q: q.symlink_to("gone")),
}


def execute_quickly(source, target, parameters, **options):
    """Stand in for papermill: a copy that looks executed."""
    notebook = nbformat.read(source, as_version=4)
    for count, cell in enumerate(notebook.cells, start=1):
        cell.execution_count = count
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="14\n")]
    notebook.metadata["papermill"] = {"end_time": "2026-01-01", "exception": None}
    nbformat.write(notebook, target)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one notebook that was run, in a folder of its own."""
    for name in ("NOTEBOOKS", "PARAMS"):
        (tmp_path / name.lower()).mkdir()
        for module in (paths, run, fingerprint):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, tmp_path / name.lower())
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    monkeypatch.setattr(papermill, "execute_notebook", execute_quickly)
    monkeypatch.setattr(run, "machine_name", lambda: "a machine")
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path / "results"))
    for folder in ("results", "hsokv", "params/quick_test"):
        (tmp_path / folder).mkdir()
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    notebook.cells = [nbformat.v4.new_code_cell(c) for c in ("n_way = 5  # words", "n_way * 2")]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "notebooks/01_one.ipynb")
    (tmp_path / "params/quick_test/01_one.yml").write_text("n_way: 7\n")
    assert run_tool(tmp_path) == 0
    return tmp_path


def run_tool(project, *arguments):
    return run.main(["--preset", "quick_test", "--out", str(project / "out"), *arguments])


@pytest.mark.parametrize(
    ("name", "damage"),
    [("ipynb", name) for name in COPY] + [("json", name) for name in RECORD],
)
def test_a_damaged_copy_or_record_is_named_and_made_again(project, capsys, name, damage):
    """The gate refuses it with its path and the remedy, status tells it, the next run mends it."""
    path, out = project / f"out/executed/01_one.{name}", ["--out", str(project / "out")]
    {"ipynb": COPY, "json": RECORD}[name][damage](path)
    capsys.readouterr()
    assert check_runs.main(out) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and f"{path} is damaged (" in said[0] and "run make book" in said[0]
    assert status.main(out) == 0
    shown = capsys.readouterr()
    assert "damaged" in shown.out and str(path) in shown.err
    assert "| damaged |" in status.render_page(project / "out")
    with pytest.raises(RuntimeError, match="run make book"):
        stage_book.find_preset(project / "out")
    assert run_tool(project) == 0
    said = capsys.readouterr()
    assert said.err.startswith(f"note: {path} is damaged (") and said.err.endswith("made again\n")
    assert said.err.count("\n") == 1 and "running" in said.out
    assert run_tool(project) == 0
    assert "up to date" in capsys.readouterr().out
    assert check_runs.main(out) == 0


@pytest.mark.parametrize("rest", ["partial", "failed"])
@pytest.mark.parametrize("damage", ["a full folder", "a link to nothing", "binary"])
def test_what_an_earlier_run_left_is_in_no_ones_way(project, capsys, rest, damage):
    """Half-run copies, whatever they have become, are replaced."""
    path = project / f"out/executed/01_one.{rest}.ipynb"
    path.write_text("x")
    ANY_FILE[damage](path)
    assert run_tool(project, "--force") == 0
    assert sorted(p.name for p in path.parent.iterdir()) == ["01_one.ipynb", "01_one.json"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("damage", TREE)
def test_a_damaged_page_is_named_and_built_again(tmp_path, monkeypatch, capsys, damage):
    """HTML that is not as it was built is built again, whatever lies in its place."""

    def stage_tree(stage, out, findings):
        records.discard(stage)
        (stage / "_static").mkdir(parents=True)
        (stage / "_static/favicon.ico").write_bytes(b"icon")

    def build_html(stage, built):
        records.discard(built)
        built.mkdir()
        (built / "index.html").write_text("<p>whole</p>")
        return built

    for name, stand_in in {
        "find_preset": lambda out: "quick_test",
        "hash_inputs": lambda out, findings: "0123456789abcdef",
        "stage_tree": stage_tree,
        "build_html": build_html,
        "finish": lambda built: None,
        "write_summary": lambda built: None,
    }.items():
        monkeypatch.setattr(stage_book, name, stand_in)
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    html, out = tmp_path / "html", ["--out", str(tmp_path)]
    assert stage_book.main(out) == 0 and capsys.readouterr().err == ""
    assert stage_book.main(out) == 0 and "up to date" in capsys.readouterr().out
    TREE[damage](html)
    assert stage_book.main(out) == 0
    said = capsys.readouterr()
    assert said.err == f"note: {html} is damaged (it is not as it was built): built again\n"
    assert (html / "index.html").read_text() == "<p>whole</p>"
    assert stage_book.main(out) == 0 and "up to date" in capsys.readouterr().out


def test_a_disk_that_fails_leaves_no_half_record(project, monkeypatch):
    """After a fault at any operation a record is there and right, or not there."""
    out = project / "out"
    facts = records.read_run(out, "01_one").record

    def make():
        records.discard(paths.record_path(out, "01_one"))
        return lambda: records.write_record(out, "01_one", facts)

    for name in fail_at_each_step(make, monkeypatch):
        left = records.read_run(out, "01_one")
        assert left.damage == "" and left.record in (None, facts), name


ERRORS = [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EISDIR, errno.ENOTDIR,
          errno.EEXIST, errno.ENOENT, errno.ELOOP, errno.EMFILE, errno.EIO]  # fmt: skip


@pytest.mark.parametrize("number", ERRORS, ids=[errno.errorcode[n] for n in ERRORS])
def test_an_error_of_the_system_is_one_line(capsys, number):
    """Path, what is wrong and a remedy; exit code 1."""

    @command
    def main(argv=None):
        raise OSError(number, os.strerror(number), "some/\x1b[2Jplace")

    assert main() == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: some/\\x1b[2Jplace: {os.strerror(number)}; ")
    assert said.count("\n") == 1 and len(said.rpartition("; ")[2]) > 10


def test_a_mistake_in_the_code_stays_a_traceback():
    """Only errors with a message of their own are told in one line."""

    @command
    def main(argv=None):
        return {}["key"]

    with pytest.raises(KeyError):
        main()


@pytest.mark.parametrize("name", ["executed", ""])
def test_a_file_in_place_of_the_folder_is_named(project, capsys, name):
    """What is not derived is not removed: the message says what to do."""
    folder = project / "out" / name
    swap(folder, lambda p: p.write_text("mine"))
    assert run_tool(project) == 1
    said = capsys.readouterr().err
    assert str(folder) in said and "move" in said and "Traceback" not in said
    assert folder.read_text() == "mine"


def test_a_full_disk_fails_the_notebook_alone(project, capsys, monkeypatch):
    """The record cannot be written: one line with its path, and no record."""

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(records, "replace_file", full)
    assert run_tool(project, "--force") == 1
    said = capsys.readouterr().err
    assert "01_one.json: No space left on device; free some space" in said
    assert not paths.record_path(project / "out", "01_one").exists()


def test_what_papermill_says_does_not_reach_the_terminal_as_it_is(project, capsys, monkeypatch):
    """Colours go, other escape sequences are shown, and 10 MB are cut."""

    def fail(*args, **kwargs):
        raise RuntimeError("\x1b[0;31mError\x1b[0m \x1b]0;title\x07\u202e" + "x" * 10_000_000)

    monkeypatch.setattr(papermill, "execute_notebook", fail)
    assert run_tool(project, "--force") == 1
    said = capsys.readouterr().err
    assert "Error \\x1b]0;title\\x07\\u202e" in said
    assert not HIDDEN.search(said.replace("\n", "")) and len(said) < 10_000


NO_REGULAR_FILE = ("a folder", "a full folder", "a link to nothing", "a link to itself", "a pipe")


@pytest.mark.parametrize("damage", sorted(set(ANY_FILE) - set(NO_REGULAR_FILE)))
def test_a_damaged_source_is_named(project, capsys, damage):
    """A notebook that is not derived is not made again: its path, and where to take it from."""
    path = project / "notebooks/01_one.ipynb"
    ANY_FILE[damage](path)
    assert run_tool(project) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path} is no notebook (") and said.count("\n") == 1
    assert "take it from a commit" in said


BAD_YAML = {
    "twice: 1\ntwice: 2\n": "line 2: the key 'twice' stands twice; remove one",
    "n_way:\n\t- 7\n": "line 2: found character '\\t'",
    "n_way: [7\n": "line 2: expected ',' or ']'",
    "n_way: 2026-13-45\n": "line 1: '2026-13-45' is not a timestamp",
    "n_way: !!python/object/apply:os.system [ls]\n": "line 1: could not determine a constructor",
    "n_way: \x07\n": "line 1: the character '\\x07'",
    "n_way: 1\n---\nn_way: 2\n": "line 2: but found another document",
}


@pytest.mark.parametrize("text", BAD_YAML, ids=range(len(BAD_YAML)))
def test_a_yaml_error_is_one_line(project, capsys, text):
    """A parameter file that is no YAML: path, line, what is wrong."""
    path = project / "params/quick_test/01_one.yml"
    path.write_text(text)
    assert run_tool(project) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {path}, {BAD_YAML[text]}") and said.count("\n") == 1


def test_kernels_end_when_the_run_is_killed(tmp_path):
    """Signal 9 to `tools.run` leaves no kernel behind: each looks at its parent every second."""
    pid = tmp_path / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code + "time.sleep(600)")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, tmp_path / "01_one.ipynb")
    script = (
        "import pathlib, sys\nfrom tools import run\nhere = pathlib.Path(sys.argv[1])\n"
        "run.execute(here / '01_one.ipynb', {}, here / 'copy.ipynb')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=paths.ROOT,
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while not (pid.exists() and pid.read_text()) and time.monotonic() < end:
            assert process.poll() is None
            time.sleep(0.1)
        kernel = psutil.Process(int(pid.read_text()))
    finally:
        process.kill()
        process.wait()
    psutil.wait_procs([kernel], timeout=20)
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE
