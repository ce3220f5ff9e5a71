"""The tools refuse what is wrong, keep what is right, and run only what is needed."""

import importlib
import json
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from hsokv.runs.workers import THREAD_VARIABLES
from tools import check_runs, fingerprint, notebook_pages, paths, run, stage_book, status, sweep


def write_notebook(path, *codes, tag="parameters"):
    """A notebook whose first code cell carries the parameters."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in codes]
    notebook.cells[0].metadata["tags"] = [tag]
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of one notebook, in a folder of its own."""
    for name in ("NOTEBOOKS", "PARAMS", "SWEEPS"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        for module in (paths, run, fingerprint, sweep, notebook_pages):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, folder)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path / "results"))
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")
    (tmp_path / "results").mkdir()
    (tmp_path / "hsokv").mkdir()
    (tmp_path / "params/quick_test").mkdir(parents=True)
    write_notebook(
        tmp_path / "notebooks/01_one.ipynb", "n_way = 5  # words\nrate = 0.5  # share", "n_way * 2"
    )
    (tmp_path / "params/quick_test/01_one.yml").write_text("n_way: 7  # words\n")
    return tmp_path


def run_tool(project, *arguments):
    return run.main(["--preset", "quick_test", "--out", str(project / "out"), *arguments])


def test_run_executes_with_the_preset_and_then_skips(project, capsys):
    """The copy holds the preset's value; a second run does nothing."""
    assert run_tool(project) == 0
    copy = nbformat.read(project / "out/executed/01_one.ipynb", as_version=4)
    assert copy.cells[-1].outputs[0].data["text/plain"] == "14"
    record = json.loads((project / "out/executed/01_one.json").read_text())
    assert record["parameters"] == {"n_way": 7} and record["preset"] == "quick_test"
    assert run_tool(project) == 0
    assert "up to date" in capsys.readouterr().out


def add_notebook(project, name, *codes):
    """Add a notebook with parameters for quick_test."""
    (project / f"params/quick_test/{name}.yml").write_text("n_way: 7  # words\n")
    return write_notebook(project / f"notebooks/{name}.ipynb", "n_way = 5  # words", *codes)


def wait_for(path, then=""):
    """Code that waits for a file, and fails when it does not come in two minutes."""
    return (
        "import pathlib, time\nend = time.time() + 120\n"
        f"while not pathlib.Path({str(path)!r}).exists():\n"
        f"    assert time.time() < end, 'waited in vain'\n    time.sleep(0.05)\n{then}"
    )


def touch(path):
    """Code that makes a file."""
    return f"import pathlib\npathlib.Path({str(path)!r}).touch()"


def test_notebooks_overlap_and_the_summary_waits(project, capsys):
    """Two notebooks wait for each other's file; one numbered 90 starts when both have ended."""
    here, there = project / "one", project / "two"
    for name, own, other in (("01_one", here, there), ("02_two", there, here)):
        add_notebook(project, name, touch(own), wait_for(other))
    copies = [str(project / f"out/executed/{name}.ipynb") for name in ("01_one", "02_two")]
    add_notebook(project, "90_last", f"import os\nassert all(map(os.path.exists, {copies}))")
    assert run_tool(project, "--jobs", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:2]) == [
        "[1/3] 01_one (quick_test): running",
        "[2/3] 02_two (quick_test): running",
    ]
    assert lines[4] == "[3/3] 90_last (quick_test): running"
    assert run_tool(project, "--jobs", "0") == 1
    assert "--jobs 0: expected" in capsys.readouterr().err


def test_a_failing_notebook_does_not_lose_the_others(project, capsys):
    """What runs beside it ends and is kept; what was not started stays so."""
    failed, beside = project / "out/executed/01_one.failed.ipynb", project / "two"
    add_notebook(project, "01_one", wait_for(beside, "1 / 0"))
    add_notebook(project, "02_two", touch(beside), wait_for(failed))
    add_notebook(project, "03_three", "1")
    add_notebook(project, "90_last", "1")
    assert run_tool(project, "--jobs", "2") == 1
    assert "01_one failed" in capsys.readouterr().err
    records = sorted(path.name for path in (project / "out/executed").glob("*.json"))
    assert records == ["02_two.json"]
    assert run.is_fresh(project / "notebooks/02_two.ipynb", "quick_test", project / "out")


def test_all_failures_are_told(project, capsys):
    """Two that fail side by side are both named."""
    here, there = project / "one", project / "two"
    add_notebook(project, "01_one", touch(here), wait_for(there, "1 / 0"))
    failed = project / "out/executed/01_one.failed.ipynb"
    add_notebook(project, "02_two", touch(there), wait_for(failed, "{}['key']"))
    assert run_tool(project, "--jobs", "2") == 1
    errors = capsys.readouterr().err
    assert "ZeroDivisionError" in errors and "KeyError" in errors


def test_a_kernel_that_dies_is_named(project, capsys):
    """A kernel killed for lack of memory fails its notebook."""
    add_notebook(project, "01_one", "import os\nos._exit(1)")
    assert run_tool(project) == 1
    assert "01_one failed" in capsys.readouterr().err
    assert not (project / "out/executed/01_one.ipynb").exists()


def test_interrupt_ends_the_kernels(project):
    """Ctrl-C leaves no kernel and no worker of one behind."""
    pids = [project / "one", project / "two"]
    for name, pid in zip(("01_one", "02_two"), pids):
        add_notebook(
            project, name,
            "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\n"
            f"with open({str(pid) + '.new'!r}, 'w') as f: print(os.getpid(), child.pid, file=f)\n"
            f"os.rename({str(pid) + '.new'!r}, {str(pid)!r})\ntime.sleep(600)",
        )  # fmt: skip
    script = (
        "import pathlib, sys\nfrom tools import fingerprint, paths, run\n"
        f"root = pathlib.Path({str(project)!r})\nfingerprint.ROOT = root\n"
        "paths.NOTEBOOKS = run.NOTEBOOKS = root / 'notebooks'\n"
        "fingerprint.PARAMS = root / 'params'\n"
        "sys.exit(run.main(['--preset', 'quick_test', '--jobs', '2', '--out', str(root / 'out')]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=paths.ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 120
        while not all(pid.exists() for pid in pids) and time.monotonic() < end:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        started = [int(number) for pid in pids for number in pid.read_text().split()]
        assert all(map(psutil.pid_exists, started)) and len(started) == 4
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130 and "interrupted" in errors
    left = [psutil.Process(pid) for pid in started if psutil.pid_exists(pid)]
    assert not [p for p in left if p.status() != psutil.STATUS_ZOMBIE]


def test_only_an_edit_that_the_imports_reach_makes_a_page_stale(project):
    """Of the package, a page depends on what it imports; names count with their folders."""
    source = add_notebook(project, "01_one", "def later():\n    import hsokv.used.part")
    inside, outside = project / "hsokv/used/part.py", project / "hsokv/other/part.py"
    for path in (inside, outside):
        path.parent.mkdir()
        path.write_text("a = 1\n")
    assert run_tool(project) == 0

    def is_fresh():
        return run.is_fresh(source, "quick_test", project / "out")

    outside.write_text("a = 2\n")
    assert is_fresh()
    inside.write_text("a = 2\n")
    assert not is_fresh()


def test_files_of_one_name_are_told_apart(tmp_path):
    """Two files that change places change the hash, in whatever folder the tree lies."""
    for name, text in (("a/x.py", "1"), ("b/x.py", "2")):
        (tmp_path / "one" / name).parent.mkdir(parents=True)
        (tmp_path / "one" / name).write_text(text)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    one, two = (fingerprint.hash_files([tmp_path / n], tmp_path / n) for n in ("one", "two"))
    assert one == two
    (tmp_path / "two/a/x.py").rename(tmp_path / "two/x.py")
    (tmp_path / "two/b/x.py").rename(tmp_path / "two/a/x.py")
    (tmp_path / "two/x.py").rename(tmp_path / "two/b/x.py")
    assert fingerprint.hash_files([tmp_path / "two"], tmp_path / "two") != one


def test_fresh_follows_only_the_rows_of_the_experiments_it_imports(project):
    """A page depends on the result files of the experiments that its code reaches."""
    source = project / "notebooks/01_one.ipynb"
    for name in ("one", "two"):
        (project / f"hsokv/experiments/{name}").mkdir(parents=True)
        (project / f"hsokv/experiments/{name}/trials.py").write_text("")
    before = fingerprint.hash_results(source, "quick_test")
    (project / "results/one.csv").write_text("a\n1\n")
    assert fingerprint.hash_results(source, "quick_test") == before
    write_notebook(source, "n_way = 5  # words", "from hsokv.experiments.one import trials")
    here = fingerprint.hash_results(source, "quick_test")
    assert here != before
    (project / "results/two.csv").write_text("a\n1\n")
    assert fingerprint.hash_results(source, "quick_test") == here


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("n_wey: 7", "did you mean 'n_way'"),
        (
            "n_way: seven",
            "params/quick_test/01_one.yml: n_way='seven' is of type str, the notebook",
        ),
        ("n_way: true", "is of type bool"),
        ("- n_way", "expected lines `name: value`"),
    ],
)
def test_run_refuses_a_wrong_parameter(project, capsys, line, message):
    """A misspelt or mistyped parameter stops the run before any notebook is executed."""
    (project / "params/quick_test/01_one.yml").write_text(line + "\n")
    assert run_tool(project) == 1
    assert message in capsys.readouterr().err
    assert not (project / "out").exists()


def test_only_research_rows_are_committed(monkeypatch):
    """Small presets keep their rows in `_build`; HSOKV_RESULTS overrides."""
    monkeypatch.delenv("HSOKV_RESULTS", raising=False)
    assert paths.results_dir() == paths.ROOT / "results"
    assert paths.results_dir("demo") == paths.BUILD / "demo/results"
    monkeypatch.setenv("HSOKV_RESULTS", "elsewhere")
    assert paths.results_dir("demo").name == "elsewhere"


def test_book_is_made_at_one_preset(project):
    """A single page run at another preset is not published among the others."""
    with pytest.raises(RuntimeError, match="01_one: not run"):
        stage_book.find_preset(project / "out")
    assert run_tool(project) == 0
    assert stage_book.find_preset(project / "out") == "quick_test"
    write_notebook(project / "notebooks/02_two.ipynb", "n_way = 5  # words")
    (project / "params/demo").mkdir()
    (project / "params/demo/02_two.yml").write_text("n_way: 6  # words\n")
    assert run.main(["02_two", "--preset", "demo", "--out", str(project / "out")]) == 0
    with pytest.raises(RuntimeError, match="01_one: quick_test, 02_two: demo"):
        stage_book.find_preset(project / "out")


def test_run_takes_a_whole_number_for_a_fraction(project):
    """1 is a fine value for a parameter whose default is 0.5."""
    run.check_parameters(project / "notebooks/01_one.ipynb", {"rate": 1})


def test_run_names_the_nearest_notebook_and_preset(project, capsys):
    """Unknown names are errors with a suggestion."""
    assert run_tool(project, "01_on") == 1
    assert "'01_one'" in capsys.readouterr().err
    assert run.main(["--preset", "reserch"]) == 1
    assert "'research'" in capsys.readouterr().err


def test_missing_parameter_file_is_named(project, capsys):
    """Every notebook needs its file."""
    (project / "params/quick_test/01_one.yml").unlink()
    assert run_tool(project) == 1
    assert "params/quick_test/01_one.yml is missing" in capsys.readouterr().err


def test_a_notebook_that_raises_fails_the_run(project, capsys):
    """`make book` stops: the run fails, the half-run copy is set aside, the gate refuses."""
    assert run_tool(project) == 0
    source = project / "notebooks/01_one.ipynb"
    write_notebook(source, "n_way = 5  # words\nrate = 0.5  # share", "1 / 0", "'never reached'")
    assert run_tool(project) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    failed = project / "out/executed/01_one.failed.ipynb"
    problems = " ".join(check_runs.find_problems(failed))
    assert "ZeroDivisionError" in problems
    assert "exception" in problems and "was not executed" in problems
    assert not (project / "out/executed/01_one.json").exists()
    assert not (project / "out/executed/01_one.ipynb").exists(), "the copy of the earlier run"
    assert not run.is_fresh(source, "quick_test", project / "out")
    shutil.copy(failed, project / "out/executed/01_one.ipynb")
    assert check_runs.main(["--out", str(project / "out")]) == 1
    stage = project / "stage"
    stage.mkdir()
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        notebook_pages.stage_notebooks(stage, project / "out", "quick_test")


@pytest.mark.parametrize(
    "name",
    ["book/a.md", "book/claims.yaml", "hsokv/experiments/x/findings.yaml", "hsokv/data/a.csv",
     "tools/a.py", "params/demo/a.yml", "results/a.csv", "_toc.yml", "_config.yml",
     "CITATION.cff"],
)  # fmt: skip
def test_book_is_built_again_after_an_edit(tmp_path, monkeypatch, name):
    """Whatever the pages are made of enters the mark by which a build counts as up to date."""
    for folder in ("book", "hsokv/experiments/x", "hsokv/data", "tools", "params/demo", "results"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(stage_book, "ROOT", tmp_path)
    monkeypatch.setattr(stage_book, "BOOK", tmp_path / "book")
    monkeypatch.setattr(stage_book, "CONFIG", tmp_path / "_config.yml")
    monkeypatch.setattr(stage_book, "TOC", tmp_path / "_toc.yml")
    monkeypatch.setattr(stage_book, "list_notebooks", list)
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path / "results"))
    for file in ("_toc.yml", "_config.yml", "CITATION.cff"):
        (tmp_path / file).write_text("")
    before = stage_book.hash_inputs(tmp_path / "out", False)
    assert stage_book.hash_inputs(tmp_path / "out", False) == before
    (tmp_path / name).write_text("edited")
    assert stage_book.hash_inputs(tmp_path / "out", False) != before


def test_staged_notebook_is_fit_for_readers(project):
    """The copy that is published has no warnings, no paths of this machine, a local badge."""
    source = project / "notebooks/01_one.ipynb"
    write_notebook(
        source, "n_way = 5  # words", "import sys\nprint('row')\nprint('warned', file=sys.stderr)"
    )
    notebook = nbformat.read(source, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(paths.badge("notebooks/01_one.ipynb")))
    nbformat.write(notebook, source)
    assert run_tool(project) == 0
    copy = project / "out/executed/01_one.ipynb"
    assert check_runs.list_warnings(copy) == ["cell 4 wrote to stderr: warned"]
    stage = project / "stage"
    stage.mkdir()
    notebook_pages.stage_notebooks(stage, project / "out", "quick_test")
    text = (stage / "notebooks/01_one.ipynb").read_text()
    assert str(project) in copy.read_text() and str(project) not in text
    assert "row" in text and "'warned'" in text and '"warned' not in text
    assert notebook_pages.LOCAL_BADGE in text and paths.BADGE_IMAGE not in text


def test_make_stops_at_the_first_failing_step():
    """A failing notebook fails `make book`: each step is a line of its own, none is ignored."""
    lines = (paths.ROOT / "Makefile").read_text("utf8").splitlines()
    start = next(i for i, x in enumerate(lines) if x.startswith("book:"))
    steps = [x.split()[2] for x in lines[start + 1 : start + 5]]
    assert steps == ["tools.rows", "tools.run", "tools.check_runs", "tools.stage_book"]
    assert not [x for x in lines if x.startswith("\t-") or "|| true" in x]


def test_gate_refuses_a_cut_off_run(tmp_path):
    """No end time, no execution count, too many bytes, no file: each is said."""
    path = write_notebook(tmp_path / "a.ipynb", "a = 1")
    problems = check_runs.find_problems(path)
    assert any("cut off" in p for p in problems)
    assert any("not executed: a = 1" in p for p in problems)
    write_notebook(path, "#" * (check_runs.MAX_BYTES + 1))
    assert any("bytes" in p for p in check_runs.find_problems(path))
    assert "make book" in check_runs.find_problems(tmp_path / "none.ipynb")[0]


def test_sweep_runs_every_combination(project, capsys):
    """One copy per combination, an index, rows apart from the committed ones."""
    write_notebook(
        project / "notebooks/01_one.ipynb",
        'n_way = 5  # words\nrate = 0.5  # share\nbackend = "loky"  # where',
        "assert rate < 1\nprint(backend, n_way * rate)",
    )
    (project / "params/sweeps/s.yml").parent.mkdir(exist_ok=True)
    (sweep.SWEEPS / "s.yml").write_text(
        "notebook: 01_one\npreset: quick_test\ngrid:\n  n_way: [2, 4]\n  rate: [0.5, 1.0]\n"
    )
    assert sweep.main(["s", "--out", str(project / "out"), "--backend", "ray"]) == 1
    index = (project / "out/s/index.csv").read_text().splitlines()
    assert [line.split(",")[:3] for line in index[1:]] == [
        ["2", "0.5", "done"],
        ["2", "1.0", "failed"],
        ["4", "0.5", "done"],
        ["4", "1.0", "failed"],
    ]
    copy = nbformat.read(project / "out/s/01_one_003.ipynb", as_version=4)
    assert copy.cells[-1].outputs[0].text.strip() == "ray 2.0"
    assert "2 of 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("notebok: a\n", "did you mean 'notebook'"),
        ("notebook: 01_one\npreset: quick_test\n", "grid missing or empty"),
        ("notebook: 01_one\npreset: quik_test\ngrid: {n_way: [1]}\n", "'quick_test'"),
        ("notebook: 01_one\npreset: quick_test\ngrid: {n_way: 1}\n", "expected a list"),
    ],
)
def test_sweep_file_is_checked(project, text, message):
    """What a sweep file lacks or misspells is said."""
    (sweep.SWEEPS / "s.yml").write_text(text)
    with pytest.raises(ValueError, match=message):
        sweep.read_sweep("s")


def test_status_tells_fresh_from_stale(project):
    """A page goes stale when its parameters change."""
    out = project / "out"
    assert status.list_pages(out)[0]["state"] == "not run"
    assert run_tool(project) == 0
    assert status.list_pages(out)[0]["state"] == "fresh"
    assert "| fresh | quick_test |" in status.render_page(out)
    (project / "params/quick_test/01_one.yml").write_text("n_way: 8  # words\n")
    assert status.list_pages(out)[0]["state"] == "stale"


def test_small_presets_say_which_numbers_they_lack(tmp_path):
    """A quoted number that was not computed becomes words; one that was stays."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "book").mkdir()
    glued = {"output_type": "display_data", "metadata": {"scrapbook": {"name": "here"}}}
    cell = {"cell_type": "code", "outputs": [glued]}
    (tmp_path / "notebooks/90.ipynb").write_text(json.dumps({"cells": [cell]}))
    page = tmp_path / "book/index.md"
    page.write_text("{glue:text}`../90.ipynb::here:s` {glue:text}`../90.ipynb::gone:s`")
    stage_book.replace_missing_numbers(tmp_path)
    assert page.read_text() == "{glue:text}`../90.ipynb::here:s` *(not run at this scale)*"


def test_pages_name_the_repository_of_the_configuration(tmp_path):
    """A command that a page shows can be copied as it stands, in a fork as well."""
    (tmp_path / "book").mkdir()
    page = tmp_path / "book/a.md"
    page.write_text("git clone {repository} study, {other}")
    stage_book.write_address(tmp_path)
    assert page.read_text() == f"git clone {paths.repository()[0]} study, {{other}}"


def test_warnings_of_the_book_are_errors(tmp_path):
    """A page that refers to nothing fails the build and names the page."""
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (stage / "_config.yml").write_text('title: t\nexecute: {execute_notebooks: "off"}\n')
    (stage / "index.md").write_text("# Title\n\n[](nowhere.md)\n")
    with pytest.raises(RuntimeError, match="index.md.*nowhere"):
        stage_book.build_html(stage, tmp_path / "built")


def test_make_alone_prints_help():
    """The first thing a newcomer types lists every target."""
    done = subprocess.run(["make"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    for target in ("book", "test", "demo", "run", "sweep", "audit", "status", "lint", "serve"):
        assert f"\n  {target} " in done.stdout


def test_make_run_asks_for_a_notebook():
    """`make run` alone says what is missing."""
    done = subprocess.run(["make", "-n", "run"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "EXP=01_rare_words" in done.stderr


@pytest.mark.parametrize("name", ["run", "check_runs", "stage_book", "sweep", "audit", "status"])
def test_tool_explains_itself(name, capsys):
    """Every tool has --help."""
    with pytest.raises(SystemExit) as stop:
        importlib.import_module(f"tools.{name}").main(["--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")


def test_notebooks_below_90_read_rows_of_their_own():
    """They run side by side: none may read a file that another is writing."""
    seen: dict[str, str] = {}
    for source in paths.list_notebooks():
        if run.notebook_number(source) < run.FIRST_READER:
            for name in fingerprint.list_results(source):
                assert seen.setdefault(name, source.stem) == source.stem, name
    assert len(seen) > 1


def test_the_research_preset_is_whole(project, capsys):
    """A line that is missing would publish the notebook's own small value: it is refused."""
    write_notebook(project / "notebooks/01_one.ipynb", "n_way = 5  # words\nrate = 0.5  # share")
    path = project / "params/research/01_one.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("n_way: 5\n")
    assert run.main(["--preset", "research", "--out", str(project / "out")]) == 1
    assert "params/research/01_one.yml does not set rate: expected every" in capsys.readouterr().err
