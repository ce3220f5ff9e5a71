"""Stage the executed notebooks as pages that begin with their text.

A source begins with several folded cells: set-up, parameters, imports. A page shows them as one,
behind the text that stood among them, with the parameters that its numbers were made with.
"""

import ast
import json
import re
from pathlib import Path

from tools.check_runs import find_problems
from tools.figure_notes import take_notes
from tools.paths import BADGE_IMAGE, PARAMS, executed_path, list_notebooks

LOCAL_BADGE = "/_static/colab-badge.svg"
SHOWN = "set-up and parameters"
LONGEST = 100  # characters of a line with a value and its comment
VALUE = re.compile(r"^(\w+):.*?\s# (.+)$", re.MULTILINE)  # a line of a file of parameters


def stage_notebooks(stage: Path, out: Path, preset: str) -> None:
    """Copy the executed notebooks, which the book also offers for download.

    The Colab badge is taken from the book, not the network; what was written to stderr (reported
    by `tools.check_runs`) and this machine's paths are left out.

    Args:
        stage: the staged tree.
        out: where the executed copies are.
        preset: that they were made with; its files say what the parameters mean.

    Raises:
        RuntimeError: when a notebook did not run to its end.
    """
    (stage / "notebooks").mkdir()
    for source in list_notebooks():
        copy = executed_path(out, source.stem)
        problems = find_problems(copy)
        if problems:
            raise RuntimeError(f"{source.stem}: " + "; ".join(problems))
        notebook = json.loads(copy.read_text("utf8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                cell["source"] = cell["source"].replace(BADGE_IMAGE, LOCAL_BADGE)
            else:
                cell["outputs"] = [o for o in cell["outputs"] if o.get("name") != "stderr"]
                take_notes(stage, cell, source)
        notebook["cells"] = join_setup(notebook["cells"], read_comments(preset, source.stem))
        for key in ("input_path", "output_path"):
            notebook["metadata"]["papermill"].pop(key, None)
        target = stage / "notebooks" / source.name
        target.write_text(json.dumps(notebook, indent=1) + "\n", "utf8")


def read_comments(preset: str, name: str) -> dict[str, str]:
    """Return what the preset's file says of the value of each parameter of notebook `name`."""
    return dict(VALUE.findall((PARAMS / preset / f"{name}.yml").read_text("utf8")))


def join_setup(cells: list[dict], comments: dict[str, str]) -> list[dict]:
    """Join the folded cells at the head of a notebook into one, behind the text among them.

    These are all cells up to the parameters, and those behind them that show no more than lines of
    text. Outputs keep their order.

    Args:
        cells: of an executed notebook, with sources in one piece.
        comments: name of a parameter -> what its value means.
    """
    last = max(i for i, c in enumerate(cells) if _tags(c) & {"parameters", "injected-parameters"})
    end = last + 1
    while end < len(cells) and _is_quiet(cells[end]):
        end += 1
    head = [cell for cell in cells[:end] if cell["cell_type"] == "code"]
    [own] = [cell["source"] for cell in head if "parameters" in _tags(cell)]
    given = [cell["source"] for cell in head if "injected-parameters" in _tags(cell)]
    parts = []
    for cell in head:
        if "parameters" in _tags(cell):
            parts.append(merge_parameters(own, "".join(given), comments))
        elif "injected-parameters" not in _tags(cell):
            parts.append(cell["source"].strip())
    joined = {
        **head[-1],
        "metadata": {
            "tags": ["hide-input"],
            "mystnb": {"code_prompt_show": f"Show {SHOWN}", "code_prompt_hide": f"Hide {SHOWN}"},
        },
        "outputs": [output for cell in head for output in cell["outputs"]],
        "source": "\n\n".join(parts),
    }
    return [*(c for c in cells[:end] if c["cell_type"] != "code"), joined, *cells[end:]]


def merge_parameters(own: str, given: str, comments: dict[str, str]) -> str:
    """Return the parameters that a notebook ran with, a line each, with what its value means.

    Args:
        own: the notebook's cell of parameters; it stands where no other value was given.
        given: the cell that papermill wrote behind it, '' where it wrote none.
        comments: name -> what the value means.
    """
    values = {node.targets[0].id: ast.get_source_segment(given, node) for node in _parse(given)}
    lines = []
    for node in _parse(own):
        name = node.targets[0].id
        if name not in values:
            lines += own.splitlines()[node.lineno - 1 : node.end_lineno]
            continue
        line, said = values[name], [f"# {comments[name]}"] if name in comments else []
        both = "  ".join([line, *said])
        lines += [both] if len(both) <= LONGEST else [*said, line]
    return "\n".join(lines)


def _parse(source: str) -> list[ast.Assign]:
    return [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]


def _tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def _is_quiet(cell: dict) -> bool:
    """Return whether a cell is folded and shows nothing but lines of text."""
    return (
        cell["cell_type"] == "code"
        and "hide-input" in _tags(cell)
        and all(o["output_type"] == "stream" or _is_glue(o) for o in cell["outputs"])
    )


def _is_glue(output: dict) -> bool:
    return "scrapbook" in output.get("metadata", {})
