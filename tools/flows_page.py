"""The page of flows: compared in one table, drawn one by one, with every switch and its reason.

What a flow does is taken from its configuration; only its title, source and idea are written here.
"""

import inspect
import io
import json
import re
import tokenize
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from hsokv.config import FlowConfig, allowed_values
from hsokv.flows.description import STAGES, describe
from hsokv.flows.named import FLOWS
from hsokv.plots.diagrams import draw_flow, write_alt_text
from tools.markdown import prose, table

DIAGRAMS = "diagrams"  # folder of the drawings, beside the page


class Note(NamedTuple):
    """What the configuration of a flow cannot say."""

    title: str
    source: str
    idea: str


WALKTHROUGH, COMPARISON, ISSUES = (
    "`execution_walkthrough`", "`flow_comparison`", "`issues_and_redesign`",
)  # fmt: skip
LIBRARY = "Not in the sources: what a user would pick instead."
NOTES = {
    "current": Note(
        "the prototype as documented",
        f'The sources call it "Current H-SOKV" ({WALKTHROUGH}, steps 4.3.1 to 4.3.6; '
        f"{COMPARISON}).",
        "A swarm of agents trains a transformer that writes what surprises it into a memory and "
        "mixes what it reads back into its own state.",
    ),
    "as_shipped": Note(
        "the code behind the published table",
        "The sources do not name it: it is the public code at the commit that printed their table.",
        "The same idea, with every deviation of that code from its documents kept.",
    ),
    "minimal_fix": Note(
        "the smallest repair",
        f'The sources call it "Option 1: Minimal Fix" ({ISSUES}; {COMPARISON}).',
        "The prototype without swarm, lifecycle and context boosts, writing at a lower surprise "
        "and reading only the nearest entry.",
    ),
    "minimal_config": Note(
        "the quick test",
        'The sources call it "Quick Test: Replicate Baseline-3\'s Success" '
        f"({WALKTHROUGH}, last part).",
        "The smallest repair, with everything written.",
    ),
    "hybrid": Note(
        "a trained encoder with a plain memory",
        f'The sources call it "Option 2: Hybrid" ({ISSUES}; {COMPARISON}).',
        "A transformer is trained as a classifier, then only its states are used: the nearest "
        "stored text gives the label.",
    ),
    "simple_kv": Note(
        "the full redesign, untrained",
        f'The sources call it "Option 3: Full Redesign" ({ISSUES}).',
        "Averaged token vectors, every text stored, the nearest one gives the label.",
    ),
    "simple_kv_contrastive": Note(
        "the full redesign, trained",
        f'The sources call it "Option 3: Full Redesign", with its optional training ({ISSUES}).',
        "The same memory, after pulling the vectors of one label's texts together.",
    ),
    "fine_tune": Note(
        "a classifier without a memory",
        f'The sources call it "Baseline-1: Standard Fine-tuning" ({WALKTHROUGH}, step 5.1).',
        "The prototype's transformer alone, trained at the swarm's budget in counted FLOPs.",
    ),
    "kv_only": Note(
        "a memory without training",
        f'The sources call it "Baseline-2: KV-only" ({WALKTHROUGH}, step 5.2).',
        "The prototype with frozen random weights: only its memory learns.",
    ),
    "nearest_neighbor": Note(
        "nearest neighbour on random vectors",
        f'The sources call it "Baseline-3: In-Context Learning" ({WALKTHROUGH}, step 5.3).',
        "Averaged random token vectors, every text stored, the largest dot product gives the "
        "label.",
    ),
    "nearest_neighbor_cosine": Note(
        "the same with cosine",
        "Not in the sources, which hold that dropping the normalisation is what helps.",
        "The nearest neighbour with one switch changed, to test that claim.",
    ),
    "tfidf_neighbor": Note(
        "TF-IDF nearest neighbour", LIBRARY, "The stored text with the closest TF-IDF vector."
    ),
    "bm25": Note("BM25 search", LIBRARY, "The stored text that a search engine ranks first."),
    "class_mean": Note(
        "nearest class mean", LIBRARY, "The label whose mean TF-IDF vector is closest."
    ),
    "linear_probe": Note(
        "logistic regression", LIBRARY, "A linear classifier on TF-IDF vectors, refitted each time."
    ),
    "redesign": Note(
        "the design of this study",
        "Not in the sources: made for this study.",
        "It keeps what the comparison of the others speaks for and leaves out the rest.",
    ),
}

INTRO = """\
# Flows

A *flow* is one way to learn words from a few texts and to name the word a new text is about. All
flows are the same composable learner under different configurations, and this page is generated
from those configurations: the table and the diagrams cannot differ from what runs. Coloured slots
are mechanisms a flow uses, dashed grey slots are mechanisms it leaves out; every slot has the same
place in every diagram. Make any of them with `hsokv.make_flow(name)`.
"""
# The table is wider than any screen and scrolls sideways; on wide ones past the names of the flows.
STYLE = """\
```{raw} html
<style>
table.flows-table { font-size: 0.8rem; line-height: 1.35; table-layout: fixed; width: 80rem; }
article td:last-child { min-width: 12rem; }
table.flows-table caption { text-align: left; }
table.flows-table :is(th, td) { width: 7.5rem; vertical-align: top; }
table.flows-table :is(th, td):is(:nth-child(3), :nth-child(9)) { width: 13rem; }
table.flows-table :is(th, td):first-child {
  position: sticky; left: 0; width: 12.5rem; background: var(--pst-color-background);
}
@media (max-width: 40rem) { table.flows-table :is(th, td):first-child { position: static; } }
</style>
```
"""


def render_flows() -> str:
    """Return the page.

    Raises:
        RuntimeError: a flow has no note here.
    """
    missing = [name for name in FLOWS if name not in NOTES]
    if missing:
        raise RuntimeError(f"flows without a note: {missing}; add them to NOTES in {__name__}")
    parts = [
        INTRO,
        STYLE,
        _compare(),
        *(_section(name) for name in FLOWS),
        _switch_tables(),
    ]
    return "\n".join(parts)


def draw_flows(folder: Path) -> None:
    """Write one SVG per flow into a folder, which is made if it does not exist."""
    import matplotlib.pyplot as plt

    from hsokv.plots.style import save_figure

    folder.mkdir(parents=True, exist_ok=True)
    for name in FLOWS:
        fig, _ = draw_flow(name)
        save_figure(fig, folder / f"{name}.svg")
        plt.close(fig)


def anchor(flow: str) -> str:
    """Return the label of a flow's section."""
    return "flow-" + flow.replace("_", "-")


def _compare() -> str:
    rows = [
        [f"{{ref}}`{name} <{anchor(name)}>`", *map(prose, describe(config).values())]
        for name, config in FLOWS.items()
    ]
    caption = "The flows side by side, generated from their configurations."
    options = ":name: tab-flows\n:class: flows-table"
    return (
        "## Side by side\n\n```{table} " + caption + f"\n{options}\n\n"
        f"{table(['flow', *STAGES], rows)}\n```\n"
    )


def _section(name: str) -> str:
    note, alt = NOTES[name], json.dumps(write_alt_text(name), ensure_ascii=False)
    default = FlowConfig().as_dict()
    changed = FLOWS[name].switches()
    rows = [[f"`{key}`", _value(default[key]), _value(value)] for key, value in changed.items()]
    count = f"{len(rows)} switch{'' if len(rows) == 1 else 'es'} differ{'s' * (len(rows) == 1)}"
    return f"""\
({anchor(name)})=
## `{name}`: {note.title}

{note.idea} {note.source}

```{{figure}} {DIAGRAMS}/{name}.svg
:name: fig-{anchor(name)}
:alt: {alt}
:class: dark-light
:width: 420px

The flow `{name}`, {note.title}. Filled: in use; dashed: left out.
```

````{{dropdown}} {count} from the defaults
{table(["switch", "default", "here"], rows)}
````
"""


def _value(value: object) -> str:
    """Return a setting as code; an empty text as such."""
    if isinstance(value, str):
        return f"`{value}`" if value else "(empty)"
    return f"`{value}`"


class Switch(NamedTuple):
    """One field of a configuration: its group, name and the comment that gives its reason."""

    group: str
    name: str
    reason: str


def read_switches(kind: type) -> list[Switch]:
    """Return the fields of a dataclass with the comments of its source.

    A comment on a line of its own opens a group; a comment after a field is its reason.
    """
    group, name, switches = "", None, {}
    source = inspect.getsource(kind)
    names = {field.name for field in fields(kind)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.line.strip()
        if token.type == tokenize.NAME and re.match(rf"{token.string}\s*:", line):
            name = token.string if token.string in names else None
            if name and name not in switches:
                switches[name] = Switch(group, name, "")
        elif token.type == tokenize.COMMENT:
            text = token.string.lstrip("# ").rstrip()
            if line.startswith("#"):
                group, name = text, None
            elif name and not switches[name].reason:
                switches[name] = switches[name]._replace(reason=text)
    return list(switches.values())


def _switch_tables() -> str:
    """Return every switch, its default, its allowed values and the reason for the default."""
    default, groups = FlowConfig().as_dict(), {}
    for switch in read_switches(FlowConfig):
        allowed = ", ".join(map(_value, allowed_values(switch.name)))
        if not allowed:
            allowed = type(default[switch.name]).__name__
        row = [f"`{switch.name}`", _value(default[switch.name]), allowed, prose(switch.reason)]
        groups.setdefault(switch.group, []).append(row)
    head = ["switch", "default", "allowed", "meaning, and reason for the default"]
    parts = ["(switches)=\n## Every switch\n", "The fields of `hsokv.FlowConfig`.\n"]
    for group, rows in groups.items():
        parts += [f"**{prose(group.rstrip('.'))}**\n", table(head, rows) + "\n"]
    return "\n".join(parts)
