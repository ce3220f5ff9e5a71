"""The adapter: small, merged as it was trained, and refused where it does not fit."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from hsokv.models import adapter, sentence
from hsokv.models.adapter import HIDDEN, add_adapter, merge_adapter, save_adapter
from hsokv.models.sentence import encode_sentences, load_encoder, read_encoder
from hsokv.training.usages import read_texts

SHIPPED = sentence.adapter_path()
TEXTS = ["a ___ barked at us", "the tip of a lace"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An encoder with random changes, and the file that holds them."""
    torch.manual_seed(0)
    encoder = read_encoder()
    changes = add_adapter(encoder, rank=2)
    with torch.no_grad():
        for change in changes.values():
            change += 0.02 * torch.randn_like(change)
    path = tmp_path_factory.mktemp("adapter") / "a.safetensors"
    save_adapter(path, changes, {"made": "by a test"})
    return encoder.eval(), path


def test_merged_weights_answer_as_the_trained_ones(trained):
    """To the precision of 16-bit floats; and not as the published ones."""
    encoder, path = trained
    merged = read_encoder()
    merge_adapter(merged, path)
    with torch.no_grad():
        ours, theirs = read_texts(encoder, TEXTS), read_texts(merged.eval(), TEXTS)
    assert ours.numpy() == pytest.approx(theirs.numpy(), abs=2e-3)
    assert (theirs - encode_sentences(TEXTS)).abs().max() > 0.02
    assert theirs.norm(dim=1).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_at_first_nothing_is_changed():
    """Before training an adapted encoder is the published one, hidden words or not."""
    encoder = read_encoder()
    add_adapter(encoder, rank=4)
    texts = ["a dog barked", "the [MASK] of a lace"]
    with torch.no_grad():
        ours = read_texts(encoder.eval(), texts)
    assert ours.numpy() == pytest.approx(encode_sentences(texts).numpy(), abs=1e-5)


def test_only_what_is_added_is_trained(trained):
    """The published weights stay as they are."""
    encoder, _ = trained
    free = {name for name, weight in encoder.named_parameters() if weight.requires_grad}
    assert free and all(name.endswith((".down", ".up", "map.weight")) for name in free)


def test_what_ships():
    """It is at most 2 MB, of numbers only, and its notes say how it was made."""
    assert SHIPPED.stat().st_size <= 2_000_000
    assert all(tensor.isfinite().all() for tensor in load_file(SHIPPED).values())
    with adapter.safe_open(SHIPPED, "pt") as file:
        assert {"rank", "n_epochs", "pairs"} <= file.metadata().keys()


def test_the_adapted_encoder_meets_usages_and_definitions():
    """A hidden word is found by its definition, by other vectors than the published ones."""
    usages = ["The ___ of my shoelace broke off.", "He threw the prisoner down into the ___."]
    definitions = ["a small sheath of plastic on a lace end", "a dungeon with a trapdoor above"]
    vectors = encode_sentences(usages, adapted=True)
    cosines = vectors @ encode_sentences(definitions, adapted=True).T
    assert (cosines.diagonal() - cosines.flip(1).diagonal()).min() > 0.05
    assert (vectors - encode_sentences(usages)).abs().max() > 0.02
    assert load_encoder(True) is load_encoder(True) is not load_encoder()


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda found: found.pop(HIDDEN), "expected all"),
        (lambda found: found.update(other=torch.zeros(1)), "expected all"),
        (lambda found: found.update({HIDDEN: torch.zeros(2, 2)}), r"by \(2, 2\): expected"),
    ],
)
def test_a_file_that_does_not_fit(trained, tmp_path, change, message):
    """Missing, further and misshapen changes are refused, and it says what to do."""
    found = load_file(trained[1])
    change(found)
    save_file(found, tmp_path / "bad.safetensors")
    with pytest.raises(ValueError, match=f"{message}.*train the adapter again"):
        merge_adapter(read_encoder(), tmp_path / "bad.safetensors")
