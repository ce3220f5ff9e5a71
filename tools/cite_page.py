"""The page that says how to cite the study, from `CITATION.cff` and the commit at hand."""

import re

from hsokv.boundary.yaml_file import read_yaml
from hsokv.runs.provenance import code_version
from tools.paths import CONFIG, ROOT

PAGE = """\
# Cite

The study and its software are cited as one work. The entry is made from `CITATION.cff`, which
GitHub reads, too.

```bibtex
{entry}
```

**DOI:** {doi}

**Version:** {version}, at [commit `{commit}`]({url}/tree/{commit}).

## Cite a number

Numbers change when code or data do, so a number is cited with the commit of the page that shows it.
The foot of every page names that commit. Give the title of the page, the figure or the heading, and
the commit:

```text
{authors} ({year}).
{title}.
"Conversations", section "Turns", commit {commit}.
{url}/tree/{commit}
```

The rows behind it are the files of [the folder `results` at the same
commit]({url}/tree/{commit}/results): one line per trial, with the settings and the version of the
code that made it. `make audit` computes a random sample of them again.
"""
NO_DOI = """\
there is none yet. No archive holds a copy of the study, so an address on GitHub is all that can be
cited; the commit says which state of it is meant."""


def read_commit() -> str:
    """Return the commit that the tree is at, or the version where there is none."""
    return re.match(r"[^+]*", code_version(ROOT))[0]


def render_entry(citation: dict, year: str, commit: str) -> str:
    """Return the citation as BibTeX."""
    names = [a["name"] if "name" in a else _person(a) for a in citation["authors"]]
    fields = {
        "author": " and ".join(f"{{{name}}}" for name in names),
        "title": f"{{{citation['title']}}}",
        "year": year,
        "version": citation["version"],
        "url": citation["repository-code"],
        "license": citation["license"],
        "doi": citation.get("doi"),
        "note": f"Commit {commit}",
    }
    lines = [f"  {key} = {{{value}}}," for key, value in fields.items() if value]
    return "\n".join(["@software{hsokv,", *lines, "}"])


def _person(author: dict) -> str:
    return f"{author['family-names']}, {author['given-names']}"


def render_line(commit: str) -> str:
    """Return the citation of a commit as a line of text."""
    citation = read_yaml(ROOT / "CITATION.cff")
    doi = citation.get("doi")
    where = f"https://doi.org/{doi}" if doi else citation["repository-code"]
    return (
        f"{_join_authors(citation)} ({_read_year(citation)}). {citation['title']}. Version "
        f"{citation['version']}, commit {commit}. {where}"
    )


def _join_authors(citation: dict) -> str:
    return ", ".join(a["name"] if "name" in a else _person(a) for a in citation["authors"])


def _read_year(citation: dict) -> str:
    return str(citation.get("date-released") or read_yaml(CONFIG)["copyright"])[:4]


def render_cite() -> str:
    """Return the page."""
    citation, commit = read_yaml(ROOT / "CITATION.cff"), read_commit()
    year, doi = _read_year(citation), citation.get("doi")
    return PAGE.format(
        entry=render_entry(citation, year, commit),
        doi=f"<https://doi.org/{doi}>" if doi else NO_DOI,
        version=citation["version"],
        commit=commit,
        url=citation["repository-code"],
        authors=_join_authors(citation),
        title=citation["title"],
        year=year,
    )
