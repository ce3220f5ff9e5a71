"""Write the book pages that are generated from the code, so that they cannot drift from it.

`tools.stage_book` calls `generate_pages(stage)` after the tree is staged; each entry of `PAGES`
returns the Markdown of one page. The pages themselves are made in `tools/*_page.py`.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools.api_pages import INDEX, list_rooms, page_of, render_index, render_room
from tools.cite_page import render_cite
from tools.claims_page import render_claims
from tools.data_page import PAGE as DATA
from tools.data_page import render_data
from tools.explorables import render_explore
from tools.flows_page import DIAGRAMS, draw_flows, render_flows
from tools.glossary_page import PAGE as GLOSSARY
from tools.glossary_page import render_glossary
from tools.paths import BOOK, ROOT, repository, results_dir
from tools.reproduce_page import render_reproduce


def render_findings() -> str:
    """Return the page that compares the rows computed here with the published findings."""
    published, here = str(ROOT / "results"), str(results_dir())
    command = [sys.executable, "-m", "hsokv.claims.findings"]
    command += ["--published", published, "--here", here]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed:\n{done.stderr.strip()}")
    return done.stdout


def render_use() -> str:
    """Return the page for users with the line that installs the package."""
    url, branch = repository()
    block = f'```bash\npip install "hsokv @ git+{url}@{branch}"\n```'
    return (BOOK / "use.md").read_text("utf8").replace("% install", block)


PAGES: dict[str, Callable[[], str]] = {
    "book/flows.md": render_flows,
    f"{GLOSSARY}.md": render_glossary,
    f"{INDEX}.md": render_index,
    "book/cite.md": render_cite,
    "book/claims.md": render_claims,
    f"{DATA}.md": render_data,
    "book/explore.md": render_explore,
    "book/use.md": render_use,
    "book/reproduce.md": render_reproduce,
    **{f"{page_of(room)}.md": partial(render_room, room) for room in list_rooms()},
}


def generate_pages(stage: Path) -> None:
    """Write every generated page, and the diagrams they show, into the staged tree."""
    draw_flows(stage / "book" / DIAGRAMS)
    (stage / INDEX).mkdir(exist_ok=True)
    for name, render in PAGES.items():
        (stage / name).write_text(render(), "utf8")
