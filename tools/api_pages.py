"""The API reference: an index and a page per room, which Sphinx fills from the docstrings."""

INDEX = "book/api"  # the first page; those of the rooms lie in a folder of its name
# What stands on each page, and the modules there.
ROOMS = {
    "core": ("Checks of what is handed in, seeds, and a flow's switches.", "checks seeds config"),
    "stats": ("Intervals, metrics and decisions.", "stats metrics verdicts"),
    "data": ("Words, stories and tokens.", "lexicon stories tokenizer predecessor"),
    "validity": (
        "Does a protocol measure what it claims to?",
        "validity validity_checks validity_report",
    ),
    "models": ("The networks that turn a text into a vector.", "model encoders networks"),
    "memory": ("What is written, kept and read.", "memory read write access"),
    "training": (
        "How a learner's network and memory change.",
        "training contrastive swarm lifecycle",
    ),
    "flows": (
        "The learners: made, saved, described, taken apart.",
        "flow flows learner baselines forks factorial mechanisms",
    ),
    "runs": ("Trials in parallel, and their rows.", "engine workers results provenance experiment"),
    "plots": ("Figures, drawn from tidy frames.", "plots labels diagrams"),
    "experiments": ("What experiments share.", "examine summaries"),
    "rare_words": ("The rare-word experiment.", "rare_words"),
    "printed_table": (
        "The predecessor's table, measured again.",
        "printed_table printed_summary printed_plots",
    ),
    "issues": (
        "The issues of the prototype, one at a time.",
        "issues issue_verdicts issue_tables issue_plots hit_rate worked_examples",
    ),
    "attribution": ("Who earns the gap.", "attribution shapley attribution_plots"),
    "claims": (
        "What the seeds and this report claim, judged by the rows.",
        "claims quantities selection arithmetic findings",
    ),
}
INTRO = """\
# API reference

The reference is made from the docstrings of the code. Arrays and tensors are described by their
shape; the letters stand at the head of each module. Names that begin with an underscore are not
listed and may change.

## Imported from `hsokv`

```{eval-rst}
.. autosummary::
   :nosignatures:

   ~hsokv.flow.ABSTAIN
   ~hsokv.flow.Flow
   ~hsokv.config.FlowConfig
   ~hsokv.flows.from_pretrained
   ~hsokv.flows.list_flows
   ~hsokv.flows.make_flow
   ~hsokv.flows.save_pretrained
```

A flow learns from a few texts and takes new classes at any time:

```python
from hsokv import make_flow

flow = make_flow("redesign", seed=0)
flow.fit(["a tarn is a small lake in the mountains"], ["tarn"])
flow.partial_fit(["an adit is a level way into a mine"], ["adit"])
flow.predict(["they swam in a lake high in the mountains"])  # ['tarn']
```

The memory can be used alone. A label is a number, stored beside its key:

```python
import torch

from hsokv.memory import KeyValueMemory

memory = KeyValueMemory(capacity=100, d_key=4)
memory.write(torch.eye(4), torch.empty(4, 0), label=torch.arange(4))
reading = memory.read(torch.tensor([[0.1, 0.9, 0.0, 0.0]]))
memory["label"][reading.slots]  # tensor([[1]])
```

An experiment is a list of trials; rows that are stored already are not computed again:

```python
from pathlib import Path

from hsokv.engine import run_trials
from hsokv.rare_words import Params, make_store, make_trials, run_trial

params = Params(
    flows=("bm25",), n_ways=(5,), n_distractors=(0,), n_seeds=2, n_retention_seeds=0
)
store = make_store(Path("rows"))
rows = run_trials(make_trials(params), run_trial, store, n_jobs=1)
rows[["seed", "condition", "accuracy"]]
```

## All modules

"""


def page_of(room: str) -> str:
    """Return the page of a room as the table of contents names it."""
    return f"{INDEX}/{room}"


def render_index() -> str:
    """Return the first page: what users import, examples, and a line per room."""
    lines = [
        f"- [{room}](api/{room}.md): {says} "
        + ", ".join(f"`{module}`" for module in modules.split())
        for room, (says, modules) in ROOMS.items()
    ]
    return INTRO + "\n".join(lines) + "\n"


def render_room(room: str) -> str:
    """Return the page of a room: its modules with everything public."""
    says, modules = ROOMS[room]
    return f"# {room}\n\n{says}\n" + "".join(map(_section, modules.split()))


def _section(module: str) -> str:
    return f"""
## `hsokv.{module}`

```{{eval-rst}}
.. automodule:: hsokv.{module}
   :members:
```
"""
