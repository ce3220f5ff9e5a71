"""Save and load flows.

A saved flow is a folder: `config.json`, `model.safetensors`, `memory.safetensors` and
`tokenizer.json`, whose checksums `config.json` holds. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from hsokv.data.tokenizer import Tokenizer
from hsokv.flows.base import Flow
from hsokv.flows.library import LibraryFlow
from hsokv.flows.make import make_flow
from hsokv.memory.key_value import KeyValueMemory
from hsokv.models.averages import TokenAverageEncoder
from hsokv.models.device import device_of

FORMAT = 1
PARTS = ("model.safetensors", "memory.safetensors", "tokenizer.json")


def save_pretrained(flow: Flow, directory: str | Path) -> None:
    """Write a fitted flow to a folder, which is made if it does not exist.

    Raises:
        sklearn.exceptions.NotFittedError: nothing has been learned yet.
    """
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(flow)
    path = Path(directory)
    path.mkdir(parents=True, exist_ok=True)
    state = {
        "format": FORMAT,
        "flow": flow.flow,
        "seed": flow.seed,
        "settings": flow.config.as_dict(),
        "classes": flow.classes_.tolist(),
    }
    if isinstance(flow, LibraryFlow):
        save_file({}, path / "model.safetensors")
        save_file({"label": torch.tensor(flow.labels_)}, path / "memory.safetensors")
        (path / "tokenizer.json").write_text(json.dumps({"texts": flow.texts_}), encoding="utf-8")
    else:
        state["counters"] = {
            "_step": flow.state_.step,
            "_top_k": flow.state_.top_k,
            "_n_calls": flow._n_calls,
            "_threshold": flow._threshold,
        }
        state["exposures"] = list(flow._exposures.items())
        state["known"] = {str(k): " ".join(map(str, ids)) for k, ids in flow._known.items()}
        weights = flow.net_.state_dict().items()
        weights = {name: tensor.cpu().contiguous() for name, tensor in weights}
        save_file(weights, path / "model.safetensors")
        memory = flow.memory_
        if memory is None:  # a flow without one saves an empty one
            memory = KeyValueMemory(1, flow.config.d_model)
        memory.save(path / "memory.safetensors")
        flow.tokenizer_.save(path / "tokenizer.json")
    state["sha256"] = {name: _checksum(path / name) for name in PARTS}
    (path / "config.json").write_text(json.dumps(state, indent=1), encoding="utf-8")


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def from_pretrained(directory: str | Path, device: str = "cpu") -> Flow:
    """Read a flow written by `save_pretrained`; its predictions are the same bit for bit.

    Cost, history and device are not kept: a flow trained on a GPU can be read without one.

    Args:
        directory: the folder.
        device: where the flow goes, see `make_flow`.

    Raises:
        FileNotFoundError: a file of the folder is missing.
        ValueError: a file is damaged or does not fit the others, or the device is not there.
    """
    path = Path(directory)
    for name in ("config.json", *PARTS):
        if not (path / name).is_file():
            raise FileNotFoundError(
                f"{path / name} is missing: expected a folder written by save_pretrained; "
                "save the flow again"
            )
    try:
        state = json.loads((path / "config.json").read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            raise KeyError(f"format {state['format']}, this version reads {FORMAT}")
        for name in PARTS:
            if _checksum(path / name) != state["sha256"][name]:
                raise KeyError(f"{name} is not the file that was saved")
        flow = make_flow(state["flow"], seed=state["seed"], device=device, **state["settings"])
        flow._class_index = {label: i for i, label in enumerate(state["classes"])}
        flow.classes_ = np.array(state["classes"])
        _restore(flow, state, path)
    except (KeyError, TypeError, RuntimeError, UnicodeDecodeError, SafetensorError) as error:
        raise ValueError(
            f"{path}: damaged checkpoint ({type(error).__name__}: {error}); save the flow again"
        ) from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: damaged JSON ({error}); save the flow again") from error
    return flow


def _restore(flow: Flow, state: dict, path: Path) -> None:
    from hsokv.flows.base import Cost

    flow.cost_, flow.history_, flow.convergence_steps_ = Cost(), [], float("nan")
    flow._reset()
    if isinstance(flow, LibraryFlow):
        flow.texts_ = json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))["texts"]
        flow.labels_ = load_file(path / "memory.safetensors")["label"].tolist()
        if len(flow.texts_) != len(flow.labels_):
            raise KeyError(f"{len(flow.texts_)} texts and {len(flow.labels_)} labels")
        flow._refit()
        return
    config = flow.config
    flow.tokenizer_ = Tokenizer.load(path / "tokenizer.json")
    flow._build_or_grow()
    weights = load_file(path / "model.safetensors")
    prefix = "" if isinstance(flow.net_, TokenAverageEncoder) else "tokens."
    for name in (prefix + "document_counts", prefix + "vectors"):
        if name in weights and weights[name].shape != flow.net_.state_dict()[name].shape:
            raise KeyError(f"{name} does not fit the vocabulary")
    flow.net_.load_state_dict(weights)
    rules = config.capacity, config.eviction
    memory = KeyValueMemory.load(path / "memory.safetensors", *rules, device_of(flow.net_))
    if config.has_memory:
        if memory.keys.shape[1:] + memory.values.shape[1:] != (
            flow.memory_.keys.shape[1:] + flow.memory_.values.shape[1:]
        ):
            raise KeyError("the memory does not fit the width of the network")
        if len(memory) and int(memory["label"].max()) >= len(flow.classes_):
            raise KeyError("the memory holds labels that config.json does not list")
        flow.state_.memory = memory
    flow._exposures = {int(label): int(count) for label, count in state["exposures"]}
    flow._known = {int(k): [int(i) for i in ids.split()] for k, ids in state["known"].items()}
    counters = state["counters"]
    flow.state_.step, flow.state_.top_k = counters["_step"], counters["_top_k"]
    flow._n_calls, flow._threshold = counters["_n_calls"], counters["_threshold"]
