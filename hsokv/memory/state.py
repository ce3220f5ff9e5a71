"""What a learner has become: network, memory and context as one object.

The state joins an encoder to the store under the switches of a flow: what it stores of a text, what
a read gives back. Axes: B texts, N entries, d width of states and keys, v of values, C classes.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hsokv.config import FlowConfig
from hsokv.data.tokenizer import PAD_ID
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.write import initial_confidence, novelty_of, should_write
from hsokv.models.texts import TrainingSet, encode_texts

IMPOSTOR_QUANTILE = 0.95  # an answer must be nearer than this share of wrong-label pairs


@dataclass(eq=False)
class LearnerState:
    """A network with its memory, changed in place by learning.

    `dataclasses.replace` gives a second view of the same network and memory, `clone` a copy.

    Attributes:
        config: the switches it reads and writes by.
        net: encodes texts and, unless it is a plain average, classifies them; `None` before the
            first text.
        memory: `None` for a learner without one.
        context: boosts of a read, `None` for none.
        step: training steps and written batches so far; the present, for ages.
        top_k: entries read; by default the configuration's, after a swarm its best agent's.
    """

    config: FlowConfig
    net: nn.Module | None
    memory: KeyValueMemory | None = None
    context: Context | None = None
    step: int = 0
    top_k: int = 0

    def __post_init__(self):
        self.top_k = self.top_k or self.config.top_k

    @property
    def has_entries(self) -> bool:
        """Whether there is anything to read."""
        return self.memory is not None and len(self.memory) > 0

    def clone(self) -> LearnerState:
        """Return a copy whose network and memory learn independently."""
        memory = None if self.memory is None else self.memory.clone()
        return replace(self, net=copy.deepcopy(self.net), memory=memory)

    def branch(self) -> LearnerState:
        """Return a state that learns on without changing this one.

        Unlike a `clone` it copies only what learning may change in place, so that adding a text to
        a large memory stays cheap: weights that nothing trains are shared, and see
        `KeyValueMemory.branch`.
        """
        memory = None if self.memory is None else self.memory.branch()
        trains = self.config.training != "none" or self.config.consolidation
        weights = self.net.parameters()
        shared = {id(w): w for w in weights if not (trains and w.requires_grad)}
        return replace(self, net=copy.deepcopy(self.net, shared), memory=memory)

    def encode(self, ids: list[list[int]]) -> Tensor:
        """Return the states of texts in evaluation mode, (B, d)."""
        return encode_texts(self.net, ids, self.config)

    def read(self, states: Tensor) -> Reading:
        """Return what the states (B, d) find in the memory; changes nothing.

        Raises:
            ValueError: the memory is empty.
        """
        config = self.config
        return self.memory.read(
            states,
            similarity_kind=config.similarity,
            read_out=config.read_out,
            top_k=self.top_k,
            temperature=config.temperature,
            cut=config.read_cut,
            confidence=effective_confidence(self.memory, config),
            context=self.context,
            step=self.step,
        )

    def score(self, states: Tensor) -> tuple[Tensor, Tensor | None, Reading | None]:
        """Return the network's class scores (B, C), the gate (B,) and the reading mixed in.

        Gate and reading are `None` where nothing is mixed in. No gradient flows into the read: it
        looks a value up.
        """
        reading = read = None
        if self.config.fusion == "gate" and self.has_entries:
            reading = self.read(states.detach())
            read = self.memory.read_values(reading)
        logits, gate = self.net.fuse(states, read)
        return logits, gate, reading

    @torch.no_grad()
    def validate(self, ids: list[list[int]], labels: Tensor) -> tuple[float, float]:
        """Return the network's accuracy and mean cross-entropy (nats) on texts with labels (B,)."""
        logits, _, _ = self.score(self.encode(ids))
        loss = F.cross_entropy(logits, labels).item()
        return (logits.argmax(1) == labels).float().mean().item(), loss

    @torch.no_grad()
    def write(self, data: TrainingSet, states: Tensor, loss: Tensor) -> None:
        """Write those of a batch of texts that the flow's write rule lets in.

        Args:
            data: the texts.
            states: their states, which become keys, (B, d).
            loss: their cross-entropy, (B,); ignored where everything is written.
        """
        config, memory = self.config, self.memory
        wanted = should_write(loss, novelty_of(states, memory), data.exposures, config)
        if config.duplicates != "keep":
            column, ids = (
                ("source", data.sources) if config.duplicates == "merge" else ("label", data.labels)
            )
            wanted &= ~torch.isin(ids, memory[column])
            before = (ids.unsqueeze(1) == ids).tril(diagonal=-1) & wanted  # (B, B) earlier twins
            wanted &= ~before.any(dim=1)
        index = wanted.nonzero().squeeze(1)
        if not len(index):
            return
        chosen, keys = data.take(index), states[index]
        memory.write(
            keys,
            self.values_of(chosen, keys),
            label=chosen.labels,
            source=chosen.sources,
            exposure=chosen.exposures,
            confidence=initial_confidence(loss[index], config),
            created_at=torch.full((len(index),), self.step),
        )

    def values_of(self, data: TrainingSet, states: Tensor) -> Tensor:
        """Return what the memory stores for each text beside its key, (B, v).

        Nothing where the stored label answers. Under a gate, 'label': the classifier's row of the
        label, scaled to the norm of the state, so that a read can be mixed with a state and be told
        apart by the classifier; 'tokens': the unit-norm mean of the raw token vectors, as in the
        shipped code.
        """
        if self.config.fusion != "gate":
            return states.new_zeros(len(states), 0)
        if self.config.value == "tokens":
            means = [self.net.embedding.weight[ids or [PAD_ID]].mean(0) for ids in data.ids]
            return F.normalize(torch.stack(means), dim=1)
        rows = F.normalize(self.net.classifier.weight[data.labels], dim=1)
        return rows * states.norm(dim=1, keepdim=True)

    def impostor_threshold(self) -> float:
        """Return the similarity below which a flow abstains; minus infinity with a single label.

        It is the 95th percentile, over stored entries, of the similarity to the nearest entry of
        another label: what a text of a word not stored can reach. Only stored keys are used.
        """
        if not self.has_entries:
            return -math.inf
        keys, labels = self.memory.keys.double(), self.memory["label"]
        between = similarity(keys, keys, self.config.similarity)
        between = between.masked_fill(labels.unsqueeze(1) == labels, -math.inf)
        nearest = between.max(dim=1).values
        if not torch.isfinite(nearest).any():
            return -math.inf
        return torch.quantile(nearest, IMPOSTOR_QUANTILE).item()


def effective_confidence(memory: KeyValueMemory, config: FlowConfig) -> Tensor | None:
    """Return the confidence each entry is read with, (N,), or `None` for unweighted reading.

    A first exposure is lifted by `first_exposure_boost`, fading linearly to nothing over
    `first_exposure_window` retrievals.
    """
    if not config.confidence_weighting:
        return None
    left = 1 - memory["retrieval_count"] / config.first_exposure_window
    boost = config.first_exposure_boost * left.clamp(min=0) * (memory["exposure"] == 1)
    return (memory["confidence"] + boost).clamp(max=1)
