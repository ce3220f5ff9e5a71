"""The learner's network in one file: a transformer encoder, a memory gate and a classifier.

Texts travel *packed*: a batch of B texts with T tokens in all is one (T, d) matrix, so no position
is ever spent on padding; only the small attention products see a padded (B, H, L, L) view.
With last-token pooling the last layer computes its query for that one token alone, which changes
no result. `pad_to` restores the predecessor's behaviour: every text padded, padding attended.

Axes: B texts, T tokens of the batch, L longest text, H heads, d model width, C classes.
Source: Vaswani et al. (2017), post-norm layers; reference equality with
`torch.nn.TransformerEncoder` is tested.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hsokv.data.tokenizer import PAD_ID


class Packed(NamedTuple):
    """A batch of B texts as one run of T tokens.

    Attributes:
        ids: token ids, (T,), int64.
        rows: the text each token belongs to, (T,), int64.
        cols: the position of each token in its text, (T,), int64.
        lengths: real tokens per text (padding not counted), (B,), int64.
        starts: index of each text's first token, (B,), int64.
        longest: most tokens of a text, L.
    """

    ids: Tensor
    rows: Tensor
    cols: Tensor
    lengths: Tensor
    starts: Tensor
    longest: int


def pack(
    texts: list[list[int]], pad_to: int | None = None, device: torch.device | str = "cpu"
) -> Packed:
    """Pack token-id lists into one run of tokens.

    Args:
        texts: B lists of token ids; an empty list becomes one padding token.
        pad_to: pad every text to this length with `PAD_ID` and keep the padding as tokens
            (what the predecessor did); `None` keeps real tokens only.
        device: where the tensors go.
    """
    texts = [text or [PAD_ID] for text in texts]
    lengths = torch.tensor([len(text) for text in texts])
    if pad_to is not None:
        texts = [text + [PAD_ID] * (pad_to - len(text)) for text in texts]
    sizes = torch.tensor([len(text) for text in texts])
    ids = torch.tensor([token for text in texts for token in text])
    rows = torch.repeat_interleave(torch.arange(len(texts)), sizes)
    starts = sizes.cumsum(0) - sizes
    cols = torch.arange(len(ids)) - torch.repeat_interleave(starts, sizes)
    tensors = (tensor.to(device) for tensor in (ids, rows, cols, lengths, starts))
    return Packed(*tensors, longest=int(sizes.max()))


def drop(x: Tensor, p: float, training: bool) -> Tensor:
    """Drop entries with probability p (to 1/65536) and scale up the rest: `F.dropout`, cheaper.

    One 64-bit random draw decides four entries; on a CPU the draws of `F.dropout` cost as much as
    the matrix products of a training step. Drawn on the CPU, the same on every device.
    """
    if not training or p == 0.0:
        return x
    dropped = round(p * 65536)
    draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    kept = draws.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - 32768
    return x * kept.to(x.device).to(x.dtype).mul_(65536 / (65536 - dropped))


def sinusoidal_positions(length: int, width: int) -> Tensor:
    """Return the sinusoidal position table of Vaswani et al. (2017), (length, width)."""
    position = torch.arange(length).unsqueeze(1)
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    table = torch.zeros(length, width)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)
    return table


def _unpack(x: Tensor, rows: Tensor, cols: Tensor, n_texts: int, length: int) -> Tensor:
    """Spread packed rows (T, d) over (B, L, d), zeros where there is no token."""
    if len(x) == n_texts * length:
        return x.view(n_texts, length, -1)
    return x.new_zeros(n_texts, length, x.shape[1]).index_put((rows, cols), x)


def _repack(x: Tensor, rows: Tensor, cols: Tensor) -> Tensor:
    """Undo `_unpack`: (B, L, d) to (T, d)."""
    return x.flatten(0, 1) if len(rows) == x.shape[0] * x.shape[1] else x[rows, cols]


class EncoderLayer(nn.Module):
    """One post-norm transformer layer on packed tokens."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int, dropout: float):
        super().__init__()
        self.n_heads, self.dropout = n_heads, dropout
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.out = nn.Linear(d_model, d_model)
        self.up = nn.Linear(d_model, d_ff)
        self.down = nn.Linear(d_ff, d_model)
        self.norm_attention = nn.LayerNorm(d_model)
        self.norm_feed = nn.LayerNorm(d_model)
        nn.init.xavier_uniform_(self.qkv.weight)
        nn.init.zeros_(self.qkv.bias)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, batch: Packed, last: Tensor | None = None) -> Tensor:
        """Return the layer's output.

        Args:
            x: packed token states, (T, d).
            batch: where the tokens stand.
            last: indices into T of the B tokens to compute; `None` computes all of them.

        Returns:
            (T, d), or (B, d) when `last` is given.
        """
        width = x.shape[1]
        n_texts, longest = len(batch.lengths), batch.longest
        if last is None:
            states, rows, cols, n_query = x, batch.rows, batch.cols, longest
            query, key_value = self.qkv(x).split([width, 2 * width], dim=1)
        else:  # keys and values of all tokens, the query of one token per text
            states, n_query = x[last], 1
            rows, cols = torch.arange(n_texts, device=x.device), x.new_zeros(n_texts).long()
            query = F.linear(states, self.qkv.weight[:width], self.qkv.bias[:width])
            key_value = F.linear(x, self.qkv.weight[width:], self.qkv.bias[width:])
        q = _unpack(query, rows, cols, n_texts, n_query)
        k, v = _unpack(key_value, batch.rows, batch.cols, n_texts, longest).split(width, dim=2)
        q, k, v = self._heads(q) / math.sqrt(width / self.n_heads), self._heads(k), self._heads(v)
        scores = q @ k.transpose(2, 3)  # (B, H, Lq, L)
        if len(batch.ids) < n_texts * longest:
            missing = torch.ones(n_texts, longest, dtype=torch.bool, device=x.device)
            missing[batch.rows, batch.cols] = False
            scores = scores + missing[:, None, None].to(scores.dtype).mul_(-1e9)
        attended = (scores.softmax(dim=3) @ v).transpose(1, 2).reshape(n_texts, n_query, width)
        attended = self.out(_repack(attended, rows, cols))
        states = self.norm_attention(states + drop(attended, self.dropout, self.training))
        hidden = drop(F.gelu(self.up(states)), self.dropout, self.training)
        fed = drop(self.down(hidden), self.dropout, self.training)
        return self.norm_feed(states + fed)

    def _heads(self, x: Tensor) -> Tensor:
        """Split (B, L, d) into (B, H, L, d / H)."""
        return x.view(x.shape[0], x.shape[1], self.n_heads, -1).transpose(1, 2)


class GatedClassifier(nn.Module):
    """Mix what the memory returned into a text's state and classify; subclasses encode.

    fused = g * read + (1 - g) * pooled with g = sigmoid(gate(pooled)) in (0, 1) per text;
    without a read, fused = pooled. Classes may grow.
    """

    d_model: int

    def _build_head(self, n_classes: int, gated: bool) -> None:
        d = self.d_model
        self.gate = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, 1)) if gated else None
        self.classifier = nn.Linear(d, n_classes)

    def encode(self, batch: Packed) -> Tensor:
        """Return the pooled state of each text, (B, d)."""
        raise NotImplementedError

    def fuse(self, pooled: Tensor, read: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return class scores (B, C) and the gate (B,), `None` where nothing is mixed in.

        Args:
            pooled: text states, (B, d).
            read: what the memory returned, (B, d), or `None` to classify from the text alone.
        """
        if read is None or self.gate is None:
            return self.classifier(pooled), None
        gate = torch.sigmoid(self.gate(pooled))  # (B, 1)
        return self.classifier(gate * read + (1 - gate) * pooled), gate.squeeze(1)

    def grow_classes(self, n_classes: int, generator: torch.Generator) -> None:
        """Add classifier rows for new classes; what is there keeps its weights."""
        new_classes = n_classes - self.classifier.out_features
        if new_classes > 0:
            bound = 1 / math.sqrt(self.d_model)
            rows = torch.rand(new_classes, self.d_model, generator=generator)
            rows = ((2 * rows - 1) * bound).to(self.classifier.weight.device)
            with torch.no_grad():
                weight = torch.cat([self.classifier.weight, rows])
                bias = torch.cat([self.classifier.bias, rows.new_zeros(new_classes)])
            self.classifier.weight, self.classifier.bias = nn.Parameter(weight), nn.Parameter(bias)
            self.classifier.out_features = n_classes


class GatedMemoryTransformer(GatedClassifier):
    """A transformer encoder under the gated classifier; classes and vocabulary may grow.

    Args:
        n_tokens: size of the vocabulary, padding and unknown included.
        n_classes: number of classes C.
        d_model, n_layers, n_heads, d_ff, dropout, max_len: the usual sizes; lengths in tokens.
        pooling: 'last' takes the state of the last real token, 'mean' the mean over real tokens.
        gated: build the gate network.
    """

    def __init__(
        self,
        n_tokens: int,
        n_classes: int,
        *,
        d_model: int = 256,
        n_layers: int = 4,
        n_heads: int = 8,
        d_ff: int = 512,
        dropout: float = 0.1,
        max_len: int = 256,
        pooling: str = "last",
        gated: bool = True,
    ):
        super().__init__()
        self.d_model, self.dropout, self.pooling = d_model, dropout, pooling
        self.embedding = nn.Embedding(n_tokens, d_model)
        self.register_buffer("positions", sinusoidal_positions(max_len, d_model), persistent=False)
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, n_heads, d_ff, dropout) for _ in range(n_layers)
        )
        self._build_head(n_classes, gated)

    def encode(self, batch: Packed) -> Tensor:
        """Return the pooled state of each text, (B, d)."""
        x = self.embedding(batch.ids) * math.sqrt(self.d_model) + self.positions[batch.cols]
        x = drop(x, self.dropout, self.training)  # (T, d)
        last = batch.starts + batch.lengths - 1  # (B,) index of each text's last real token
        for layer in self.layers[:-1]:
            x = layer(x, batch)
        if self.pooling == "last":
            return self.layers[-1](x, batch, last)
        x = self.layers[-1](x, batch)
        real = (batch.cols < batch.lengths[batch.rows]).to(x.dtype).unsqueeze(1)
        total = x.new_zeros(len(batch.lengths), self.d_model).index_add(0, batch.rows, x * real)
        return total / batch.lengths.unsqueeze(1)

    def grow(self, n_tokens: int, n_classes: int, generator: torch.Generator) -> None:
        """Add rows for new tokens and classes; what is there keeps its weights."""
        with torch.no_grad():
            new_tokens = n_tokens - self.embedding.num_embeddings
            if new_tokens > 0:
                rows = torch.randn(new_tokens, self.d_model, generator=generator)
                weight = self.embedding.weight
                self.embedding.weight = nn.Parameter(torch.cat([weight, rows.to(weight.device)]))
                self.embedding.num_embeddings = n_tokens
        self.grow_classes(n_classes, generator)
