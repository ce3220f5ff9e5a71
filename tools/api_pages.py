"""The API reference: an index and a page per room, which Sphinx fills from the docstrings.

What the index says of the names that users import stands in `book/api.md`, examples and their
output too; its line `% rooms` becomes a line per room.
"""

import importlib
import pkgutil
from typing import NamedTuple

import hsokv
from tools.paths import ROOT

INDEX = "book/api"  # the first page; those of the rooms lie in a folder of its name
CORE = "core"  # the page of what stands beside the rooms
# The rooms of the package; each may import from those before it.
ORDER = (
    "boundary", "seeds", "config", "stats", "data", "validity", "models", "memory", "training",
    "flows", "cli", "runs", "plots", "experiments", "claims",
)  # fmt: skip
MARK = "% rooms\n"  # the line of the first page that the rooms replace


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
    """Return the first page: what users import, examples, and a line per room.

    Raises:
        RuntimeError: `book/api.md` has no line `% rooms`, or several.
    """
    page = (ROOT / f"{INDEX}.md").read_text("utf8")
    if page.count(MARK) != 1:
        raise RuntimeError(
            f"{INDEX}.md has {page.count(MARK)} lines {MARK.strip()!r}: expected one, in place of "
            "the rooms; add or remove lines"
        )
    lines = [
        f"- [{name}](api/{name}.md): {room.says} "
        + ", ".join(f"`{module.removeprefix('hsokv.')}`" for module in room.modules)
        for name, room in list_rooms().items()
    ]
    return page.replace(MARK, "\n".join(lines) + "\n")


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
