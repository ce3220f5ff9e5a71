"""A saved flow comes back bit for bit; a damaged one is refused."""

import json
import shutil

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from sklearn.exceptions import NotFittedError

from hsokv import from_pretrained, list_flows, save_pretrained
from hsokv.flows.persistence import _checksum
from tests.conftest import make_tiny

FILES = ("config.json", "model.safetensors", "memory.safetensors", "tokenizer.json")
KINDS = ("current", "hybrid", "fine_tune", "redesign", "bm25")  # one of each shape of checkpoint
TEXTS = ["red apple pie", "green pear tart", "blue sea fish", "wide open sky"]
LABELS = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    """A folder with a checkpoint of each kind; do not change them."""
    folder = tmp_path_factory.mktemp("saved")
    for name in KINDS:
        save_pretrained(fitted[name], folder / name)
    return folder


@pytest.fixture
def checkpoint(saved, tmp_path):
    """A function that returns a fresh copy of a checkpoint, to be spoiled."""
    return lambda name: shutil.copytree(saved / name, tmp_path / name)


def same_answers(one, two, texts):
    """Whether two flows answer alike to the last bit."""
    first, second = one.answer(texts), two.answer(texts)
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(vars(first).values(), vars(second).values())
    )


@pytest.mark.parametrize("name", list_flows())
def test_round_trip(task, tmp_path, name):
    """Scores, novelty and everything else are the same bits; so is what is learned later."""
    held = (task.validation.texts, task.validation.labels)
    flow = make_tiny(name).fit(task.train.texts, task.train.labels, validation=held)
    save_pretrained(flow, tmp_path / "new" / "folder")
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == sorted(FILES)
    loaded = from_pretrained(tmp_path / "new" / "folder")
    assert type(loaded) is type(flow) and loaded.get_params() == flow.get_params()
    assert loaded.classes_.tolist() == flow.classes_.tolist()
    assert loaded.memory_bytes == flow.memory_bytes
    texts = [text for c in ("verbatim", "unseen") for text in task.test(c, 1).texts]
    assert np.array_equal(loaded.predict_proba(texts), flow.predict_proba(texts))
    assert np.array_equal(loaded.novelty(texts), flow.novelty(texts))
    assert same_answers(flow, loaded, texts)
    for each in (flow, loaded):
        each.partial_fit([*TEXTS, "red apple cake"], [*LABELS, "a"])
    assert loaded.classes_.tolist()[10:] == LABELS and same_answers(flow, loaded, texts + TEXTS)


def test_integer_labels(tmp_path):
    """Integers stay integers."""
    flow = make_tiny("nearest_neighbor").fit(TEXTS, [3, 1, 2, 0])
    save_pretrained(flow, tmp_path)
    loaded = from_pretrained(tmp_path).partial_fit(["one more"], [9])
    assert loaded.classes_.tolist() == [0, 1, 2, 3, 9] and loaded.classes_.dtype.kind == "i"


def test_empty_memory(tmp_path):
    """A gated flow that wrote nothing can be loaded, and can write later."""
    never = {"surprise_threshold": 1e9, "first_exposure_threshold": 1e9, "novelty_threshold": 2.0}
    flow = make_tiny("kv_only", **never).fit(TEXTS, LABELS)
    save_pretrained(flow, tmp_path)
    loaded = from_pretrained(tmp_path)
    assert same_answers(flow, loaded, TEXTS)
    loaded.set_params(surprise_threshold=0.0, first_exposure_threshold=0.0)
    assert len(loaded.fit(TEXTS, LABELS).memory_) == 4


def test_saving_over_a_checkpoint(checkpoint, fitted, task):
    """A folder can be used again, also for another flow."""
    folder = checkpoint("hybrid")
    save_pretrained(fitted["bm25"], folder)
    assert same_answers(from_pretrained(folder), fitted["bm25"], task.test("infer").texts)


def test_an_unfitted_flow_is_not_saved(tmp_path):
    """There is nothing to save before learning."""
    with pytest.raises(NotFittedError):
        save_pretrained(make_tiny("hybrid"), tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_nothing_is_pickled(saved):
    """Only JSON and safetensors are written."""
    for name in KINDS:
        for path in (saved / name).iterdir():
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            else:
                load_file(path)


@pytest.mark.parametrize("file", FILES)
def test_missing_file(checkpoint, file):
    """The error names the file and says what to do."""
    folder = checkpoint("hybrid")
    (folder / file).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{file} is missing.*save the flow again"):
        from_pretrained(folder)
    with pytest.raises(FileNotFoundError, match="config.json is missing"):
        from_pretrained(folder / "no such folder")


def flip(data):
    """Change one bit near the end."""
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:-7], flip, lambda d: b"\xff\xfe"])
@pytest.mark.parametrize("file", FILES[1:])
@pytest.mark.parametrize("name", KINDS)
def test_damaged_file(checkpoint, name, file, spoil):
    """Emptied, cut short, one bit flipped or overwritten: refused, naming folder and file."""
    folder = checkpoint(name)
    (folder / file).write_bytes(spoil((folder / file).read_bytes()))
    with pytest.raises(ValueError, match=rf"{name}.*damaged.*{file}.*save the flow again"):
        from_pretrained(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe", b'{"format": 99}'])
def test_damaged_config(checkpoint, content):
    """A configuration that is no such file, or of another version, is refused."""
    folder = checkpoint("hybrid")
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged.*save the flow again"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"flow": "hybird"}, "unknown flow 'hybird': did you mean 'hybrid'"),
        ({"settings": {"topk": 1}}, "unknown flow setting 'topk'"),
        ({"settings": {"d_model": 32}}, "damaged checkpoint"),
        ({"classes": ["a"]}, "damaged checkpoint"),
        ({"counters": {}}, "damaged checkpoint"),
        ({"sha256": {}}, "damaged checkpoint"),
        ({"exposures": None}, "damaged checkpoint"),
    ],
)
def test_config_that_does_not_fit(checkpoint, change, message):
    """A configuration that does not go with the other files is refused."""
    folder = checkpoint("hybrid")
    state = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(state | change), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        from_pretrained(folder)


@pytest.mark.parametrize("file", ["model.safetensors", "memory.safetensors"])
def test_files_of_two_checkpoints(checkpoint, file):
    """Files of different flows do not go together, whole as each of them is."""
    folder = checkpoint("hybrid")
    shutil.copy(checkpoint("redesign") / file, folder / file)
    with pytest.raises(ValueError, match=f"{file} is not the file that was saved"):
        from_pretrained(folder)


def test_memory_of_another_width(checkpoint):
    """A memory whose keys do not fit the network is refused even if the checksum was redone."""
    folder = checkpoint("current")
    path = folder / "memory.safetensors"
    tensors = load_file(path)
    save_file(tensors | {"keys": tensors["keys"][:, :8].contiguous()}, path)
    state = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    state["sha256"][path.name] = _checksum(path)
    (folder / "config.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(ValueError, match="the memory does not fit the width of the network"):
        from_pretrained(folder)
