"""A saved flow comes back bit for bit; a damaged one is refused."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from sklearn.exceptions import NotFittedError

from hsokv import from_pretrained, list_flows, save_pretrained
from hsokv.flows import folder as folders
from hsokv.flows.fork import fork
from tests.conftest import make_tiny
from tests.flows.saved import (
    KINDS,
    LABELS,
    PARTS,
    TEXTS,
    file_of,
    same_answers,
    visible,
)

FORMAT_1 = Path(__file__).parent / "format_1"  # saved by the version before format 2


@pytest.fixture
def checkpoint(saved, tmp_path):
    """A function that returns a fresh copy of a checkpoint, to be spoiled."""
    return lambda name: shutil.copytree(saved / name, tmp_path / name)


@pytest.mark.parametrize("name", list_flows())
def test_round_trip(task, tmp_path, name):
    """Scores, novelty and everything else are the same bits; so is what is learned later."""
    held = (task.validation.texts, task.validation.labels)
    flow = make_tiny(name).fit(task.train.texts, task.train.labels, validation=held)
    save_pretrained(flow, tmp_path / "new" / "folder")
    names = [name.partition("-")[0] for name in visible(tmp_path / "new" / "folder")]
    assert names == ["config.json", "memory", "model", "tokenizer"]
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
        for file in visible(saved / name):
            path = saved / name / file
            if path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            else:
                load_file(path)


def test_saving_twice_writes_the_same(fitted, tmp_path):
    """A folder depends on the flow alone."""
    for name in ("one", "two"):
        save_pretrained(fitted["hybrid"], tmp_path / name)
    one, two = tmp_path / "one", tmp_path / "two"
    assert visible(one) == visible(two)
    assert all((one / n).read_bytes() == (two / n).read_bytes() for n in visible(one))


def test_a_users_files_stay(checkpoint, fitted):
    """Saving deletes what saving made and nothing else."""
    folder = checkpoint("hybrid")
    former = {file_of(folder, part).name for part in PARTS}
    own = ["notes.txt", "model-final.safetensors", "model.safetensors", "tokenizer.json", ".hidden"]
    for name in own:
        (folder / name).write_text("mine")
    (folder / "memory-0123456789abcdef.safetensors").mkdir()
    save_pretrained(fitted["bm25"], folder)
    assert not former & set(visible(folder))
    assert all((folder / name).read_text() == "mine" for name in own)
    assert len(visible(folder)) == 4 + 4 + 1


@pytest.mark.parametrize(
    "name, changes",
    [
        ("simple_kv", {"d_model": 64}),
        ("simple_kv", {"flow": "current", "d_model": 16, "n_heads": 2}),
        ("simple_kv", {"capacity": 2}),
        ("nearest_neighbor", {"fusion": "gate", "training": "steps"}),
        ("hybrid", {"encoder": "embedding"}),
        ("hybrid", {"n_layers": 1}),
        ("kv_only", {"seed": 1}),
        ("bm25", {"library": "tfidf_neighbor"}),
    ],
)
def test_changed_settings_are_not_saved(tmp_path, name, changes):
    """Settings that do not describe what was fitted are refused by name and value."""
    flow = make_tiny(name).fit(TEXTS, LABELS)
    before = flow.get_params()
    save_pretrained(flow, tmp_path)
    flow.set_params(**changes)
    setting = "encoder" if "flow" in changes else next(iter(changes))
    now = f"{setting}={flow.get_params()[setting]!r}"
    message = f"{now}, but this flow has learned with {setting}={before[setting]!r}"
    with pytest.raises(ValueError, match=message + ".*fit it again"):
        save_pretrained(flow, tmp_path)
    flow.set_params(**before)
    assert same_answers(from_pretrained(tmp_path), flow, TEXTS)
    save_pretrained(flow, tmp_path)


def test_settings_of_reading_are_saved(tmp_path):
    """They act at once, so that they describe the flow whenever they are changed."""
    flow = make_tiny("kv_only").fit(TEXTS, LABELS)
    flow.set_params(top_k=2, temperature=0.5, read_out="softmax", read_cut=0.1)
    save_pretrained(flow, tmp_path)
    loaded = from_pretrained(tmp_path)
    assert loaded.get_params() == flow.get_params() and same_answers(loaded, flow, TEXTS)
    save_pretrained(loaded, tmp_path)
    with pytest.raises(ValueError, match="capacity=2, but this flow has learned with cap"):
        save_pretrained(loaded.set_params(capacity=2), tmp_path)


def test_a_fork_is_saved(tmp_path):
    """Its switches describe it, as a fit with them would."""
    flow = fork(make_tiny("simple_kv").fit(TEXTS, LABELS), key_refresh=True)
    save_pretrained(flow, tmp_path)
    assert from_pretrained(tmp_path).config.key_refresh


def test_settings_of_numpy_are_saved(tmp_path):
    """Numbers from a grid of NumPy arrays are numbers."""
    flow = make_tiny(
        "first_redesign", seed=np.int64(3), top_k=np.int64(2), temperature=np.float32(0.5)
    )
    save_pretrained(flow.fit(TEXTS, LABELS), tmp_path)
    assert same_answers(from_pretrained(tmp_path), flow, TEXTS)


@pytest.mark.parametrize("name", ["hybrid", "first_redesign"])
def test_what_could_not_be_loaded_is_not_saved(checkpoint, name):
    """NaN in a weight or a key is found before anything is written; the former flow stays."""
    folder = checkpoint(name)
    flow, kept = from_pretrained(folder), from_pretrained(folder)
    next(flow.net_.parameters()).data[0, 0] = float("nan")
    with pytest.raises(ValueError, match="cannot be saved: .* with NaN or infinity.*fit it again"):
        save_pretrained(flow, folder)
    assert same_answers(from_pretrained(folder), kept, TEXTS)
    kept.memory_.keys[0, 0] = float("inf")
    with pytest.raises(ValueError, match="cannot be saved: keys holds NaN"):
        save_pretrained(kept, folder)


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6),
    numbers=st.sampled_from([None, int, float]),
)
def test_any_text_comes_back(tmp_path_factory, pairs, numbers):
    """Whatever texts and labels hold, a loaded flow knows them."""
    texts = [text for text, _ in pairs]
    labels = [numbers(i) if numbers else f"{label}." for i, (_, label) in enumerate(pairs)]
    flow, folder = make_tiny("first_redesign").fit(texts, labels), tmp_path_factory.mktemp("any")
    save_pretrained(flow, folder)
    loaded = from_pretrained(folder)
    assert loaded.classes_.tolist() == flow.classes_.tolist()
    assert loaded.classes_.dtype == flow.classes_.dtype
    assert loaded.tokenizer_.words == flow.tokenizer_.words
    assert same_answers(loaded, flow, texts)


@pytest.mark.parametrize("name", ["redesign", "hybrid", "bm25"])
def test_format_1_is_read(tmp_path, name):
    """A folder of the first format loads, answers, learns, and is replaced by one of the second."""
    folder = shutil.copytree(FORMAT_1 / name, tmp_path / name)
    former = visible(folder)
    flow = from_pretrained(folder)
    assert flow.flow == {"redesign": "first_redesign"}.get(name, name)  # its name today
    assert flow.predict(TEXTS).tolist() == LABELS
    save_pretrained(flow, folder)
    assert json.loads((folder / "config.json").read_text("utf8"))["format"] == 2
    assert set(former) & set(visible(folder)) == {"config.json"} and len(visible(folder)) == 4
    assert same_answers(from_pretrained(folder), flow, TEXTS)
    flow.partial_fit(["five gold rings"], ["e"])
    assert flow.classes_.tolist() == [*LABELS, "e"] and flow.predict(TEXTS[:1]) == ["a"]


@pytest.mark.parametrize("part", PARTS)
def test_damaged_format_1(tmp_path, part):
    """The checksums of its parts hold as before."""
    folder = shutil.copytree(FORMAT_1 / "hybrid", tmp_path / "hybrid")
    (path,) = folder.glob(f"{part}.*")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=rf"damaged.*{part}\.\w+ is not the file that was saved"):
        from_pretrained(folder)


@pytest.mark.parametrize("part", ["config", *PARTS])
def test_missing_file(checkpoint, part):
    """The error names the file and says what to do."""
    folder = checkpoint("hybrid")
    path = file_of(folder, part)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{path.name} is missing.*save the flow again"):
        from_pretrained(folder)
    with pytest.raises(FileNotFoundError, match="config.json is missing"):
        from_pretrained(folder / "no such folder")


def flip(data):
    """Change one bit near the end."""
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:-7], flip, lambda d: b"\xff\xfe"])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", KINDS)
def test_damaged_file(checkpoint, name, part, spoil):
    """Emptied, cut short, one bit flipped or overwritten: refused, naming folder and file."""
    path = file_of(checkpoint(name), part)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{name}.*damaged.*{path.name}.*save the flow again"):
        from_pretrained(path.parent)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe", b'{"format": 99}', b'{"format": true}',
        b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "sha256": {}}', b"[" * 200_000,
        b'{"format": 2, "a": ' + b'{"a":' * 700 + b"1" + b"}" * 701, b'{"format": ' + b"9" * 5000,
    ],
)  # fmt: skip
def test_damaged_config(checkpoint, content):
    """A configuration that is no such file, or of another version, is refused."""
    folder = checkpoint("hybrid")
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged.*config\.json.*save the flow again"):
        from_pretrained(folder)


@pytest.mark.parametrize("part", ["model", "memory"])
def test_files_of_two_checkpoints(checkpoint, part):
    """Files of different flows do not go together, whole as each of them is."""
    path = file_of(checkpoint("hybrid"), part)
    shutil.copy(file_of(checkpoint("first_redesign"), part), path)
    with pytest.raises(ValueError, match=f"{path.name} is not the file that was saved"):
        from_pretrained(path.parent)


def test_a_reader_between_two_savers(checkpoint, fitted, monkeypatch):
    """Whoever has read the former config.json when its files go reads the new one."""
    folder, real, saves = checkpoint("hybrid"), folders._read, []

    def read(path):
        if path.name != "config.json" and len(saves) < 3:
            saves.append(path.name)
            save_pretrained(fitted["bm25" if len(saves) % 2 else "hybrid"], folder)
        return real(path)

    monkeypatch.setattr(folders, "_read", read)
    loaded = from_pretrained(folder)
    assert len(saves) == 3 and same_answers(loaded, fitted["bm25"], TEXTS)


def test_a_link_to_a_folder_is_followed(checkpoint, fitted, tmp_path):
    """Link and folder stay what they are; the flow goes where the link points."""
    folder, link = checkpoint("hybrid"), tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    save_pretrained(fitted["bm25"], link)
    assert (
        link.is_symlink() and from_pretrained(folder).flow == from_pretrained(link).flow == "bm25"
    )


@pytest.mark.parametrize("part", ["config", *PARTS])
def test_a_link_in_place_of_a_file_is_refused(checkpoint, fitted, tmp_path, part):
    """What it points to is not written to, and the folder stays as it is."""
    folder, other = checkpoint("hybrid"), tmp_path / "other"
    path = file_of(folder, part)
    path.rename(other)
    path.symlink_to(other)
    before = other.read_bytes()
    assert same_answers(from_pretrained(folder), fitted["hybrid"], TEXTS)
    with pytest.raises(ValueError, match=f"{path.name} is a symbolic link.*another folder"):
        save_pretrained(fitted["hybrid"], folder)
    assert path.is_symlink() and other.read_bytes() == before
    assert same_answers(from_pretrained(folder), fitted["hybrid"], TEXTS)


@pytest.mark.parametrize("mask, mode", [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(fitted, tmp_path, mask, mode):
    """All files alike, as a file that one makes by hand."""
    before = os.umask(mask)
    try:
        save_pretrained(fitted["hybrid"], tmp_path / "flow")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "flow").iterdir()}
    assert modes == {mode}


def test_what_is_no_folder(fitted, tmp_path):
    """Errors of the operating system name the path and say what was expected."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "taken" / "config.json").mkdir(parents=True)
    for name in ("file", "taken", "x" * 300):
        with pytest.raises(OSError, match=rf"{name}.*saving failed.*folder that can be written"):
            save_pretrained(fitted["bm25"], tmp_path / name)
        with pytest.raises(OSError, match=rf"{name}.*cannot be read.*expected a file in a folder"):
            from_pretrained(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
    assert (tmp_path / "taken" / "config.json").is_dir()


@pytest.mark.parametrize("directory", [None, 3, "", b"folder", ["folder"]])
def test_what_is_no_path(fitted, directory):
    """The path is checked before anything is done."""
    with pytest.raises(TypeError, match="directory=.*: expected the path of a folder"):
        save_pretrained(fitted["bm25"], directory)
    with pytest.raises(TypeError, match="directory=.*: expected the path of a folder"):
        from_pretrained(directory)
    with pytest.raises(TypeError, match="flow=.*: expected a flow of make_flow"):
        save_pretrained(directory, "folder")


def test_an_unknown_device_is_no_damage(saved):
    """What is wrong with the call is not blamed on the folder."""
    with pytest.raises(ValueError, match="unknown device 'gpu'"):
        from_pretrained(saved / "hybrid", device="gpu")


def test_a_flow_without_room(checkpoint, monkeypatch):
    """Memory that runs out while the flow is built is said to."""

    def fail(*sizes, **kwargs):
        raise RuntimeError("can't allocate memory")

    monkeypatch.setattr(torch, "zeros", fail)
    with pytest.raises(ValueError, match="cannot be built on 'cpu' .*can't allocate.*free memory"):
        from_pretrained(checkpoint("first_redesign"))


def test_a_folder_of_something_else_stays(fitted, tmp_path):
    """Another tool's configuration is not replaced, nor a file that only has a name of ours."""
    own = tmp_path / "model-0123456789abcdef.safetensors"
    own.write_bytes(b"mine")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="is of something else .*save to another folder"):
        save_pretrained(fitted["bm25"], tmp_path)
    assert (tmp_path / "config.json").read_text() == '{"model_type": "bert"}'
    (tmp_path / "config.json").unlink()
    save_pretrained(fitted["bm25"], tmp_path)
    assert own.read_bytes() == b"mine"
