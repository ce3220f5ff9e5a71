"""The network against PyTorch's own encoder, and its parts by hand."""

import pytest
import torch
from torch import nn

from hsokv.models.transformer import GatedMemoryTransformer, drop, pack, sinusoidal_positions

TEXTS = [[5, 3, 7], [2], [4, 4, 6, 8, 9, 3], [], [7, 2, 2, 5]]
SIZES = {"d_model": 16, "n_layers": 3, "n_heads": 4, "d_ff": 24}


def make(pooling="last", seed=0, **options):
    """A small network in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = GatedMemoryTransformer(
            10, 4, **(SIZES | {"dropout": 0.1, "max_len": 12, "pooling": pooling} | options)
        )
        for layer in net.layers:  # so that the reference sees biases and norms at work
            for parameter in (layer.qkv.bias, layer.out.bias, layer.norm_feed.weight):
                nn.init.normal_(parameter)
    return net.eval()


def reference(net):
    """`torch.nn.TransformerEncoder` with the same weights, in evaluation mode."""
    layer = nn.TransformerEncoderLayer(
        SIZES["d_model"], SIZES["n_heads"], SIZES["d_ff"], activation="gelu", batch_first=True
    )
    encoder = nn.TransformerEncoder(layer, SIZES["n_layers"], enable_nested_tensor=False)
    for theirs, ours in zip(encoder.layers, net.layers):
        theirs.self_attn.in_proj_weight.data = ours.qkv.weight.data
        theirs.self_attn.in_proj_bias.data = ours.qkv.bias.data
        theirs.self_attn.out_proj.load_state_dict(ours.out.state_dict())
        theirs.linear1.load_state_dict(ours.up.state_dict())
        theirs.linear2.load_state_dict(ours.down.state_dict())
        theirs.norm1.load_state_dict(ours.norm_attention.state_dict())
        theirs.norm2.load_state_dict(ours.norm_feed.state_dict())
    return encoder.eval()


def encode_padded(net, texts, length, attend_padding):
    """Pooled states by the reference, on texts padded to one length."""
    texts = [text or [0] for text in texts]
    sizes = torch.tensor([len(text) for text in texts])
    ids = torch.tensor([text + [0] * (length - len(text)) for text in texts])
    is_padding = torch.arange(length) >= sizes.unsqueeze(1)
    x = net.embedding(ids) * SIZES["d_model"] ** 0.5 + net.positions[:length]
    x = reference(net)(x, src_key_padding_mask=None if attend_padding else is_padding)
    if net.pooling == "last":
        return x[torch.arange(len(texts)), sizes - 1]
    return x.masked_fill(is_padding.unsqueeze(2), 0).sum(1) / sizes.unsqueeze(1)


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("texts", [TEXTS, [[2, 3], [4, 5]]], ids=["mixed", "equal"])
def test_encoder_equals_pytorch(pooling, texts):
    """Post-norm GELU layers on packed tokens give what PyTorch gives on padded ones."""
    net = make(pooling)
    expected = encode_padded(net, texts, 6, attend_padding=False)
    torch.testing.assert_close(net.encode(pack(texts)), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_padding_is_attended_where_asked(pooling):
    """`pad_to` equals PyTorch without a padding mask, and differs from the masked encoder."""
    net = make(pooling)
    states = net.encode(pack(TEXTS, pad_to=9))
    expected = encode_padded(net, TEXTS, 9, attend_padding=True)
    torch.testing.assert_close(states, expected, atol=1e-5, rtol=0)
    assert (states - net.encode(pack(TEXTS))).abs().max() > 0.01


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_gradients_equal_pytorch(pooling):
    """The short cut through the last layer changes no gradient."""
    net = make(pooling)
    goal = torch.randn(len(TEXTS), 16, generator=torch.Generator().manual_seed(1))
    (net.encode(pack(TEXTS)) * goal).sum().backward()
    ours = net.embedding.weight.grad.clone()
    net.zero_grad()
    (encode_padded(net, TEXTS, 6, attend_padding=False) * goal).sum().backward()
    torch.testing.assert_close(ours, net.embedding.weight.grad, atol=1e-4, rtol=1e-4)


def test_a_text_does_not_depend_on_its_batch():
    """Alone or beside longer texts, a text has the same state."""
    net = make()
    together = net.encode(pack(TEXTS))
    for i, text in enumerate(TEXTS):
        torch.testing.assert_close(net.encode(pack([text]))[0], together[i], atol=1e-5, rtol=0)


def test_pack():
    """One run of tokens with text and position of each; empty texts are one padding token."""
    batch = pack([[5, 6], [], [7]])
    assert batch.ids.tolist() == [5, 6, 0, 7]
    assert batch.rows.tolist() == [0, 0, 1, 2]
    assert batch.cols.tolist() == [0, 1, 0, 0]
    assert batch.lengths.tolist() == [2, 1, 1]
    assert batch.starts.tolist() == [0, 2, 3] and batch.longest == 2
    padded = pack([[5, 6], [7]], pad_to=3)
    assert padded.ids.tolist() == [5, 6, 0, 7, 0, 0]
    assert padded.cols.tolist() == [0, 1, 2, 0, 1, 2]
    assert padded.lengths.tolist() == [2, 1]
    assert padded.starts.tolist() == [0, 3] and padded.longest == 3


def test_sinusoidal_positions():
    """Position 0 is (0, 1, 0, 1); the first pair turns one radian a step, the second 1/100."""
    table = sinusoidal_positions(3, 4)
    assert table[0].tolist() == [0.0, 1.0, 0.0, 1.0]
    angles = torch.tensor([2.0, 0.02])
    torch.testing.assert_close(table[2, 0::2], angles.sin())
    torch.testing.assert_close(table[2, 1::2], angles.cos())


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_drop_keeps_rate_and_mean(p):
    """A share p becomes zero, the rest is scaled to the same mean; gradients follow."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.ones(1001, 301, requires_grad=True)  # not a multiple of four
        y = drop(x, p, training=True)
    lost = y == 0
    assert lost.float().mean().item() == pytest.approx(p, abs=0.005)
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    torch.testing.assert_close(y[~lost], torch.full_like(y[~lost], 1 / (1 - p)), rtol=1e-4, atol=0)
    y.sum().backward()
    torch.testing.assert_close(x.grad, y.detach())


def test_drop_does_nothing_outside_training():
    """Evaluation, and p = 0, return the input itself."""
    x = torch.ones(3, 3)
    assert drop(x, 0.5, training=False) is x and drop(x, 0.0, training=True) is x


def test_gate_mixes_read_and_state():
    """The mix is g read + (1 - g) state, with one gate g in (0, 1) per text."""
    net = make()
    generator = torch.Generator().manual_seed(0)
    pooled, read = 3 * torch.randn(2, 8, 16, generator=generator)
    logits, gate = net.fuse(pooled, read)
    assert gate.shape == (8,) and (gate > 0).all() and (gate < 1).all()
    mixed = gate.unsqueeze(1) * read + (1 - gate).unsqueeze(1) * pooled
    torch.testing.assert_close(logits, net.classifier(mixed))


def test_without_a_read_there_is_no_gate():
    """No read, or a network without a gate: the state alone is classified."""
    pooled = torch.ones(2, 16)
    for net, read in ((make(), None), (make(gated=False), torch.zeros(2, 16))):
        logits, gate = net.fuse(pooled, read)
        assert gate is None
        torch.testing.assert_close(logits, net.classifier(pooled))


def test_grow_keeps_old_rows():
    """New tokens and classes get new rows; old outputs are the same bit for bit."""
    net = make()
    before = net.fuse(net.encode(pack(TEXTS)), None)[0]
    net.grow(13, 6, torch.Generator().manual_seed(0))
    after = net.fuse(net.encode(pack(TEXTS)), None)[0]
    assert after.shape == (5, 6) and torch.equal(after[:, :4], before)
    assert net.embedding.weight.shape == (13, 16)
    assert (net.embedding.num_embeddings, net.classifier.out_features) == (13, 6)
    assert net.classifier.weight[4:].abs().max() <= 1 / 4 and net.classifier.bias[4:].sum() == 0
    assert net.encode(pack([[12, 11, 10]])).isfinite().all()
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_growing_to_no_more_changes_nothing():
    """As many tokens and classes as there are, or fewer, leave the weights alone."""
    net = make()
    weights = net.embedding.weight
    net.grow(10, 4, torch.Generator().manual_seed(0))
    net.grow(3, 1, torch.Generator().manual_seed(0))
    assert net.embedding.weight is weights and net.classifier.out_features == 4
