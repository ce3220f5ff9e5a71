"""The published encoder: found where it should be, checked, and refused in words that help."""

import shutil

import pytest
import torch

from hsokv import make_flow
from hsokv.models import sentence
from hsokv.models.sentence import encode_sentences, find_encoder, load_encoder
from tests.missing import hide_package


@pytest.fixture
def fresh(monkeypatch):
    """An encoder that has not been loaded yet, and none named."""
    monkeypatch.delenv("HSOKV_ENCODER", raising=False)
    load_encoder.cache_clear()
    yield monkeypatch
    load_encoder.cache_clear()


def test_vectors():
    """Unit length, alike for like texts, the same whatever stands beside; nothing gives zeros."""
    texts = ["a dog barked", "the puppy yelped", "interest rates rose", "", "  "]
    vectors = encode_sentences(texts)
    assert vectors.shape == (5, 384) and vectors.dtype == torch.float32
    assert vectors.norm(dim=1).tolist() == pytest.approx([1, 1, 1, 0, 0], abs=1e-5)
    similar = vectors @ vectors.T
    assert similar[0, 1] > similar[0, 2] + 0.2
    torch.testing.assert_close(encode_sentences(texts[:1]), vectors[:1], atol=1e-5, rtol=0)
    assert encode_sentences([]).shape == (0, 384)


def test_a_folder_of_ones_own(fresh, tmp_path):
    """HSOKV_ENCODER names it; a wrong name, and other weights, are refused."""
    fresh.setenv("HSOKV_ENCODER", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="has no model.safetensors: expected a folder"):
        load_encoder()
    (tmp_path / sentence.WEIGHTS).write_bytes(b"something else")
    assert find_encoder() == tmp_path
    with pytest.raises(ValueError, match="expected 53aa.*the published weights"):
        load_encoder()
    fresh.delenv("HSOKV_ENCODER")
    shutil.copytree(find_encoder(), tmp_path / "own")
    fresh.setenv("HSOKV_ENCODER", str(tmp_path / "own"))
    assert encode_sentences(["a"]).shape == (1, 384)


def test_nowhere_to_be_found(fresh):
    """Without package and network it says what to do, and nothing is learned."""

    def refuse(*_, **__):
        raise ConnectionError("no network")

    fresh.setattr(sentence, "PACKAGE", "no-such-package")
    fresh.setattr("huggingface_hub.snapshot_download", refuse)
    flow = make_flow("redesign")
    with pytest.raises(OSError, match="cannot be fetched .ConnectionError.*HSOKV_ENCODER"):
        flow.fit(["a b"], ["x"])
    assert not hasattr(flow, "cost_")


def test_the_package_is_optional(fresh):
    """Without sentence-transformers words work, and meaning names the extra to install."""
    hide_package(fresh, "sentence_transformers")
    assert make_flow("lexical").fit(["an aglet"], ["x"]).predict(["aglet"]).tolist() == ["x"]
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'hsokv\[semantic\]'"):
        make_flow("redesign").fit(["an aglet"], ["x"])
