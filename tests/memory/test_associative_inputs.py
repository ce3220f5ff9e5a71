"""What an associative memory refuses, how it says so, and that nothing is stored then."""

import math

import numpy as np
import pytest
import torch

from hsokv.memory.associative import AssociativeMemory
from tests.memory.vectors import SMALL, WIDTH, directions, same, small

GOOD = directions(2, seed=4)


def changed(value):
    """Two vectors with one number changed."""
    vectors = GOOD.astype(float)
    vectors[1, 3] = value
    return vectors


BAD = [
    (changed(math.nan), ValueError, "holds 1 values that are not finite, .*: expected numbers"),
    (changed(math.inf), ValueError, "holds 1 values that are not finite"),
    (changed(-math.inf), ValueError, "holds 1 values that are not finite"),
    (GOOD * [[1], [0]], ValueError, r"\[1\] is a vector of zeros: expected a direction; leave it"),
    (GOOD[:, :-1], ValueError, "have width 31: expected 32, .*; embed them with the model"),
    (np.ones((2, WIDTH + 1)), ValueError, "have width 33: expected 32"),
    (np.empty((2, 0)), ValueError, "have width 0: expected 32"),
    (GOOD[0], ValueError, r"has shape \(32,\): expected a table of numbers .*; reshape it"),
    (GOOD[None], ValueError, r"has shape \(1, 2, 32\): expected a table"),
    (3.0, ValueError, r"has shape \(\): expected a table"),
    ([], ValueError, r"has shape \(0,\): expected a table"),
    ("abc", TypeError, "='abc': expected numbers"),
    (["abc", "def"], TypeError, "expected numbers"),
    ([["a"] * WIDTH] * 2, TypeError, "expected numbers"),
    ([[1.0] * WIDTH, [1.0]], TypeError, "expected numbers, in lists of one length"),
    (None, TypeError, "=None: expected numbers"),
    ({"a": 1}, TypeError, "expected numbers"),
    (GOOD + 1j, TypeError, "expected numbers"),
    (torch.ones(2, WIDTH, requires_grad=True), TypeError, "expected numbers"),
]


@pytest.fixture
def memory():
    """Five memories, one of which has two cues."""
    made = small()
    made.store(directions(5), directions(5, seed=1))
    made.add_cues([3], directions(1, seed=2))
    made.recall(directions(1), hops=2)
    return made


@pytest.fixture
def unchanged(memory):
    """Checks after a test that the memory answers as before, and counts on."""
    queries = directions(20, seed=3)

    def answers():
        return memory.recall(queries, k=5), memory.recall(queries, hops=3), memory.n_bytes

    before = answers()
    yield memory
    after = answers()
    assert same(before[0], after[0]) and same(before[1], after[1]) and before[2] == after[2]
    assert len(memory) == 5 and memory.store(GOOD, GOOD).tolist() == [5, 6]


@pytest.mark.parametrize("bad, error, message", BAD)
def test_vectors_that_are_none(unchanged, bad, error, message):
    """Wherever they are given, the message names them."""
    for name, act in (
        ("cues", lambda: unchanged.store(bad, GOOD)),
        ("targets", lambda: unchanged.store(GOOD, bad)),
        ("cues", lambda: unchanged.add_cues([0, 1], bad)),
        ("queries", lambda: unchanged.recall(bad)),
        ("queries", lambda: unchanged.recall(bad, hops=2)),
    ):
        with pytest.raises(error, match=name + ".*" + message):
            act()


@pytest.mark.parametrize(
    "ids, error",
    [
        ([5], ValueError),
        ([0, 5], ValueError),
        ([-1], ValueError),
        ([2**62], ValueError),
        ([2**70], ValueError),
        ([1.5], (TypeError, ValueError)),
        ([math.nan], (TypeError, ValueError)),
        ([math.inf], (TypeError, ValueError)),
        ([True], (TypeError, ValueError)),
        (np.arange(2) > 0, (TypeError, ValueError)),
        (["0"], TypeError),
        ("0", TypeError),
        (None, TypeError),
        ([[0], [1, 2]], TypeError),
    ],
)
@pytest.mark.filterwarnings("error")
def test_ids_that_are_none(unchanged, ids, error):
    """What is no stored id deletes nothing and takes no cue, without a warning of NumPy's."""
    n = len(ids) if isinstance(ids, (list, np.ndarray)) else 1
    for act in (
        lambda: unchanged.delete(ids),
        lambda: unchanged.add_cues(ids, directions(n, seed=6)),
    ):
        with pytest.raises(error, match="ids.*expected"):
            act()


def test_numbers_that_do_not_fit(unchanged):
    """As many targets as cues, as many ids as cues."""
    with pytest.raises(ValueError, match="2 cues and 1 targets: expected one target for each cue"):
        unchanged.store(GOOD, GOOD[:1])
    with pytest.raises(ValueError, match="1 ids and 2 cues: expected one id for each cue"):
        unchanged.add_cues([0], GOOD)


@pytest.mark.parametrize(
    "asked, error, message",
    [
        ({"k": 6}, ValueError, "k=6: expected at most 5; lower k"),
        ({"k": 0}, ValueError, "k=0: expected at least 1; raise k"),
        ({"k": -3}, ValueError, "k=-3: expected at least 1"),
        ({"k": 1.0}, TypeError, "k=1.0 is a float: need int"),
        ({"k": True}, TypeError, "k=True is a bool: need int"),
        ({"k": None}, TypeError, "k=None is a NoneType: need int"),
        ({"hops": -1}, ValueError, "hops=-1: expected at least 0; raise hops"),
        ({"hops": 2.5}, TypeError, "hops=2.5 is a float: need int"),
        ({"hops": "2"}, TypeError, "hops='2' is a str: need int; .*remove the quotes"),
    ],
)
def test_answers_that_cannot_be_asked_for(unchanged, asked, error, message):
    """More than are stored, none, steps backwards, and what is no whole number."""
    with pytest.raises(error, match=message):
        unchanged.recall(GOOD, **asked)


@pytest.mark.parametrize("hops", [0, 3])
def test_an_empty_memory(hops):
    """New or after all is deleted, it says that it is empty; deleting from it names the id."""
    memory = small()
    for _ in range(2):
        with pytest.raises(ValueError, match="the memory is empty: expected stored memories; st"):
            memory.recall(GOOD, hops=hops)
        with pytest.raises(ValueError, match=r"ids \[0.*\] are not stored: expected ids"):
            memory.delete([0])
        memory.store(GOOD, GOOD)
        memory.delete([0, 1] if memory.recall(GOOD).ids.tolist() == [[0], [1]] else [2, 3])
        assert len(memory) == memory.n_bytes == 0


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"width": 0}, ValueError, "width=0: expected at least 1"),
        ({"width": 32.0}, TypeError, "width=32.0 is a float: need int"),
        ({"width": True}, TypeError, "width=True is a bool: need int"),
        ({"width": "32"}, TypeError, "width='32' is a str: need int"),
        ({"code_size": 1}, ValueError, "code_size=1: expected at least 2"),
        ({"n_active": 0}, ValueError, "n_active=0: expected at least 1"),
        ({"n_active": 1024}, ValueError, "n_active=1024: expected at most 1023"),
        ({"n_candidates": 0}, ValueError, "n_candidates=0: expected at least 1"),
        ({"read_out": "sparse"}, ValueError, "unknown read_out 'sparse': did you mean 'sparsemax'"),
        ({"read_out": "threshold"}, ValueError, "unknown read_out 'threshold'"),
        ({"search": "binry"}, ValueError, "unknown search 'binry': did you mean 'binary'"),
        ({"search": ["flat"]}, ValueError, r"unknown search \['flat'\]"),
        ({"sharpness": 0}, ValueError, "sharpness=0: expected more than 0"),
        ({"sharpness": math.nan}, ValueError, "sharpness=nan: expected a finite number"),
        ({"sharpness": "20"}, TypeError, "sharpness='20' is a str: need float"),
        ({"sharpness": 10**400}, ValueError, "sharpness=1000.*: expected"),
        ({"seed": -1}, ValueError, "seed=-1: expected at least 0"),
        ({"seed": None}, TypeError, "seed=None is a NoneType: need int"),
        ({"width": 2**40}, ValueError, "width=.*: expected at most"),
        ({"code_size": 10**13}, ValueError, "code_size=.*: expected at most"),
    ],
)
def test_settings_out_of_range(settings, error, message):
    """Each is refused when the memory is made."""
    with pytest.raises(error, match=message):
        AssociativeMemory(**({"width": WIDTH} | SMALL | settings))


@pytest.mark.parametrize("read_out", ["softmax", "sparsemax"])
@pytest.mark.parametrize("sharpness", [1e-12, 1e3, 1e6])
@pytest.mark.filterwarnings("error")
def test_any_sharpness(read_out, sharpness):
    """Whatever sharpness is taken, numbers stay finite, and a sharp one finds the cue."""
    memory, cues = small(read_out=read_out, sharpness=sharpness), directions(50)
    memory.store(cues, directions(50, seed=1))
    ids, scores, _ = memory.recall(cues)
    assert np.isfinite(scores).all()
    if sharpness > 1:
        assert ids.ravel().tolist() == list(range(50))


def test_numbers_of_numpy_are_settings():
    """Whole and broken ones, as they come out of arrays."""
    memory = AssociativeMemory(
        np.int64(WIDTH), code_size=np.int32(1024), n_active=np.uint8(16), sharpness=np.float32(2)
    )
    memory.store(GOOD, GOOD)
    assert memory.recall(GOOD, k=np.int64(2), hops=np.int16(1)).ids.shape == (2, 1)
    assert memory.settings["width"] == WIDTH and type(memory.settings["width"]) is int
