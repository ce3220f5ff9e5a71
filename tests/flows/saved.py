"""Shared by the tests of saving: what is compared, and how a checkpoint is tampered with."""

import hashlib
import json

import numpy as np
from safetensors.torch import load_file, save

from hsokv.flows.folder import encode_config, name_of

# One of each shape of checkpoint.
KINDS = ("current", "hybrid", "fine_tune", "first_redesign", "lexical", "bm25")
PARTS = ("model", "memory", "tokenizer")
TEXTS = ["red apple pie", "green pear tart", "blue sea fish", "wide open sky"]
LABELS = ["a", "b", "c", "d"]


def same_answers(one, two, texts):
    """Whether two flows answer alike to the last bit."""
    first, second = one.answer(texts), two.answer(texts)
    return all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(vars(first).values(), vars(second).values())
    )


def visible(folder):
    """Names of the files that a user sees."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def file_of(folder, part):
    """The path of config.json or of a part."""
    if part == "config":
        return folder / "config.json"
    (path,) = folder.glob(f"{part}-*")
    return path


def tamper(folder, part, change):
    """Change what a file holds, in place or by returning another, and redo every checksum."""
    config = folder / "config.json"
    state = json.loads(config.read_text("utf8"))
    del state["sha256"]
    if part == "config":
        state = change(state) or state
    else:
        path = file_of(folder, part)
        if part == "tokenizer":
            content = json.loads(path.read_text("utf8"))
            data = json.dumps(change(content) or content).encode()
        else:
            content = load_file(path)
            data = save(change(content) or content)
        digest = hashlib.sha256(data).hexdigest()
        path.rename(folder / name_of(part, digest)).write_bytes(data)
        state["parts"] = {
            name_of(part, digest) if name == path.name else name: digest
            if name == path.name else old for name, old in state["parts"].items()
        }  # fmt: skip
    config.write_bytes(encode_config(state))
