"""The page of flows: compared in one table, drawn one by one, with every switch and its reason.

What a flow does is taken from its configuration; its title, source and idea stand beside it.
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
from hsokv.flows.display import DISPLAY
from hsokv.flows.named import FLOWS, NOTES
from hsokv.plots.diagrams import draw_flow, write_alt_text
from tools.drawings import set_widths
from tools.markdown import prose, table

DIAGRAMS = "diagrams"  # folder of the drawings, beside the page


INTRO = """\
# Flows

A *flow* is one way to learn words from a few texts and to name the word a new text is about. All
flows are the same composable learner under different configurations, and this page is generated
from those configurations: the table and the diagrams cannot differ from what runs. Coloured slots
are mechanisms a flow uses, dashed grey slots are mechanisms it leaves out; every slot has the same
place in every diagram. Make any of them with `hsokv.make_flow(name)`.
"""
# The table is wider than any screen and scrolls sideways; on wide ones past the names of the flows.
# On paper it is as wide as the page.
STYLE = """\
```{raw} html
<style>
@media screen {
table.flows-table { font-size: 0.8rem; line-height: 1.35; table-layout: fixed; width: 80rem; }
article td:last-child { min-width: 12rem; }
table.flows-table caption { text-align: left; }
table.flows-table :is(th, td) { width: 7.5rem; vertical-align: top; }
table.flows-table :is(th, td):is(:nth-child(3), :nth-child(9)) { width: 13rem; }
table.flows-table :is(th, td):first-child {
  position: sticky; left: 0; width: 12.5rem; background: var(--pst-color-background);
}
@media (max-width: 40rem) { table.flows-table :is(th, td):first-child { position: static; } }
}
</style>
```
"""


def render_flows() -> str:
    """Return the page.

    Raises:
        RuntimeError: a flow has no note.
    """
    missing = [name for name in FLOWS if name not in NOTES]
    if missing:
        raise RuntimeError(
            f"flows without a note: {missing}; add them to NOTES in hsokv/flows/named.py"
        )
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

    from hsokv.plots.style import STYLE

    folder.mkdir(parents=True, exist_ok=True)
    for name in FLOWS:
        fig, _ = draw_flow(name)
        with plt.rc_context(STYLE | {"svg.fonttype": "none"}):
            fig.savefig(folder / f"{name}.svg", metadata={"Date": None})
        plt.close(fig)
        path = folder / f"{name}.svg"
        path.write_text(set_widths(path.read_text("utf8")), "utf8")


def anchor(flow: str) -> str:
    """Return the label of a flow's section."""
    return "flow-" + flow.replace("_", "-")


def _compare() -> str:
    rows = [
        [
            f"{{ref}}`{DISPLAY[name]} <{anchor(name)}>` · `{name}`",
            *map(prose, describe(config).values()),
        ]
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
## {DISPLAY[name]}, `{name}`: {note.title}

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
