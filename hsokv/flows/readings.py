"""Readings: where the source documents leave a choice open, the flows made either way.

The source documents pool "the last token" in one place (walkthrough 4.3.2, step 3), the mean in two
others (`flow_comparison`, Option 2) and just "pool" in two more; the code they came with attends
its padding and takes the mean. A *reading* settles such a choice for one flow.

`tuned.yaml` adds the reading `TUNED` of a flow: the configuration that did best on the development
lexicon, written by `python -m tools.tuned --write` from the rows of the tuning experiment.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from hsokv.boundary.checks import check_keys
from hsokv.boundary.yaml_file import parse_yaml
from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS

LAST, MEAN = {"pooling": "last", "pad_to": 0}, {"pooling": "mean", "pad_to": 0}
PADDED = {"pad_to": 96}  # the length to which the public code pads
_POOLING = {"last": LAST, "mean": MEAN}
#: flow -> name of a reading -> switches; a flow that is not named has the one reading ''.
READINGS: dict[str, dict[str, dict]] = {
    "current": _POOLING | {"last_padded": LAST | PADDED, "mean_padded": MEAN | PADDED},
    "minimal_fix": _POOLING,
    "minimal_config": _POOLING,
    "fine_tune": _POOLING,
    "kv_only": _POOLING,
}
TUNED = "tuned"


@cache
def read_tuned(name: str) -> dict:
    """Return what a file of tuned settings of this folder holds; it is not to be changed."""
    path = resources.files("hsokv.flows") / name
    return parse_yaml(path.read_bytes(), f"hsokv/flows/{name}") or {}


def tuned_switches() -> dict[str, dict]:
    """Return what the tuned form of each tuned flow changes in it."""
    return read_tuned("tuned.yaml")


def list_documented(flow: str) -> list[str]:
    """Return the readings that the documents leave a flow; `['']` where they leave nothing open.

    Raises:
        ValueError: there is no such flow.
    """
    check_keys([flow], FLOWS, "flow")
    return list(READINGS.get(flow, {"": {}}))


def list_readings(flow: str) -> list[str]:
    """Return the readings of a flow, the tuned one last if there is one.

    Raises:
        ValueError: there is no such flow.
    """
    return list_documented(flow) + ([TUNED] if flow in tuned_switches() else [])


def read_flow(flow: str, reading: str = "") -> FlowConfig:
    """Return a flow's configuration in one reading.

    Raises:
        ValueError: there is no such flow or reading.
    """
    check_keys([reading], list_readings(flow), f"reading of {flow}")
    readings = READINGS.get(flow, {}) | {TUNED: tuned_switches().get(flow, {})}
    return FLOWS[flow].with_overrides(**readings.get(reading, {}))
