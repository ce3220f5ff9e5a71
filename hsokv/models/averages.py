"""Text encoders that average token vectors, uniformly or weighted by surprisal.

Axes: B texts, T tokens of the batch, d width.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hsokv.data.tokenizer import PAD_ID, UNKNOWN_ID
from hsokv.models.transformer import GatedClassifier, Packed


class TokenAverageEncoder(nn.Module):
    """The mean of token vectors drawn once from N(0, 1).

    Under 'surprisal' a token weighs -log of the share of training texts that contain it, so that
    a text points where its rare words point. A token never seen in training weighs nothing:
    it cannot tell one stored text from another.

    Args:
        n_tokens: size of the vocabulary.
        d_model: width d.
        token_weights: 'uniform' or 'surprisal'.
        generator: draws the vectors.
    """

    def __init__(self, n_tokens: int, d_model: int, token_weights: str, generator: torch.Generator):
        super().__init__()
        self.d_model, self.token_weights = d_model, token_weights
        self.vectors = nn.Parameter(torch.randn(n_tokens, d_model, generator=generator))
        self.register_buffer("document_counts", torch.zeros(n_tokens, dtype=torch.int64))
        self.register_buffer("n_documents", torch.zeros((), dtype=torch.int64))

    def grow(self, n_tokens: int, n_classes: int, generator: torch.Generator) -> None:
        """Add vectors for new tokens; what is there stays, and classes need nothing."""
        new = n_tokens - len(self.vectors)
        if new > 0:
            rows = torch.randn(new, self.d_model, generator=generator).to(self.vectors.device)
            self.vectors = nn.Parameter(torch.cat([self.vectors.detach(), rows]))
            counts = self.document_counts.new_zeros(new)
            self.document_counts = torch.cat([self.document_counts, counts])

    def count_documents(self, texts: list[list[int]]) -> None:
        """Add training texts to the document frequencies."""
        for text in texts:
            self.document_counts[self.n_documents.new_tensor(sorted(set(text)))] += 1
        self.n_documents += len(texts)

    def surprisal(self, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the weight of each token in nats, (n_tokens,), at least 0."""
        counts = self.document_counts.clamp(min=1).to(dtype)
        weights = (self.n_documents.clamp(min=1) / counts).log()
        weights[[PAD_ID, UNKNOWN_ID]] = 0.0
        return weights

    def forward(self, texts: list[list[int]], dtype: torch.dtype = torch.float32) -> Tensor:
        """Return one vector per text, (B, d); an empty text counts as one padding token."""
        texts = [text or [PAD_ID] for text in texts]
        ids = torch.tensor([token for text in texts for token in text])
        starts = torch.tensor([0] + [len(text) for text in texts[:-1]]).cumsum(0)
        device = self.vectors.device
        return self.average(ids.to(device), starts.to(device), dtype)

    def average(self, ids: Tensor, starts: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return one vector per text, (B, d), of tokens (T,) that begin at `starts` (B,)."""
        vectors = self.vectors.to(dtype)
        if self.token_weights == "surprisal":
            weights = self.surprisal(dtype)[ids]
            return nn.functional.embedding_bag(
                ids, vectors, starts, mode="sum", per_sample_weights=weights
            )
        return nn.functional.embedding_bag(ids, vectors, starts, mode="mean")


class AverageNetwork(GatedClassifier):
    """Averaged token vectors under the gated classifier: keys live in a space that does not move.

    Only gate and classifier are trained. They see states scaled to the norm sqrt(d), which is
    what a layer-normalised transformer state has; keys keep their length.
    """

    def __init__(self, tokens: TokenAverageEncoder, n_classes: int, gated: bool):
        super().__init__()
        self.d_model, self.tokens = tokens.d_model, tokens
        tokens.vectors.requires_grad_(False)
        self._build_head(n_classes, gated)

    def encode(self, batch: Packed) -> Tensor:
        """Return the average of each text, (B, d)."""
        return self.tokens.average(batch.ids, batch.starts)

    def fuse(self, pooled: Tensor, read: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return class scores and gate, see `GatedClassifier.fuse`."""
        scale = math.sqrt(self.d_model)
        if read is not None:
            read = scale * F.normalize(read, dim=1)
        return super().fuse(scale * F.normalize(pooled, dim=1), read)

    def count_documents(self, texts: list[list[int]]) -> None:
        """Add training texts to the document frequencies."""
        self.tokens.count_documents(texts)

    def grow(self, n_tokens: int, n_classes: int, generator: torch.Generator) -> None:
        """Add vectors for new tokens and rows for new classes; what is there stays."""
        self.tokens.grow(n_tokens, n_classes, generator)
        self.tokens.vectors.requires_grad_(False)
        self.grow_classes(n_classes, generator)
