"""Four passages and four questions, by words that a stand-in for the encoder knows."""

import numpy as np
import pytest
import torch

from hsokv.data.multihop import make_multihop
from hsokv.experiments.linked_passages import methods

AXES = {"diver": 0, "lake": 1, "port": 2, "clay": 3}
PASSAGES = [
    ("Ada Orr", "A diver who trained at Lake Umber."),
    ("Lake Umber", "It is sixty deep; a lake."),
    ("Velm", "A port of wool."),
    ("Clay", "A clay of brown colour."),
]
ASKED = {
    "How deep is it where the diver trained?": (0, 1),
    "What has the port and the clay?": (2, 3),
    "What diver, deep down?": (0, 1),
    "Which wool port has brown clay?": (2, 3),
}


def encode(texts):
    """Vectors that point to the words above, and a little elsewhere."""
    vectors = np.full((len(texts), 384), 1e-3, np.float32)
    for row, text in zip(vectors, texts):
        row += 0.05 * np.random.default_rng(list(text.encode())).standard_normal(384)
        for word in text.lower().replace(".", " ").replace(",", " ").split():
            row[AXES.get(word, 9)] += 1
    return torch.tensor(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def known(monkeypatch):
    """Encode by the words above, and let all samples be the passages above."""
    gold = [[PASSAGES[i] for i in places] for places in ASKED.values()]
    monkeypatch.setattr(methods, "encode_sentences", encode)
    monkeypatch.setattr(
        methods, "load_multihop", lambda name: make_multihop(PASSAGES, list(ASKED), gold)
    )
    for cached in (methods.load_case, methods._search):
        cached.cache_clear()
    yield
    for cached in (methods.load_case, methods._search):
        cached.cache_clear()
