"""The key-value memory: what goes in, who goes out, and that reading changes nothing."""

import numpy as np
import pytest
import torch

from hsokv.memory.entries import COLUMNS
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context
from hsokv.memory.tensors import check_tensors


def fill(memory, n, first=0, **columns):
    """Write n entries: key i is unit vector i, value i is (i, i)."""
    index = torch.arange(first, first + n)
    keys = torch.eye(memory.keys.shape[1])[index % memory.keys.shape[1]]
    values = index.float().unsqueeze(1).expand(n, memory.values.shape[1])
    columns = {"label": index, "source": index, "created_at": index} | columns
    memory.write(keys, values, **columns)
    return memory


def state(memory):
    """Copies of every tensor, unused slots included."""
    tensors = (memory._keys, memory._values, *memory._columns.values())
    return len(memory), [tensor.clone() for tensor in tensors]


def is_unchanged(memory, before):
    """Whether every tensor is what it was."""
    now = state(memory)
    return now[0] == before[0] and all(torch.equal(a, b) for a, b in zip(now[1], before[1]))


@pytest.mark.parametrize("kind", ["cosine", "dot", "euclidean"])
def test_just_written_key_is_found(kind):
    """Every stored key finds itself, at its best possible similarity."""
    memory = fill(KeyValueMemory(10, 6, 2), 6)
    reading = memory.read(memory.keys, similarity_kind=kind)
    assert reading.slots.squeeze(1).tolist() == list(range(6))
    assert reading.nearest_slot.tolist() == list(range(6))
    assert reading.weights.tolist() == [[1.0]] * 6
    best = {"cosine": 1.0, "dot": 1.0, "euclidean": 0.0}[kind]
    torch.testing.assert_close(reading.nearest, torch.full((6,), best))


def test_write_fills_columns_and_defaults():
    """Given columns are stored, the others get their documented defaults."""
    memory = KeyValueMemory(4, 3, 1)
    memory.write(torch.eye(3), torch.ones(3, 1), label=torch.tensor([4, 5, 6]))
    assert len(memory) == 3 and memory["label"].tolist() == [4, 5, 6]
    for name, (dtype, default) in COLUMNS.items():
        assert memory[name].dtype == dtype
        if name != "label":
            assert memory[name].tolist() == [default] * 3
    assert memory.n_bytes == 3 * (3 * 4 + 1 * 4 + 7 * 8 + 4)


def test_read_changes_nothing():
    """Reading with every option leaves every tensor as it was; only `record` counts."""
    memory = fill(KeyValueMemory(10, 6, 2), 6)
    before = state(memory)
    context = Context("documented", 6, torch.Generator().manual_seed(0))
    for read_out in ("top1", "mean", "weighted", "softmax", "vote"):
        memory.read(
            torch.randn(4, 6, generator=torch.Generator().manual_seed(1)),
            read_out=read_out, top_k=3, cut=0.1, confidence=torch.full((6,), 0.5),
            context=context, step=50,
        )  # fmt: skip
    assert is_unchanged(memory, before)


def test_read_weights_confidence_before_selection():
    """A sure entry at 0.8 beats an unsure one at 1.0; `nearest` stays the raw similarity."""
    memory = KeyValueMemory(2, 2)
    memory.write(torch.tensor([[1.0, 0.0], [0.8, 0.6]]), torch.zeros(2, 0))
    query = torch.tensor([[1.0, 0.0]])
    reading = memory.read(query, confidence=torch.tensor([0.5, 1.0]))
    assert reading.slots.tolist() == [[1]]
    assert reading.scores.item() == pytest.approx(0.8)
    assert (reading.nearest.item(), reading.nearest_slot.item()) == (1.0, 0)


def test_read_ages_entries_with_the_context():
    """Of two equal keys the younger wins under the documented context."""
    memory = KeyValueMemory(2, 2)
    key = torch.tensor([[1.0, 0.0]])
    memory.write(key.repeat(2, 1), torch.zeros(2, 0), created_at=torch.tensor([0, 400]))
    context = Context("documented", 2, torch.Generator().manual_seed(0))
    context.emotion = torch.zeros(2)
    reading = memory.read(key, read_out="mean", top_k=2, context=context, step=500)
    assert reading.slots.tolist() == [[1, 0]]
    torch.testing.assert_close(reading.scores, torch.tensor([[1.5 * 0.95, 1.5 * 0.95**5]]))


def test_reading_an_empty_memory_is_refused():
    """There is nothing to read before something is written."""
    with pytest.raises(ValueError, match="the memory is empty"):
        KeyValueMemory(2, 2).read(torch.ones(1, 2))


def test_record_counts_and_moves_confidence():
    """Entries with weight are counted; confidence moves by 0.05 up or down, the others rest."""
    memory = fill(KeyValueMemory(5, 4, 1), 4)
    queries = torch.eye(4)[[0, 0, 1]]
    reading = memory.read(queries)
    memory.record(reading, torch.tensor([True, True, False]), step=9)
    assert memory["retrieval_count"].tolist() == [2, 1, 0, 0]
    assert memory["success_count"].tolist() == [2, 0, 0, 0]
    torch.testing.assert_close(memory["confidence"], torch.tensor([0.6, 0.45, 0.5, 0.5]))
    assert memory["last_retrieved"].tolist() == [9, 9, -1, -1]


def test_record_leaves_out_entries_below_the_cut():
    """What had no weight in the answer gets no credit."""
    memory = fill(KeyValueMemory(5, 4, 1), 4)
    reading = memory.read(torch.eye(4)[:1], read_out="mean", top_k=3, cut=0.5)
    memory.record(reading, torch.tensor([True]), step=1)
    assert memory["retrieval_count"].tolist() == [1, 0, 0, 0]


def test_confidence_stays_in_its_range():
    """Many successes end at 1, many failures at 0.05."""
    memory = fill(KeyValueMemory(2, 2, 0), 2)
    for _ in range(30):
        memory.record(memory.read(torch.eye(2)), torch.tensor([True, False]), step=0)
    torch.testing.assert_close(memory["confidence"], torch.tensor([1.0, 0.05]))


def test_delete_moves_the_others_up():
    """The rest keeps its order, in every tensor, and new entries follow behind."""
    memory = fill(KeyValueMemory(6, 6, 1), 5)
    memory.delete(torch.tensor([3, 0]))
    assert memory["label"].tolist() == [1, 2, 4] == memory["source"].tolist()
    assert memory.values.squeeze(1).tolist() == [1, 2, 4]
    assert torch.equal(memory.keys, torch.eye(6)[[1, 2, 4]])
    fill(memory, 1, first=5)
    assert memory["label"].tolist() == [1, 2, 4, 5]
    memory.delete(torch.tensor([], dtype=torch.int64))
    assert len(memory) == 4


def test_oldest_goes_first():
    """Under 'oldest' the first written makes room, whatever its confidence."""
    memory = fill(KeyValueMemory(3, 3, 1), 3, confidence=torch.tensor([1.0, 0.1, 0.2]))
    fill(memory, 2, first=3)
    assert memory["label"].tolist() == [2, 3, 4]


def test_least_confident_goes_first():
    """Under 'confidence' the least sure entry makes room; among equals the oldest."""
    sure = torch.tensor([0.9, 0.2, 0.5, 0.5])
    memory = fill(KeyValueMemory(4, 4, 1, eviction="confidence"), 4, confidence=sure)
    fill(memory, 1, first=4, confidence=torch.tensor([0.7]))
    assert memory["label"].tolist() == [0, 2, 3, 4]
    fill(memory, 1, first=5, confidence=torch.tensor([0.7]))
    assert memory["label"].tolist() == [0, 3, 4, 5]


@pytest.mark.parametrize("eviction", ["oldest", "confidence"])
def test_capacity_is_never_exceeded(eviction):
    """Random writes and deletions: never above capacity, and the newest entry is always there."""
    rng = np.random.default_rng(0)
    memory, written = KeyValueMemory(7, 3, 1, eviction), 0
    for _ in range(200):
        n = int(rng.integers(1, 10))
        fill(memory, n, first=written, confidence=torch.tensor(rng.random(n), dtype=torch.float32))
        written += n
        assert len(memory) <= 7 and memory["label"][-1] == written - 1
        torch.testing.assert_close(memory.values.squeeze(1), memory["label"].float())
        if rng.random() < 0.3:
            memory.delete(torch.tensor(rng.permutation(len(memory))[:2]))


def test_a_batch_beyond_capacity_keeps_its_newest():
    """Of ten entries written at once into three slots the last three stay."""
    memory = fill(KeyValueMemory(3, 10, 1), 10)
    assert memory["label"].tolist() == [7, 8, 9]
    assert memory.values.squeeze(1).tolist() == [7, 8, 9]


def test_clone_is_independent():
    """A clone has the same entries and rules; changing it leaves the original alone."""
    memory = fill(KeyValueMemory(4, 4, 1, eviction="confidence"), 3)
    before, copy = state(memory), memory.clone()
    assert (copy.capacity, copy.eviction, len(copy)) == (4, "confidence", 3)
    assert all(torch.equal(copy[name], memory[name]) for name in COLUMNS)
    copy["confidence"].fill_(1.0)
    fill(copy, 3, first=3)
    assert is_unchanged(memory, before)


@pytest.mark.parametrize("n, d_value", [(3, 2), (3, 0), (0, 2)])
def test_from_tensors(n, d_value):
    """Entries come back bit for bit, also none at all and entries without values."""
    memory = KeyValueMemory(5, 4, d_value)
    if n:
        generator = torch.Generator().manual_seed(0)
        memory.write(
            torch.randn(n, 4, generator=generator), torch.randn(n, d_value, generator=generator),
            confidence=torch.linspace(0.05, 1, n), source=torch.arange(n) + 2**62,
        )  # fmt: skip
    check_tensors(memory.tensors(), 5, 4, d_value, 1)
    again = KeyValueMemory.from_tensors(memory.tensors(), 5, "oldest")
    assert len(again) == n and again.values.shape == (n, d_value)
    for name, tensor in memory.tensors().items():
        assert torch.equal(again.tensors()[name], tensor)
        assert again.tensors()[name].dtype == tensor.dtype


def test_a_memory_passes_its_check():
    """Whatever writing, reading and recording lead to can be saved."""
    memory = fill(KeyValueMemory(3, 4, 1), 5)
    for step in range(30):
        memory.record(memory.read(torch.ones(2, 4)), torch.tensor([step % 3 > 0, False]), step)
    check_tensors(memory.tensors(), 3, 4, 1, int(memory["label"].max()) + 1)


def changed(name, value):
    """A change of one column of the first entry."""
    return lambda t: t[name].__setitem__(0, value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda t: t.pop("keys"), "entries with .*: expected"),
        (lambda t: t.update(extra=t["label"]), "entries with .*'extra'.*: expected"),
        (lambda t: t.update(label=t["label"][:1]), "1 entries|of shape"),
        (lambda t: t.update(keys=t["keys"][:, 0]), r"keys of shape \(3,\).*expected \(3, 4\)"),
        (lambda t: t.update(keys=t["keys"].double()), "keys .*float64: expected .*float32"),
        (lambda t: t.update(values=t["values"][:, :0]), "values of shape"),
        (lambda t: t.update(label=t["label"].int()), "label .*int32: expected .*int64"),
        (lambda t: t.update(label=t["label"][0]), "label of shape|of shape"),
        (changed("keys", float("nan")), "keys holds NaN"),
        (changed("values", float("inf")), "values holds NaN or infinity"),
        (changed("confidence", float("nan")), "confidence holds NaN"),
        (changed("confidence", 0.01), r"confidence from 0.01 .*expected \[0.05, 1\]"),
        (changed("confidence", 1.5), "confidence .* to 1.5: expected"),
        (changed("label", -1), "label=-1 in an entry: expected at least 0"),
        (changed("label", 3), "label=3 in an entry: expected one of 3 classes"),
        (changed("source", -2), "source=-2"),
        (changed("exposure", 0), "exposure=0 in an entry: expected at least 1"),
        (changed("created_at", -1), "created_at=-1"),
        (changed("retrieval_count", -1), "retrieval_count=-1"),
        (changed("success_count", 1), "more successes than retrievals"),
    ],
)
def test_what_no_memory_holds(change, message):
    """Another name, type, shape or range than a memory's is refused, saying what was expected."""
    memory = fill(KeyValueMemory(5, 4, 1), 3)
    memory["label"].copy_(torch.arange(3))
    tensors = memory.clone().tensors()
    check_tensors(tensors, 3, 4, 1, 3)
    change(tensors)
    with pytest.raises(ValueError, match=message):
        check_tensors(tensors, 3, 4, 1, 3)


def test_more_entries_than_capacity():
    """What does not fit is said before anything is made."""
    tensors = fill(KeyValueMemory(5, 4, 1), 3).tensors()
    with pytest.raises(ValueError, match="3 entries: expected at most capacity=2"):
        check_tensors(tensors, 2, 4, 1, 3)


@pytest.mark.parametrize(
    "keys, values, columns, message",
    [
        (torch.ones(2, 3), torch.ones(2, 1), {}, r"keys of shape \(2, 3\): expected \(B, 4\)"),
        (torch.ones(4), torch.ones(1, 1), {}, r"keys of shape \(4,\): expected"),
        (torch.ones(2, 4), torch.ones(1, 1), {}, r"values of shape \(1, 1\): expected \(2, 1\)"),
        (torch.ones(2, 4), torch.ones(2, 2), {}, r"values of shape \(2, 2\): expected \(2, 1\)"),
        (torch.ones(2, 4), torch.ones(2, 1), {"label": torch.ones(3)}, r"label of shape \(3,\)"),
        (torch.ones(2, 4), torch.ones(2, 1), {"age": torch.ones(2)}, "unknown column 'age'"),
        (torch.full((1, 4), torch.nan), torch.ones(1, 1), {}, "NaN or infinity"),
        (torch.full((1, 4), torch.inf), torch.ones(1, 1), {}, "NaN or infinity"),
    ],
)
def test_wrong_writes_are_refused(keys, values, columns, message):
    """A shape that does not fit, an unknown column or a key that is no number: nothing is kept."""
    memory = fill(KeyValueMemory(3, 4, 1), 3)
    before = state(memory)
    with pytest.raises(ValueError, match=message):
        memory.write(keys, values, **columns)
    assert is_unchanged(memory, before)


def test_wrong_rules_are_refused():
    """Capacity below one and unknown eviction rules."""
    with pytest.raises(ValueError, match="capacity=0: expected at least 1"):
        KeyValueMemory(0, 2)
    with pytest.raises(ValueError, match="unknown eviction 'random': Valid: oldest"):
        KeyValueMemory(2, 2, eviction="random")


def contents(memory):
    """Everything stored, as lists."""
    columns = {name: memory[name].tolist() for name in COLUMNS}
    return memory.keys.tolist(), memory.values.tolist(), columns


@pytest.mark.parametrize("change", ["write", "overflow", "delete", "replace_keys", "record"])
def test_a_branch_changes_nothing_of_its_origin(change):
    """Neither side sees what the other does, whichever goes first; both end as a clone would."""
    origin = fill(KeyValueMemory(6, 4, 1), 4)

    def act(memory, seed):
        keys = torch.randn(2, 4, generator=torch.Generator().manual_seed(seed))
        if change == "write":
            memory.write(keys, keys[:, :1], label=torch.tensor([seed, seed]))
        elif change == "overflow":
            for _ in range(3):
                memory.write(keys, keys[:, :1], created_at=torch.tensor([seed, seed]))
        elif change == "delete":
            memory.delete(torch.tensor([seed]))
        elif change == "replace_keys":
            memory.replace_keys(torch.tensor([0, seed]), keys)
        else:
            reading = memory.read(keys, read_out="mean", top_k=2)
            memory.record(reading, torch.tensor([True, False]), seed)
        return contents(memory)

    before, wanted = contents(origin), [act(origin.clone(), seed) for seed in (1, 2, 3)]
    branches = [origin.branch(), origin.branch()]
    assert act(branches[0], 1) == wanted[0] and contents(origin) == before
    assert act(branches[1], 2) == wanted[1] and contents(origin) == before
    assert act(origin, 3) == wanted[2]
    assert [contents(branch) for branch in branches] == wanted[:2]


def test_a_chain_of_branches_shares_keys():
    """Each appends behind the last and takes over; keys are copied only if two have appended."""
    memory = fill(KeyValueMemory(6, 4, 1), 2)
    place = memory.keys.data_ptr()
    for _ in range(3):
        memory = fill(memory.branch(), 1)
        assert memory.keys.data_ptr() == place
    abandoned = memory
    fill(abandoned.branch(), 1)
    assert fill(abandoned, 1).keys.data_ptr() != place and len(abandoned) == 6
