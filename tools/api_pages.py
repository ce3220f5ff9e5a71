"""The API reference: an index and a page per room, which Sphinx fills from the docstrings."""

import importlib
import pkgutil
from typing import NamedTuple

import hsokv

INDEX = "book/api"  # the first page; those of the rooms lie in a folder of its name
CORE = "core"  # the page of what stands beside the rooms
# The rooms of the package; each may import from those before it.
ORDER = (
    "boundary", "seeds", "config", "stats", "data", "validity", "models", "memory", "training",
    "flows", "cli", "runs", "plots", "experiments", "claims",
)  # fmt: skip
INTRO = """\
# API reference

The reference is made from the docstrings of the code. Arrays and tensors are described by their
shape; the letters stand at the head of each module. Names that begin with an underscore are not
listed and may change.

## Imported from `hsokv`

```{eval-rst}
.. autosummary::
   :nosignatures:

   ~hsokv.flows.base.ABSTAIN
   ~hsokv.flows.base.ABSTAIN_INTEGER
   ~hsokv.memory.associative.AssociativeMemory
   ~hsokv.memory.conversation.ConversationMemory
   ~hsokv.flows.base.Flow
   ~hsokv.config.FlowConfig
   ~hsokv.memory.linked.LinkedPassages
   ~hsokv.data.chats.Turn
   ~hsokv.flows.persistence.from_pretrained
   ~hsokv.flows.make.list_flows
   ~hsokv.flows.make.make_flow
   ~hsokv.data.chats.read_chat
   ~hsokv.flows.persistence.save_pretrained
```

A flow learns from a few texts and takes new classes at any time:

```python
from hsokv import make_flow

flow = make_flow("lexical")
flow.fit(["a tarn is a small lake in the mountains"], ["tarn"])
flow.partial_fit(["an adit is a level way into a mine"], ["adit"])
flow.predict(["they swam in the cold tarns"])  # ['tarn']
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

So can the associative memory, with the vectors of any model:

```python
import numpy as np

from hsokv import AssociativeMemory

vectors = np.eye(4)
memory = AssociativeMemory(width=4, code_size=256, n_active=8)
memory.store(vectors[:3], vectors[1:])  # each leads to the next
memory.recall([[0.9, 0.1, 0.0, 0.0]]).ids  # [[0]]
memory.recall([[0.9, 0.1, 0.0, 0.0]], hops=3).ids  # [[0 1 2]]
```

A memory of conversations finds the turns that answer a question; without the encoder it needs no
further package:

```python
from hsokv import ConversationMemory, Turn

memory = ConversationMemory(semantic=False)
memory.remember([Turn("Ana", "I adopted a puppy, Biscuit.", "2024-05-31", "walk")])
memory.recall("Which pet did Ana adopt?")[0].turn.text  # I adopted a puppy, Biscuit.
```

A chat or a folder of notes is remembered turn by turn, and asked:

```python
from hsokv import ConversationMemory, read_chat

memory = ConversationMemory(semantic=False)  # True: the sentence encoder reads as well
memory.remember(read_chat("chat.json"))
memory.recall("Where did Bo spend his holiday?", k=1)[0].turn.text  # We rented a cabin by a lake.
```

An experiment is one object; rows that are stored already are not computed again:

```python
from pathlib import Path

from hsokv.experiments.one_shot import EXPERIMENT
from hsokv.runs import run_trials

params = EXPERIMENT.params(
    flows=("bm25",), n_ways=(5,), n_distractors=(0,), n_seeds=2, n_block_seeds=0
)
trials, store = EXPERIMENT.make_trials(params), EXPERIMENT.store(Path("rows"))
rows = run_trials(trials, EXPERIMENT.run_trial, store, n_jobs=1)
rows[["seed", "condition", "accuracy"]]
```

## All modules

"""


class Room(NamedTuple):
    """A page of the reference: a folder of the package, what it holds, its files."""

    says: str
    modules: tuple[str, ...]


def list_rooms() -> dict[str, Room]:
    """Return the rooms in their order, experiments by their own names; modules are dotted names."""
    says = "What every room uses: seeds by purpose and the switches of a flow."
    rooms = {CORE: Room(says, ())}
    every = pkgutil.walk_packages(hsokv.__path__, "hsokv.")
    for found in sorted(every, key=lambda found: _place(found.name)):
        parent, _, name = found.name.rpartition(".")
        if found.ispkg:
            if name in rooms:
                raise ValueError(f"two folders are called {name!r}: rename one, pages would clash")
            says = importlib.import_module(found.name).__doc__.partition("\n")[0]
            rooms[name] = Room(says, ())
        else:
            key = CORE if parent == "hsokv" else parent.rpartition(".")[2]
            rooms[key] = rooms[key]._replace(modules=(*rooms[key].modules, found.name))
    return rooms


def _place(module: str) -> int:
    """Return where a module's room stands in `ORDER`."""
    room = module.split(".")[1]
    if room not in ORDER:
        raise ValueError(f"hsokv.{room} has no place in ORDER of {__name__}: add it there")
    return ORDER.index(room)


def page_of(room: str) -> str:
    """Return the page of a room as the table of contents names it."""
    return f"{INDEX}/{room}"


def render_index() -> str:
    """Return the first page: what users import, examples, and a line per room."""
    lines = [
        f"- [{name}](api/{name}.md): {room.says} "
        + ", ".join(f"`{module.removeprefix('hsokv.')}`" for module in room.modules)
        for name, room in list_rooms().items()
    ]
    return INTRO + "\n".join(lines) + "\n"


def render_room(name: str) -> str:
    """Return the page of a room: its modules with everything public."""
    room = list_rooms()[name]
    return f"# {name}\n\n{room.says}\n" + "".join(map(_section, room.modules))


def _section(module: str) -> str:
    return f"""
## `{module}`

```{{eval-rst}}
.. automodule:: {module}
   :members:
```
"""
