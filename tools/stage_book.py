"""Stage the book and build it with warnings as errors.

The staged tree holds the executed notebooks at the same relative paths as their sources, so that
the Colab button of a page opens the clean source. Generated pages and the result rows for
download join them, and two pages to print are made of the front page; the finished HTML replaces
`html/` only after the whole build succeeded.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import yaml

from hsokv.boundary.files import replace_file
from hsokv.boundary.yaml_file import read_yaml
from hsokv.runs.provenance import code_version
from tools import api_pages
from tools.closure import list_files
from tools.command import command, report
from tools.figures import draw_figures, draw_preview
from tools.fingerprint import hash_files, hash_text
from tools.finish import finish
from tools.generate_pages import generate_pages, render_findings
from tools.notebook_pages import stage_notebooks
from tools.paths import (
    BOOK,
    BUILD,
    CONFIG,
    ROOT,
    TOC,
    executed_path,
    list_notebooks,
    pages_url,
    read_toc,
    record_path,
    repository,
    results_dir,
)
from tools.records import discard, exists
from tools.status import list_pages, render_page
from tools.summary_pdf import write_summary

FINDINGS = "book/findings"
MARK = ".fingerprint"  # beside the HTML: hashes of what it was made of, and of itself


def find_preset(out: Path) -> str:
    """Return the preset that all notebooks were executed with.

    Raises:
        RuntimeError: when one was not executed, or they were executed with several presets.
    """
    presets = {page["page"]: page["preset"] or "not run" for page in list_pages(out)}
    if len(set(presets.values())) != 1 or "not run" in presets.values():
        said = ", ".join(f"{name}: {preset}" for name, preset in presets.items())
        raise RuntimeError(f"a book needs all notebooks at one preset ({said}): run make book")
    return next(iter(presets.values()))


def hash_inputs(out: Path, findings: bool) -> str:
    """Return the hash of all that the HTML is made of."""
    runs = [executed_path(out, s.stem) for s in list_notebooks()]
    runs += [record_path(out, s.stem) for s in list_notebooks()]
    tree = [BOOK, CONFIG, TOC, *map(ROOT.joinpath, ("CITATION.cff", "tools", "hsokv", "params"))]
    hashes = [hash_files(tree, ROOT), hash_files(runs, out)]
    folders = [results_dir(), *([ROOT / "results"] if findings else [])]  # findings are compared
    hashes += [hash_files(folder.glob("*.csv"), folder) for folder in folders]
    return hash_text(*hashes, code_version(ROOT), str(findings))


def write_config(stage: Path, findings: bool) -> None:
    """Write the staged `_config.yml` and `_toc.yml`: the footer, the API and the findings."""
    config = read_yaml(CONFIG)
    url, _ = repository()
    version, day = code_version(ROOT), datetime.now(UTC).strftime("%Y-%m-%d")
    sha = re.match(r"[0-9a-f]{9}\b", version)
    link = f'<a href="{url}/commit/{sha[0]}">{version}</a>' if sha else version
    config["sphinx"]["config"]["pages_url"] = pages_url()
    config["html"]["extra_footer"] = f"<p>Built on {day} from {link}.</p>"
    toc = read_toc()
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    index = next(chapter for chapter in chapters if chapter["file"] == api_pages.INDEX)
    index["sections"] = [{"file": api_pages.page_of(room)} for room in api_pages.list_rooms()]
    if findings:
        config["html"]["announcement"] = (
            "Recomputed on this machine at demo scale: not the published numbers."
        )
        toc["parts"].insert(0, {"caption": "This run", "chapters": [{"file": FINDINGS}]})
    (stage / CONFIG.name).write_text(yaml.safe_dump(config, sort_keys=False), "utf8")
    (stage / TOC.name).write_text(yaml.safe_dump(toc, sort_keys=False), "utf8")


def list_glued(stage: Path) -> set[str]:
    """Return the keys that the staged notebooks glue."""
    outputs = [
        output.get("metadata", {}).get("scrapbook", {}).get("name", "")
        for path in (stage / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text("utf8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    return {name.removeprefix("application/papermill.record/") for name in outputs if name}


def replace_missing_numbers(stage: Path) -> None:
    """Say "not run at this scale" where a page quotes a number that a small preset lacks."""
    glued = list_glued(stage)

    def keep_or_say(match: re.Match) -> str:
        return match[0] if match[1] in glued else "*(not run at this scale)*"

    for page in (stage / "book").rglob("*.md"):
        text = re.sub(r"\{glue:text\}`[^`]*::(\w+)[^`]*`", keep_or_say, page.read_text("utf8"))
        page.write_text(text, "utf8")


def write_address(stage: Path) -> None:
    """Write the repository's address where a page says `{repository}`."""
    for page in (stage / "book").rglob("*.md"):
        text = page.read_text("utf8")
        page.write_text(text.replace("{repository}", repository()[0]), "utf8")


def stage_tree(stage: Path, out: Path, findings: bool) -> None:
    """Write the whole staged tree anew."""
    discard(stage)
    shutil.copytree(BOOK, stage / "book", ignore=shutil.ignore_patterns("_static", "__pycache__"))
    shutil.copytree(BOOK / "_static", stage / "_static")
    (stage / "results").mkdir()
    for table in sorted(results_dir().glob("*.csv")):
        shutil.copy2(table, stage / "results")
    preset = find_preset(out)
    stage_notebooks(stage, out, preset)
    write_config(stage, findings)
    (stage / "book/status.md").write_text(render_page(out), "utf8")
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:  # two halves on two cores
        figures = beside.submit(draw_figures, stage / "book", stage=stage)
        preview = beside.submit(draw_preview, stage / "_static")
        generate_pages(stage)
        figures.result(), preview.result()
    write_address(stage)
    if preset != "research":
        replace_missing_numbers(stage)  # the published book must have them all
    if findings:
        (stage / f"{FINDINGS}.md").write_text(render_findings(), "utf8")


def build_html(stage: Path, built: Path) -> Path:
    """Run jupyter-book on the staged tree; return the folder with the HTML.

    Raises:
        RuntimeError: when it reports an error or a warning.
    """
    discard(built)
    build = [str(Path(sys.executable).parent / "jupyter-book"), "build", str(stage)]
    build += ["--path-output", str(built), "-W", "-n", "--keep-going", "--all"]
    here = os.environ | {"PYTHONPATH": str(ROOT)}  # the API reference imports this `hsokv`
    done = subprocess.run(build, capture_output=True, text=True, env=here)
    if done.returncode:
        log = (done.stdout + done.stderr).splitlines()
        said = [line for line in log if "WARNING" in line or "ERROR" in line] or log[-30:]
        raise RuntimeError("the book has warnings or errors:\n" + "\n".join(said))
    return built / "_build/html"


def is_fresh(target: Path, inputs: str) -> bool:
    """Return whether the HTML was made of these inputs and is as it was built; name it if not."""
    mark = target / MARK
    if not exists(target):
        return False
    seen = mark.read_bytes().split() if mark.is_file() else []
    if seen == [inputs.encode(), hash_html(target).encode()]:
        return True
    if seen[:1] == [inputs.encode()] or len(seen) != 2:
        report("note", f"{target} is damaged (it is not as it was built): built again")
    return False


def hash_html(target: Path) -> str:
    """Return the hash of all files that were built."""
    return hash_files((path for path in list_files(target) if path.name != MARK), target)


@command
def main(argv: list[str] | None = None) -> int:
    """Stage and build, unless the HTML is up to date; return 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BUILD, help="where tools.run put its copies")
    parser.add_argument("--findings", action="store_true", help="add the page of findings")
    args = parser.parse_args(argv)
    target, stage = args.out / "html", args.out / "stage"
    os.environ["HSOKV_RESULTS"] = str(results_dir(find_preset(args.out)))  # for all pages
    inputs = hash_inputs(args.out, args.findings)
    if is_fresh(target, inputs):
        print(f"{target}: up to date")
        return 0
    print("building the book", flush=True)
    stage_tree(stage, args.out, args.findings)
    built = build_html(stage, args.out / "jupyter-book")
    finish(built)
    write_summary(built)
    shutil.copy2(stage / "_static/favicon.ico", built)  # browsers ask for it at the root
    replace_file(built / MARK, f"{inputs} {hash_html(built)}".encode())
    discard(target)
    built.rename(target)
    print(f"built {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
