"""Files of memories: read back as they were, refused where damaged, whole after a failed save."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from hsokv.memory.associative import READ_OUTS, AssociativeMemory
from hsokv.memory.saved import pack, unpack
from hsokv.memory.search import SEARCHES
from tests.faults import fail_at_each_step
from tests.memory.vectors import WIDTH, directions, near, same, small

QUERIES = directions(30, seed=9)


def filled(n=20, seed=0, **settings):
    """A chain of memories, some with further cues, two deleted."""
    vectors, memory = directions(n + 1, seed=seed), small(**settings)
    memory.store(vectors[:-1], vectors[1:])
    memory.add_cues([3, 5, 5], near(vectors[[3, 5, 5]], 0.5))
    memory.delete([4, 9])
    return memory


def alike(one, other):
    """Whether two memories answer alike, by a search and along chains."""
    cues = np.concatenate([QUERIES, directions(20)])
    return len(one) == len(other) and all(
        same(one.recall(cues, k=k, hops=hops), other.recall(cues, k=k, hops=hops))
        for k, hops in ((1, 0), (len(one), 0), (1, 1), (1, 5))
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The file of a tiny memory."""
    path = tmp_path_factory.mktemp("saved") / "memory"
    memory, vectors = AssociativeMemory(4, code_size=64, n_active=4), directions(3, 4)
    memory.store(vectors, vectors[::-1])
    memory.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A place for damaged files."""
    return tmp_path_factory.mktemp("damaged") / "memory"


@pytest.mark.parametrize("read_out", READ_OUTS)
@pytest.mark.parametrize("search", SEARCHES)
def test_a_memory_comes_back(tmp_path, search, read_out):
    """It answers alike, and after the same further steps, too."""
    memory = filled(search=search, read_out=read_out, sharpness=7.0, n_candidates=9, seed=2)
    memory.save(tmp_path / "a")
    loaded = AssociativeMemory.load(str(tmp_path / "a"))
    assert loaded.settings == memory.settings and alike(memory, loaded)
    for either in (memory, loaded):
        assert either.store(QUERIES[:3], QUERIES[1:4]).tolist() == [20, 21, 22]
        either.add_cues([0], QUERIES[5:6])
        either.delete([21, 2])
    assert alike(memory, loaded) and memory.n_bytes == loaded.n_bytes


def test_a_memory_has_one_file(tmp_path):
    """Saved twice, or loaded and saved again, it is the same file, byte by byte."""
    memory = filled()
    for name in "abcdef":
        memory.save(tmp_path / name)
        memory = AssociativeMemory.load(tmp_path / name)
    assert len({(tmp_path / name).read_bytes() for name in "abcdef"}) == 1


def test_what_was_deleted_stays_deleted(tmp_path):
    """Ids go on where they were, of a memory that is empty, too."""
    memory = small()
    memory.store(QUERIES, QUERIES)
    memory.delete(np.arange(30))
    memory.save(tmp_path / "a")
    loaded = AssociativeMemory.load(tmp_path / "a")
    assert len(loaded) == 0 and loaded.store(QUERIES[:1], QUERIES[:1]).tolist() == [30]
    small().save(tmp_path / "b")
    assert AssociativeMemory.load(tmp_path / "b").store(QUERIES[:1], QUERIES[:1]).tolist() == [0]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("width", [1, 4, 64, 384])
def test_what_can_be_stored_can_be_saved(tmp_path, search, width):
    """Vectors of few numbers come back, in wide memories, too, or are refused."""
    vectors = np.eye(width)[:3]
    memory = small(width, search=search)
    if search == "quantised" and width > 36:
        with pytest.raises(ValueError, match="more than 8 bits keep"):
            memory.store(vectors, vectors)
        return
    memory.store(vectors, vectors)
    memory.save(tmp_path / "a")
    loaded = AssociativeMemory.load(tmp_path / "a")
    assert same(loaded.recall(vectors), memory.recall(vectors))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SEARCHES), st.integers(1, 40), st.integers(0, 5), st.integers(0, 99))
def test_any_memory_comes_back(damaged, search, width, n, seed):
    """Of any width and size, whatever directions are stored."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, width)) * rng.integers(0, 2, (n, width)) + 1e-9
    memory = small(width, search=search)
    memory.store(vectors, vectors[::-1])
    memory.save(damaged)
    loaded = AssociativeMemory.load(damaged)
    assert len(loaded) == n
    assert not n or same(loaded.recall(vectors, k=n), memory.recall(vectors, k=n))


def test_every_truncation(content, damaged):
    """A file that ends early is refused, wherever."""
    for length in range(len(content)):
        damaged.write_bytes(content[:length])
        with pytest.raises(ValueError, match="is no associative memory.*: expected a file that"):
            AssociativeMemory.load(damaged)


def load_anyway(path):
    """Load a damaged file, and use the memory if there is one."""
    try:
        memory = AssociativeMemory.load(path)
    except ValueError as error:
        assert str(path) in str(error) and "expected a file that" in str(error)
        return
    memory.save(path)
    assert AssociativeMemory.load(path).settings == memory.settings
    queries = np.eye(4)
    if len(memory):
        ids, scores, targets = memory.recall(queries, k=len(memory))
        assert np.isfinite(scores).all() and np.isfinite(targets).all() and ids.min() >= 0
        memory.recall(queries, hops=2)
    before = memory.recall(queries, k=len(memory)).ids.max() if len(memory) else -1
    assert (memory.store(queries, queries) > before).all()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=3))
def test_flipped_bits(content, damaged, flips):
    """A damaged file is refused, or gives a memory that can be used."""
    changed = bytearray(content)
    for place, flip in flips:
        changed[int(place * (len(changed) - 1))] ^= flip
    damaged.write_bytes(changed)
    load_anyway(damaged)


def test_every_byte_of_the_header(content, damaged):
    """Each digit and letter in turn is made another."""
    end = 8 + int.from_bytes(content[:8], "little")
    for place in range(end):
        for other in (content[place] ^ 1, ord("9")):
            damaged.write_bytes(content[:place] + bytes([other]) + content[place + 1 :])
            load_anyway(damaged)


def rewritten(content, tensors=None, header=None, **settings):
    """The file with other tensors, settings or entries of its header."""
    kept, found = unpack(content)
    said = {"format": 1, "settings": kept | settings} | (header or {})
    return save(found | (tensors or {}), {"memory": json.dumps(said)})


LAST = np.iinfo(np.int64)
WRONG = [
    ({"header": {"format": 2}}, "format 2: this version reads 1"),
    ({"header": {"settings": [1]}}, "TypeError"),
    ({"header": {"settings": "x"}}, "ValueError"),
    ({"width": 5}, "no unit vectors of width 5"),
    ({"width": 4.0}, "width=4.0 is a float"),
    ({"search": "none"}, "unknown search 'none'"),
    ({"seed": -1}, "seed=-1: expected at least 0"),
    ({"sharpness": 10**400}, "sharpness=1000"),
    ({"code_size": 10**13}, "code_size=1000"),
    ({"other": 1}, "unexpected keyword argument 'other'"),
    ({"tensors": {"cues": np.ones((3, 4), np.float32)}}, "cues are no unit vectors"),
    ({"tensors": {"targets": np.full((3, 4), np.nan, np.float32)}}, "targets are no unit vectors"),
    ({"tensors": {"targets": np.eye(4, dtype=np.float32)}}, "do not fit one another"),
    ({"tensors": {"cues": np.eye(4)[:3]}}, "cues is float64 with 2 axes"),
    ({"tensors": {"ids": np.array([0, 2, 1])}}, "do not fit one another"),
    ({"tensors": {"ids": np.array([-1, 1, 2])}}, "do not fit one another"),
    ({"tensors": {"ids": np.array([0.0, 1.0, 2.0])}}, "ids is float64 with 1 axes"),
    ({"tensors": {"owners": np.array([0, 1, 1])}}, "do not fit one another"),
    ({"tensors": {"owners": np.array([0, 1, 2, 2])}}, "do not fit one another"),
    ({"tensors": {"next": np.array([2])}}, "out of range"),
    ({"tensors": {"next": np.array([3, 3])}}, "do not fit one another"),
    ({"tensors": {"next": np.array([LAST.min])}}, "out of range"),
    ({"tensors": {"next": np.array([LAST.max])}}, "out of range"),
    ({"tensors": {"next": np.array([], np.int64)}}, "do not fit one another"),
    ({"tensors": {"other": np.zeros(1)}}, "other"),
]


@pytest.mark.parametrize("change, message", WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_parts_that_do_not_fit(content, damaged, change, message):
    """What is well-formed but no memory is refused for what is wrong with it."""
    damaged.write_bytes(rewritten(content, **change))
    with pytest.raises(ValueError, match=f"no associative memory that can be read .*{message}"):
        AssociativeMemory.load(damaged)


@pytest.mark.parametrize("missing", ["cues", "targets", "owners", "ids", "next"])
def test_a_tensor_is_missing(content, damaged, missing):
    """The message names it."""
    kept, tensors = unpack(content)
    del tensors[missing]
    damaged.write_bytes(pack(kept, tensors))
    with pytest.raises(ValueError, match=f"tensor.*{missing}|{missing}.*tensor"):
        AssociativeMemory.load(damaged)


@pytest.mark.parametrize("missing", ["code_size", "n_active", "seed", "search", "width"])
def test_a_setting_is_missing(content, damaged, missing):
    """A memory is not made with the settings of another."""
    kept, tensors = unpack(content)
    del kept[missing]
    damaged.write_bytes(pack(kept, tensors))
    with pytest.raises(ValueError, match="no associative memory that can be read"):
        AssociativeMemory.load(damaged)


@pytest.mark.parametrize("other", [b"", b"\0" * 8, b"PK\x03\x04" + b"\0" * 99, b"{}", b"\xff" * 64])
def test_files_of_something_else(damaged, other):
    """Empty ones, archives, text: refused by one message."""
    damaged.write_bytes(other)
    with pytest.raises(ValueError, match="is no associative memory that can be read"):
        AssociativeMemory.load(damaged)
    damaged.write_bytes(save({"weight": np.zeros((2, WIDTH), np.float32)}))
    with pytest.raises(ValueError, match="is no associative memory that can be read"):
        AssociativeMemory.load(damaged)


def test_no_file(tmp_path):
    """A folder and a missing file are the system's errors, by their names."""
    with pytest.raises(FileNotFoundError, match="nothing"):
        AssociativeMemory.load(tmp_path / "nothing")
    with pytest.raises(IsADirectoryError):
        AssociativeMemory.load(tmp_path)
    for path in (tmp_path / "nothing" / "memory", tmp_path):
        with pytest.raises(OSError):
            small().save(path)
    assert not list(tmp_path.iterdir())


def test_a_save_that_fails(tmp_path, monkeypatch):
    """At every disk operation: the former memory is there or the new one, and nothing beside."""
    former, new, path = filled(), filled(25, seed=3), tmp_path / "memory"

    def stage():
        former.save(path)
        return lambda: new.save(path)

    found = []
    for step in fail_at_each_step(stage, monkeypatch):
        loaded = AssociativeMemory.load(path)
        found.append((step, len(loaded)))
        assert alike(loaded, former if len(loaded) == len(former) else new)
        assert [each.name for each in tmp_path.iterdir()] == ["memory"]
    lengths = [length for _, length in found]
    assert set(lengths) == {len(former), len(new)} and lengths == sorted(lengths)
    steps = [step for step, _ in found]
    assert dict(found[: steps.index("replace") + 1])["replace"] == len(former)
