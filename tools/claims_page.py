"""The claims ledger as a page, and as `results/claims.csv` with `python -m tools.claims_page`.

Claims stand in `book/claims.yaml`; what is measured and every verdict come from `hsokv.claims`.
"""

import argparse
import sys

from hsokv.boundary.files import replace_file
from hsokv.boundary.text import file_name, markdown_text
from hsokv.claims.ledger import (
    SOURCES,
    VERDICTS,
    Judged,
    claims_table,
    distance_text,
    judge,
    read_claims,
    rule_text,
    value_text,
)
from hsokv.claims.quantities import POINTS, Measured, unit_of
from hsokv.claims.robustness import by_option, telling_choice
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.stats.decisions import NOT_RUN, OPEN
from tools.command import command
from tools.markdown import prose, table
from tools.paths import BOOK, read_toc, results_dir

CLAIMS = BOOK / "claims.yaml"
TABLE = "claims.csv"
TITLES = {
    "issues_and_redesign": "Issues and redesign",
    "flow_comparison": "Flow comparison",
    "execution_walkthrough": "Execution walkthrough",
    "readme": "Readme",
    "nuonuo_exp04": "NuoNuo, experiment 4",
}
INTRO = """\
# The claims ledger

What the five {ref}`source documents <sources>` claim or forecast, one row each, in our own words:
how it is tested, the rule that decides it, what was measured, and what follows. A program computes
the verdicts from the result rows; none is typed.

* A claim **holds** when the whole 95 % interval of what was measured satisfies the rule, **fails**
  when the whole interval lies outside, and **cannot be told** when it lies partly inside. A
  forecast such as "75 to 80 %" is a range the interval has to lie in; how far off it is stands
  beside the value. A single printed share counts as met within 5 points, the smallest difference
  of interest.
* **Not run** means that rows are missing; **not testable as stated** that the claim names nothing
  that could be measured.
* *Rule set before* means that the rule was written down before the rows existed. *Rule set after*
  means that the rows of the rare-word experiment were there already, that former rows of the
  factorial had shown it, or that the claim is a sum that anyone can redo. For the
  predecessor's table the rules came before our rows, but figures
  from earlier runs of its public code were known.
* A claim about one mechanism is tested in the small learners of {doc}`../notebooks/03_the_issues`,
  among them H-SOKV with one layer of width 64. *Short* and *long* say how long a learner trains;
  long is the budget that the documents describe.
* Where a difference cannot be told from 0, but one of 5 points either way is excluded, the row says
  so.
* Where the same claim could be measured in other rows, by the other reading of the transformers, at
  another budget or number of words, at the documented size and rate, or in another specification of
  the factorial, all of these *specifications* were judged by the same rule: **robust** means one
  verdict in at least 90 % of them, **undecided** that this is *cannot be told*, **holds** (or
  **fails**) **where it can be told** that none says the opposite, **depends on** that one choice
  decides between opposites, **fragile** that none does. Where transformers can be read in two ways
  the row itself stands for the mean of all tokens, which is better for every flow.
* In two rows of the table that the documents print the methods are swapped. A claim about a method
  is tested on that method, a claim about a printed row on the method behind the row; the test says
  which.
"""
# On a phone the cells of a row stand below one another.
STYLE = """\
```{raw} html
<style>
table.claims-table { font-size: 0.85rem; table-layout: fixed; width: 100%; }
table.claims-table caption { text-align: left; }
table.claims-table :is(th, td) { overflow-wrap: anywhere; vertical-align: top; }
table.claims-table :is(th, td) { width: 24%; }
table.claims-table :is(th, td):nth-child(2) { width: 38%; }
table.claims-table :is(th, td):last-child { width: 14%; }
table.claims-table :target { outline: 2px solid; }
@media (max-width: 40rem) {
  table.claims-table thead { display: none; }
  table.claims-table :is(tbody, tr, th, td) { display: block; position: static; }
  table.claims-table :is(th, td, td:nth-child(2), td:last-child) { border: 0; width: 100%; }
  table.claims-table tbody tr > th { font-weight: 600; max-width: none; }
  table.claims-table tr { border-top: 2px solid var(--pst-color-border); padding: 0.4rem 0; }
}
</style>
```
"""


def render_claims(judged: list[Judged] | None = None) -> str:
    """Return the page, by default from the rows in `results_dir()`."""
    judged = judge(read_claims(CLAIMS), results_dir()) if judged is None else judged
    pages = list_pages()
    link = f"All of it as a table: {{download}}`{TABLE} <../results/{TABLE}>`.\n"
    parts = [INTRO, link if (results_dir() / TABLE).is_file() else "", STYLE, _counts(judged)]
    parts += [
        _section(source, [j for j in judged if j.claim.document == source], pages)
        for source in SOURCES
    ]
    return "\n".join(parts)


def list_pages() -> set[str]:
    """Return the pages of the book, without endings."""
    toc = read_toc()
    pages, waiting = {toc["root"]}, [*toc["parts"]]
    while waiting:
        entry = waiting.pop()
        pages |= {entry["file"]} if "file" in entry else set()
        waiting += [*entry.get("chapters", []), *entry.get("sections", [])]
    return pages


def _counts(judged: list[Judged]) -> str:
    """Return how many claims of each document got each verdict."""
    head = ["document", *VERDICTS, "all"]
    rows = []
    for name, sources in [*((TITLES[s], [s]) for s in SOURCES), ("**all**", list(SOURCES))]:
        verdicts = [j.verdict for j in judged if j.claim.document in sources]
        numbers = [verdicts.count(verdict) for verdict in VERDICTS]
        rows.append([name, *map(str, numbers), str(len(verdicts))])
    measures = [(j.claim.measure or {}, j.verdict) for j in judged]
    sums = [verdict for measure, verdict in measures if measure.get("quantity") == "arithmetic"]
    apart = ", ".join(f"{sums.count(v)} {v}" for v in VERDICTS if v in sums)
    return (
        f"The {len(judged)} claims by document and verdict. {len(sums)} of them are sums that the "
        f"documents print, recomputed, and say nothing about a learner ({apart}):\n\n"
        "```{table} Claims by document and verdict.\n:name: tab-claims\n\n"
        f"{table(head, rows)}\n```\n"
    )


def _section(source: str, judged: list[Judged], pages: set[str]) -> str:
    head = ["claim", "test and rule", "measured", "verdict"]
    rows = [_row(j, pages) for j in judged]
    name = source.replace("_", "-")
    options = f":name: tab-claims-{name}\n:class: claims-table"
    return (
        f"(claims-{name})=\n## {TITLES[source]}\n\n"
        f"```{{table}} Claims of {TITLES[source]}.\n{options}\n\n{table(head, rows)}\n```\n"
    )


def _row(judged: Judged, pages: set[str]) -> list[str]:
    claim, verdict, measured, note, _ = judged
    place = claim.source.partition(", ")[2]
    first = f'<span id="claim-{file_name(claim.id)}"></span>{prose(claim.claim)} *({prose(place)})*'
    test = [prose(claim.test)]
    if claim.measure is not None:
        test.append(f"Holds if {rule_text(claim, unit_of(claim.measure))}.")
        test.append(f"*Rule set {claim.written}.* {_link(claim.section, pages)}")
    value = prose(note)
    if measured is not None:
        off = distance_text(claim, measured)
        value = value_text(measured) + (f"; {off}" if off else "")
        if verdict == OPEN and is_small(measured):
            value += "; an effect of 5 points is excluded"
        value += _elsewhere(judged)
    elif verdict == NOT_RUN:
        value = f"– {value}"
    return [first, " ".join(filter(None, test)) or "–", value, f"**{verdict}**"]


def is_small(measured: Measured) -> bool:
    """Return whether a difference of `MIN_EFFECT` either way is excluded."""
    low, high = measured.interval.low, measured.interval.high
    return measured.unit == POINTS and -MIN_EFFECT < low and high < MIN_EFFECT


def _elsewhere(judged: Judged) -> str:
    """Return whether the verdict stands in other specifications, and if not, what decides."""
    found = judged.robustness
    if found is None:
        return ""
    text = f" *{str(found)[0].upper()}{str(found)[1:]}*"
    if not (found.kind == "fragile" or found.kind.startswith("depends")):
        return f".{text}."
    choice = telling_choice(judged.elsewhere)
    return f".{text} ({prose(choice)}: {prose(by_option(judged.elsewhere, choice))})."


def _link(section: str, pages: set[str]) -> str:
    """Return a link to a page of the book; its name alone where it is not there."""
    folder, _, stem = section.rpartition("/")
    if folder == "book/issues":
        label = "issue " + stem.replace("_", ".")
    else:
        label = stem.lstrip("0123456789_").replace("_", " ")
    return f"{{doc}}`{label} </{section}>`" if section in pages else markdown_text(label)


@command
def main(argv: list[str] | None = None) -> int:
    """Print the counts; with --write, write `results/claims.csv`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {TABLE} beside the rows")
    args = parser.parse_args(argv)
    judged = judge(read_claims(CLAIMS), results_dir())
    for verdict in VERDICTS:
        print(f"{sum(j.verdict == verdict for j in judged):4} {verdict}")
    if args.write:
        path = results_dir() / TABLE
        table = claims_table(judged).to_csv(index=False, lineterminator="\n")
        replace_file(path, table.encode("utf8"))
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
