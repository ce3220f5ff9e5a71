"""What a saved flow consists of, and what must be true of it.

The same checks run before a flow is saved and before one is built from what was read, so that
nothing is saved that cannot be loaded. Sizes are compared with the tensors that are there before
anything of that size is made.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from hsokv.boundary.checks import check_keys, check_params, shown
from hsokv.boundary.inputs import check_labels, check_texts
from hsokv.config import FlowConfig
from hsokv.data.tokenizer import Tokenizer
from hsokv.flows.base import RESERVED
from hsokv.flows.learner import MemoryLearner
from hsokv.flows.lexical import LexicalLearner
from hsokv.flows.make import KINDS
from hsokv.flows.named import FLOWS
from hsokv.memory.entries import COLUMNS
from hsokv.memory.tensors import check_tensors
from hsokv.models.build import tensors_of_network
from hsokv.models.sentence import key_width

STATE = {"flow": str, "seed": int, "settings": dict, "classes": list}
LEARNER_STATE = {"counters": dict, "exposures": list, "known": dict}
LEXICAL_STATE = {"common": list, "settled_at": int, "encoder": str}
OWN_STATE = {MemoryLearner: LEARNER_STATE, LexicalLearner: LEXICAL_STATE}
BYTES_OF_COLUMNS = sum(dtype.itemsize for dtype, _ in COLUMNS.values())  # per entry
LEAST_COUNTERS = {"_step": 0, "_top_k": 1, "_n_calls": 1}


@dataclass(frozen=True)
class Checkpoint:
    """A fitted flow as plain values and tensors.

    Attributes:
        state: flow, seed, settings and classes; of a learner also its counters, the exposures of
            each class and the known texts; of a lexical flow its common words.
        weights: the network's tensors by name; none where there is no network.
        memory: see `KeyValueMemory.tensors`; for a library flow the stored labels.
        texts: the vocabulary as 'words', or the stored 'texts' of a library or lexical flow.
    """

    state: dict[str, Any]
    weights: dict[str, Tensor]
    memory: dict[str, Tensor]
    texts: dict[str, list[str]]

    def check(self) -> None:
        """Check that a flow can be built from this.

        Raises:
            ValueError: something is of another type or size, out of range or does not fit the rest.
        """
        config = self._check_state()
        if config.encoder == "library":
            self._check_library()
            return
        if config.encoder == "lexical":
            self._check_lexical(config)
            return
        _expect(list(self.texts) == ["words"], f"tokenizer with {list(self.texts)}", "words")
        n_tokens = len(Tokenizer.from_words(self.texts["words"]))
        n_classes = len(self.state["classes"])
        self._check_counters()
        self._check_exposures(n_classes)
        self._check_known(n_tokens)
        self._check_weights(config, n_tokens, n_classes)
        _check_room(config)
        capacity = config.capacity if config.has_memory else 0
        check_tensors(self.memory, capacity, config.d_model, value_width(config), n_classes)

    def _check_state(self) -> FlowConfig:
        flow = self.state.get("flow")
        named = FLOWS[flow].encoder if isinstance(flow, str) and flow in FLOWS else "transformer"
        its_kind = KINDS[named]
        types = STATE | OWN_STATE.get(its_kind, {})
        for name, kind in types.items():
            value = self.state.get(name)
            _expect(type(value) is kind, f"{name}={shown(value)}", kind.__name__)
        check_keys(self.state, types, "entry")
        check_keys([flow], FLOWS, "flow")
        settings = self.state["settings"]
        check_keys(settings, [field.name for field in fields(FlowConfig)], "flow setting")
        for name, value in settings.items():
            _expect(_is_sound(value), f"{name}={shown(value)}", "a number of usual size")
        config = check_params(FlowConfig, FLOWS[flow].as_dict() | settings)
        _expect(
            KINDS[config.encoder] is its_kind,
            f"flow={flow!r} with encoder={config.encoder!r}",
            f"one of the same kind as {named!r}, its own",
        )
        classes = self.state["classes"]
        kinds = {type(label) for label in classes}
        _expect(
            len(kinds) == 1 and kinds <= {str, int, float, bool},
            f"classes={shown(classes)}",
            "labels of one kind, strings or numbers",
        )
        _expect(
            len(set(classes)) == len(classes) and not set(RESERVED) & set(classes),
            f"classes={shown(classes)}",
            f"each once and none of them in {RESERVED}",
        )
        if kinds <= {str, int}:
            check_labels(classes, RESERVED, "classes")
        if kinds == {float}:
            finite = all(map(math.isfinite, classes))
            _expect(finite, f"classes={shown(classes)}", "finite numbers")
        return config

    def _check_texts(self) -> list[str]:
        """Check what is saved of a flow that keeps texts and no network, and return the texts."""
        texts = self.texts.get("texts")
        is_list = isinstance(texts, list) and len(self.texts) == 1
        _expect(is_list, "tokenizer", "a list of texts and nothing else")
        _expect(not self.weights, f"model with {sorted(self.weights)}", "no weights")
        return check_texts(texts)

    def _check_lexical(self, config: FlowConfig) -> None:
        texts = self._check_texts()
        _check_room(config)
        n_classes = len(self.state["classes"])
        check_tensors(self.memory, config.capacity, key_width(config), 0, n_classes)
        numbers = self.memory["source"]
        _expect(
            len(numbers) == len(texts) and (numbers[1:] > numbers[:-1]).all(),
            f"{len(numbers)} entries with numbers {shown(numbers.tolist())}",
            f"one for each of {len(texts)} texts, in rising order",
        )
        check_texts(self.state["common"], "common", least=0)
        settled = self.state["settled_at"]
        _expect(_is_count(settled, 0), f"settled_at={shown(settled)}", "a count of entries")

    def _check_library(self) -> None:
        texts = self._check_texts()
        _expect(list(self.memory) == ["label"], f"memory with {sorted(self.memory)}", "label only")
        labels, n_classes = self.memory["label"], len(self.state["classes"])
        _expect(
            labels.ndim == 1 and len(labels) == len(texts) and labels.dtype == torch.int64,
            f"labels of shape {tuple(labels.shape)} and {labels.dtype}",
            f"one for each of {len(texts)} texts",
        )
        low, high = int(labels.min()), int(labels.max())
        _expect(
            0 <= low <= high < n_classes, f"labels {low} to {high}", f"those of {n_classes} classes"
        )

    def _check_counters(self) -> None:
        counters = self.state["counters"]
        names = sorted([*LEAST_COUNTERS, "_threshold"])
        _expect(sorted(counters) == names, f"counters={shown(counters)}", f"{names}")
        for name, least in LEAST_COUNTERS.items():
            found = f"{name}={shown(counters[name])}"
            _expect(_is_count(counters[name], least), found, f"an integer of at least {least}")
        threshold = counters["_threshold"]
        _expect(
            isinstance(threshold, float) and threshold < math.inf,
            f"_threshold={shown(threshold)}",
            "a finite number or -Infinity",
        )

    def _check_exposures(self, n_classes: int) -> None:
        seen = set()
        for pair in self.state["exposures"]:
            _expect(
                isinstance(pair, list)
                and len(pair) == 2
                and _is_count(pair[0], 0)
                and pair[0] < n_classes
                and _is_count(pair[1], 1)
                and pair[0] not in seen,
                f"exposures with {shown(pair)}",
                f"[class below {n_classes}, count of at least 1], each class once",
            )
            seen.add(pair[0])

    def _check_known(self, n_tokens: int) -> None:
        for source, ids in self.state["known"].items():
            _expect(
                re.fullmatch("[0-9]{1,19}", source) and int(source) < 2**63,
                f"known text {shown(source)}",
                "the number of a text",
            )
            is_text = isinstance(ids, str) and re.fullmatch("([0-9]+( [0-9]+)*)?", ids)
            _expect(
                is_text and all(len(i) < 10 and int(i) < n_tokens for i in ids.split()),
                f"known text {source}: {shown(ids)}",
                f"token ids below {n_tokens}",
            )

    def _check_weights(self, config: FlowConfig, n_tokens: int, n_classes: int) -> None:
        seen = set()
        for name, shape, dtype in tensors_of_network(config, n_tokens, n_classes):
            tensor = self.weights.get(name)
            _expect(tensor is not None, f"model without {name}", "it, as the settings say")
            _expect(
                tuple(tensor.shape) == shape and tensor.dtype == dtype,
                f"{name} of shape {tuple(tensor.shape)} and {tensor.dtype}",
                f"{shape} and {dtype} by settings, vocabulary and classes",
            )
            if dtype.is_floating_point:
                _expect(tensor.isfinite().all(), f"{name} with NaN or infinity", "finite weights")
            else:
                _expect((tensor >= 0).all(), f"{name} with negative counts", "at least 0")
            seen.add(name)
        check_keys(self.weights, seen, "tensor of the model")


def value_width(config: FlowConfig) -> int:
    """Return the width of a stored value: a state's under a gate, else 0."""
    return config.d_model if config.fusion == "gate" else 0


def _check_room(config: FlowConfig) -> None:
    """Check what no tensor shows: room for the memory's capacity and the longest text."""
    rows = max(config.max_len, config.pad_to) if config.encoder == "transformer" else 0
    n_bytes = 4 * config.d_model * rows
    if config.has_memory:
        d_key = key_width(config) if config.encoder == "lexical" else config.d_model
        n_bytes += config.capacity * (4 * (d_key + value_width(config)) + BYTES_OF_COLUMNS)
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    _expect(
        n_bytes <= here,
        f"capacity={config.capacity}, max_len={config.max_len}, pad_to={config.pad_to} at "
        f"d_model={config.d_model} take {n_bytes / 2**30:.3g} GiB",
        f"at most the {here / 2**30:.3g} GiB of this machine",
    )


def _is_count(value: Any, least: int) -> bool:
    return type(value) is int and least <= value < 2**63


def _is_sound(value: Any) -> bool:
    """Whether a setting is no NaN and no integer that no tensor can hold."""
    if isinstance(value, float):
        return not math.isnan(value)
    return not isinstance(value, int) or abs(value) < 2**63


def _expect(condition: Any, found: str, expected: str) -> None:
    if not condition:
        raise ValueError(f"{found}: expected {expected}")
