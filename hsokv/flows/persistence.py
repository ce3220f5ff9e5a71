"""Save flows to folders and load them again, bit for bit.

This file turns a flow into a `Checkpoint` and back; `checkpoint` says what must be true of one,
`folder` how it lies on the disk.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, tensor

from hsokv.boundary.checks import shown
from hsokv.data.tokenizer import Tokenizer
from hsokv.flows.base import Cost, Flow
from hsokv.flows.checkpoint import Checkpoint
from hsokv.flows.folder import parse_json, read_folder, write_folder
from hsokv.flows.lexical import LexicalLearner
from hsokv.flows.library import LibraryFlow
from hsokv.flows.make import make_flow
from hsokv.memory.key_value import KeyValueMemory
from hsokv.models.device import device_of
from hsokv.models.sentence import key_source


def save_pretrained(flow: Flow, directory: str | os.PathLike) -> None:
    """Write a fitted flow to a folder, whole or not at all.

    A flow that was saved there before stays until the new one has reached the disk, also if this
    process is killed or the disk is full. Savers of one folder wait for one another. Other files
    in the folder stay. New files get the permissions that the umask leaves.

    Args:
        flow: fitted.
        directory: the folder, made if it does not exist. A symbolic link to a folder is followed;
            a symbolic link in place of a file inside is refused.

    Raises:
        sklearn.exceptions.NotFittedError: nothing has been learned yet.
        TypeError: no flow, or no path.
        ValueError: settings were changed since the flow was fitted, so that they do not describe
            what it has become; it could not be loaded, as with NaN in a weight; or the folder's
            `config.json` is of something else.
        OSError: the folder cannot be written.
    """
    if not isinstance(flow, Flow):
        raise TypeError(
            f"flow={shown(flow)} is a {type(flow).__name__}: expected a flow of make_flow, "
            "then the folder"
        )
    folder = _folder(directory)
    flow._check_fitted()
    flow._refuse_changed("to save it", "set them back, or fit it again")
    checkpoint = _capture(flow)
    try:
        checkpoint.check()
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"this {flow.flow!r} flow cannot be saved: {error}; fit it again"
        ) from error
    parts = {
        "model": save(checkpoint.weights),
        "memory": save(checkpoint.memory),
        "tokenizer": json.dumps(checkpoint.texts).encode(),
    }
    write_folder(folder, checkpoint.state, parts)


def from_pretrained(directory: str | os.PathLike, device: str = "cpu") -> Flow:
    """Read a flow written by `save_pretrained`; its predictions are the same bit for bit.

    Everything is checked before a flow is built from it. Cost, history and device are not kept: a
    flow trained on a GPU can be read without one. Folders of earlier versions, in format 1, can be
    read too.

    Args:
        directory: the folder.
        device: where the flow goes, see `make_flow`.

    Raises:
        FileNotFoundError: a file of the folder is missing.
        OSError: a file cannot be read.
        TypeError: no path.
        ValueError: a file is damaged or does not fit the others, or the device is not there.
    """
    folder = _folder(directory)
    try:
        state, parts = read_folder(folder)
        checkpoint = Checkpoint(
            _up_to_date(state),
            _tensors("model", parts["model"]),
            _tensors("memory", parts["memory"]),
            parse_json("the tokenizer", parts["tokenizer"]),
        )
        checkpoint.check()
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(
            f"{folder}: damaged checkpoint: {error}; save the flow again or take another copy"
        ) from error
    state = checkpoint.state
    settings = {"seed": state["seed"], "device": device, **state["settings"]}
    flow = make_flow(state["flow"], **settings)
    try:
        _restore(flow, checkpoint)
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ValueError(
            f"{folder}: the flow cannot be built on {device!r} ({error}): expected a whole "
            "checkpoint and room for it; free memory or save the flow again"
        ) from error
    return flow


def _up_to_date(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a flow that may have been saved under a former name."""
    name, settings = state.get("flow"), state.get("settings")
    if not isinstance(settings, dict):
        return state  # refused by what checks it
    if name == "redesign" and settings.get("encoder") == "embedding":
        state = state | {"flow": "first_redesign"}
    if name in ("lexical", "two_channels") and "title" not in settings:
        state = state | {
            "flow": "redesign" if name == "two_channels" else name,
            "settings": settings | {"title": "none"},
            "encoder": "",
        }
    return state


def _tensors(kind: str, data: bytes) -> dict[str, Tensor]:
    try:
        return load(data)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"the {kind} file holds no tensors that can be read ({type(error).__name__}: {error})"
        ) from error


def _folder(directory: Any) -> Path:
    if not isinstance(directory, (str, os.PathLike)) or not os.fspath(directory):
        raise TypeError(
            f"directory={shown(directory)}: expected the path of a folder; pass a string"
        )
    return Path(directory)


def _capture(flow: Flow) -> Checkpoint:
    """Return what makes a fitted flow."""
    state = {
        "flow": flow.flow,
        **_plain({"seed": flow.seed}),
        "settings": _plain(flow.config_.as_dict()),
        "classes": flow.classes_.tolist(),
    }
    if isinstance(flow, LibraryFlow):
        return Checkpoint(state, {}, {"label": tensor(flow.labels_)}, {"texts": flow.texts_})
    if isinstance(flow, LexicalLearner):
        texts = list(flow.texts_.values())
        state |= {"common": sorted(flow._common), "settled_at": flow._settled_at}
        state["encoder"] = key_source(flow.config_)
        return Checkpoint(state, {}, _on_cpu(flow.memory_.tensors()), {"texts": texts})
    state["counters"] = _plain(
        {
            "_step": flow.state_.step,
            "_top_k": flow.state_.top_k,
            "_n_calls": flow._n_calls,
            "_threshold": flow._threshold,
        }
    )
    state["exposures"] = [list(pair) for pair in flow._exposures.items()]
    state["known"] = {str(k): " ".join(map(str, ids)) for k, ids in flow._known.items()}
    memory = flow.memory_
    if memory is None:  # a flow without one saves an empty one
        memory = KeyValueMemory(1, flow.config_.d_model)
    weights = _on_cpu(flow.net_.state_dict())
    return Checkpoint(state, weights, _on_cpu(memory.tensors()), {"words": flow.tokenizer_.words})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values without NumPy's number types, which a user may have passed."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in values.items()}


def _on_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: each.cpu().contiguous() for name, each in tensors.items()}


def _restore(flow: Flow, checkpoint: Checkpoint) -> None:
    """Make an unfitted flow the one that was captured."""
    state = checkpoint.state
    flow.classes_ = np.array(state["classes"])
    flow._class_index = {label: i for i, label in enumerate(state["classes"])}
    flow.cost_, flow.history_, flow.convergence_steps_ = Cost(), [], float("nan")
    flow._reset()
    if isinstance(flow, LibraryFlow):
        flow.texts_, flow.labels_ = checkpoint.texts["texts"], checkpoint.memory["label"].tolist()
        flow._refit()
        return
    if isinstance(flow, LexicalLearner):
        memory = KeyValueMemory.from_tensors(
            checkpoint.memory, flow.config_.capacity, flow.config_.eviction
        )
        flow._remember(memory, checkpoint.texts["texts"])
        flow._common, flow._settled_at = frozenset(state["common"]), state["settled_at"]
        if flow.config_.reads_sentences and state["encoder"] != key_source(flow.config_):
            flow._encode_again()  # saved with another adapter
        return
    flow.tokenizer_ = Tokenizer.from_words(checkpoint.texts["words"])
    flow._build_or_grow()
    flow.net_.load_state_dict(checkpoint.weights)
    config = flow.config_
    if config.has_memory:
        rules = config.capacity, config.eviction, device_of(flow.net_)
        flow.state_.memory = KeyValueMemory.from_tensors(checkpoint.memory, *rules)
    flow._exposures = dict(state["exposures"])
    flow._known = {int(k): [int(i) for i in ids.split()] for k, ids in state["known"].items()}
    counters = state["counters"]
    flow.state_.step, flow.state_.top_k = counters["_step"], counters["_top_k"]
    flow._n_calls, flow._threshold = counters["_n_calls"], counters["_threshold"]
