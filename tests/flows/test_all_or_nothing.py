"""A fit or partial_fit that breaks off anywhere leaves the flow as it was, bit for bit."""

import dataclasses
import hashlib
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack, _pop_mode

import hsokv
from hsokv.memory.key_value import KeyValueMemory
from tests.conftest import make_tiny

PACKAGE = str(Path(hsokv.__file__).parent)
TEXTS = ["red apple pie", "green pear tart", "blue sea fish", "wide open sky"]
LABELS = ["a", "b", "c", "d"]
MORE, MORE_LABELS = ["blue sea fish", "an old house", "red roof house"], ["c", "e", "a"]
HELD = (["a red apple"], ["a"])
CHECKS = ("checks.py", "inputs.py", "config.py", "settings.py")
SLOTS = {"_n_written", "_is_shared"}  # who shares tensors, no part of what is stored
SMALL = {"products": "float32", "n_layers": 1}
#: One of each way to learn, and at how many places it is broken off; four entries fill a memory.
FLOWS = {
    "first_redesign": ({}, 32),
    "simple_kv": ({"capacity": 4}, 20),
    "hybrid": (SMALL, 16),
    "current": ({"write_rule": "all", "capacity": 4, "lifecycle_every": 1} | SMALL, 6),
    "simple_kv_contrastive": ({"products": "float32"}, 12),
    "linear_probe": ({}, 12),
    "bm25": ({}, 12),
}
every_flow = pytest.mark.parametrize("name", FLOWS)


def digest(value):
    """Return a hash of every bit of a value, whatever it is made of."""
    found = hashlib.sha256()
    _feed(found.update, value, set())
    return found.hexdigest()


def _feed(update, value, seen):
    if isinstance(value, (torch.Tensor, np.ndarray)):
        array = value.detach().numpy() if isinstance(value, torch.Tensor) else value
        update(f"{array.shape}{array.dtype}".encode())
        update(repr(array.tolist()).encode() if array.dtype == object else array.tobytes())
    elif isinstance(value, KeyValueMemory):
        state = {k: v for k, v in vars(value).items() if k not in SLOTS}
        state |= {"_keys": value.keys, "_values": value.values}
        _feed(update, state | {"_columns": {n: value[n] for n in value._columns}}, seen)
    elif isinstance(value, (dict, OrderedDict)):
        for key, item in value.items():
            update(repr(key).encode())
            _feed(update, item, seen)
    elif isinstance(value, (list, tuple)):
        update(f"{type(value).__name__}{len(value)}".encode())
        for item in value:
            _feed(update, item, seen)
    elif dataclasses.is_dataclass(value) or hasattr(value, "__dict__"):
        update(type(value).__name__.encode())
        if id(value) not in seen and not callable(getattr(value, "__code__", None)):
            seen.add(id(value))
            _feed(update, dict(vars(value)), seen)
    else:
        update(repr(value).encode())


class Broken(KeyboardInterrupt):
    """What breaks off."""


def run(action, stop=None):
    """Run an action; raise at the stop-th event; return the (kind, function) of each event.

    An event is a call or a line of a function of the package.
    """
    events = []

    def trace(frame, kind, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if kind in ("call", "line"):
            events.append((kind, f"{frame.f_code.co_filename} {frame.f_code.co_qualname}"))
            if len(events) - 1 == stop:
                raise Broken
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
        while _get_current_dispatch_mode_stack():  # a FLOP counter left behind slows what follows
            _pop_mode()
    return events


def stops_of(events, n):
    """Return n events: first calls of functions that learn or store, and a few lines of any."""
    first = {}
    for i, (kind, function) in enumerate(events):
        if kind == "call" and not any(name in function for name in CHECKS):
            first.setdefault(function, i)
    rng = np.random.default_rng(0)
    calls = rng.permutation(list(first.values()))[:n]
    return sorted({*calls.tolist(), *rng.integers(len(events), size=n // 4).tolist()})


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """Clocks stand still; what an interrupted training sets for the process is set back."""
    monkeypatch.setattr("hsokv.flows.base.time.perf_counter", lambda: 0.0)
    precision, n_threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    yield
    torch.set_float32_matmul_precision(precision)
    torch.set_num_threads(n_threads)


def made(name):
    return make_tiny(name, **FLOWS[name][0])


@every_flow
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_interrupted_learning(name, method):
    """Every step breaks off in turn: the flow is what it was; in the end it learns as if never."""
    whole = made(name).fit(TEXTS, LABELS)
    start = digest(whole)
    events = run(lambda: getattr(whole, method)(MORE, MORE_LABELS, validation=HELD))
    end = digest(whole)
    assert end != start
    flow = made(name).fit(TEXTS, LABELS)
    assert digest(flow) == start
    stops = stops_of(events, FLOWS[name][1])
    assert len(stops) >= FLOWS[name][1]
    for stop in stops:
        with pytest.raises(Broken):
            run(lambda: getattr(flow, method)(MORE, MORE_LABELS, validation=HELD), stop)
        assert digest(flow) == start, events[stop]
    getattr(flow, method)(MORE, MORE_LABELS, validation=HELD)
    assert digest(flow) == end


def test_a_first_fit_that_breaks_off():
    """An unfitted flow stays unfitted, with its settings."""
    flow = made("first_redesign")
    start, events = digest(flow), run(lambda: clone(flow).fit(TEXTS, LABELS))
    for stop in stops_of(events[: len(events) // 2], 15):
        with pytest.raises(Broken):
            run(lambda: flow.fit(TEXTS, LABELS), stop)
        assert digest(flow) == start
    assert flow.fit(TEXTS, LABELS).predict(TEXTS).tolist() == LABELS


@pytest.mark.parametrize("name", ["first_redesign", "hybrid", "bm25"])
@pytest.mark.parametrize(
    "arguments",
    [
        (MORE, MORE_LABELS[:2]), (MORE, [1, 2, 3]), ([*MORE[:2], 3], MORE_LABELS),
        (MORE, MORE_LABELS, (["x"], ["unknown"])), (MORE, MORE_LABELS, (["x"],)),
        (MORE, MORE_LABELS, None, ["a"]), (MORE, ["c", "<abstain>", "a"]),
    ],
)  # fmt: skip
def test_refused_learning(name, arguments):
    """Arguments that are refused late change no more than those refused early."""
    flow = made(name).fit(TEXTS, LABELS)
    start = digest(flow)
    with pytest.raises((ValueError, TypeError)):
        flow.partial_fit(*arguments)
    assert digest(flow) == start


def test_key_refresh_breaks_off():
    """`refresh_keys` is all or nothing as well."""
    flow = made("hybrid").fit(TEXTS, LABELS)
    start, events = digest(flow), run(lambda: flow.refresh_keys(TEXTS, LABELS))
    for stop in stops_of(events, 8):
        with pytest.raises(Broken):
            run(lambda: flow.refresh_keys(TEXTS, LABELS), stop)
        assert digest(flow) == start
