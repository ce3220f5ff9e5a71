"""Training by gradient steps: one episode of a learner with or without a memory to read.

A step reads the memory, mixes what it read into the text's state, takes a gradient step, decides
what to write and counts which reads led to a right answer, in that order. Nothing here knows of
text: a training set is token ids, class indices and exposure numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from hsokv.config import FlowConfig
from hsokv.encoders import TokenAverageEncoder
from hsokv.memory import KeyValueMemory
from hsokv.model import GatedMemoryTransformer, pack
from hsokv.read import Context, Reading
from hsokv.tokenizer import PAD_ID
from hsokv.write import effective_confidence, initial_confidence, novelty_of, should_write


@dataclass(frozen=True)
class TrainingSet:
    """Texts to learn from.

    Attributes:
        ids: N lists of token ids.
        labels: class indices, (N,), int64.
        exposures: the how-manieth text of its label each is, from 1, (N,).
        sources: number of each distinct (text, label), (N,).
    """

    ids: list[list[int]]
    labels: Tensor
    exposures: Tensor
    sources: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, index: Tensor) -> TrainingSet:
        """Return some of the texts."""
        return TrainingSet(
            [self.ids[i] for i in index.tolist()],
            self.labels[index],
            self.exposures[index],
            self.sources[index],
        )


@dataclass
class Episode:
    """What an episode cost and reached.

    Attributes:
        steps: optimiser steps taken.
        flops: counted floating-point operations, forward and backward.
        losses: mean cross-entropy of each step's batch, in nats.
        curve: (step, validation accuracy) pairs, where validation was given.
    """

    steps: int = 0
    flops: float = 0.0
    losses: list[float] = field(default_factory=list)
    curve: list[tuple[int, float]] = field(default_factory=list)


@contextmanager
def training_mode(seed: int) -> Iterator[None]:
    """Train on one thread with a random stream of its own, bfloat16 products where the CPU can.

    One thread per learner makes the numbers independent of how many learners run side by side.
    The matrix units of recent CPUs multiply in bfloat16 about five times faster than in float32,
    accumulating in float32 ("medium" precision, the CPU's counterpart of TF32).
    """
    precision, threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_float32_matmul_precision("medium")
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(precision)
            torch.set_num_threads(threads)


def make_optimizer(name: str, parameters: list[nn.Parameter], lr: float):
    """Return an optimiser; SGD and RMSprop with momentum 0.9.

    Raises:
        ValueError: unknown name.
    """
    if name == "adam":
        return torch.optim.Adam(parameters, lr=lr, fused=True)
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=lr, momentum=0.9)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=lr, momentum=0.9)
    raise ValueError(f"optimizer={name!r}: expected 'adam', 'sgd' or 'rmsprop'; pick one")


def value_of(net: GatedMemoryTransformer, pooled: Tensor, data: TrainingSet, kind: str) -> Tensor:
    """Return what a gated memory stores for each text, (B, d).

    'label': the classifier's row of the label, scaled to the norm of the state, so that a read can
    be mixed with a state and be told apart by the classifier. 'tokens': the unit-norm mean of the
    raw token vectors, as in the shipped code.
    """
    if kind == "tokens":
        means = [net.embedding.weight[ids or [PAD_ID]].mean(0) for ids in data.ids]
        return F.normalize(torch.stack(means), dim=1)
    rows = F.normalize(net.classifier.weight[data.labels], dim=1)
    return rows * pooled.norm(dim=1, keepdim=True)


def read_memory(
    queries: Tensor,
    memory: KeyValueMemory,
    config: FlowConfig,
    *,
    top_k: int | None = None,
    context: Context | None = None,
    step: int = 0,
) -> Reading:
    """Read with the flow's switches; see `KeyValueMemory.read`."""
    return memory.read(
        queries,
        similarity_kind=config.similarity,
        read_out=config.read_out,
        top_k=top_k or config.top_k,
        temperature=config.temperature,
        cut=config.read_cut,
        confidence=effective_confidence(memory, config),
        context=context,
        step=step,
    )


def read_values(reading: Reading, memory: KeyValueMemory) -> Tensor:
    """Return the weighted mean of the values read, (B, v)."""
    return (reading.weights.unsqueeze(2) * memory.values[reading.slots]).sum(1)


@torch.no_grad()
def write_texts(
    net: nn.Module,
    memory: KeyValueMemory,
    data: TrainingSet,
    pooled: Tensor,
    loss: Tensor,
    config: FlowConfig,
    step: int,
) -> None:
    """Write the texts of a batch that the flow's write rule lets in.

    Args:
        pooled: their states, which become keys, (B, d).
        loss: their cross-entropy, (B,); ignored where everything is written.
    """
    wanted = should_write(loss, novelty_of(pooled, memory), data.exposures, config)
    if config.duplicates != "keep":
        column, ids = (
            ("source", data.sources) if config.duplicates == "merge" else ("label", data.labels)
        )
        first = torch.tensor([ids[:i].ne(ids[i]).all() for i in range(len(ids))])
        wanted &= first & ~torch.isin(ids, memory[column])
    index = wanted.nonzero().squeeze(1)
    if not len(index):
        return
    chosen = data.take(index)
    gated = config.fusion == "gate"
    values = (
        value_of(net, pooled[index], chosen, config.value)
        if gated
        else pooled.new_zeros(len(index), 0)
    )
    memory.write(
        pooled[index],
        values,
        label=chosen.labels,
        source=chosen.sources,
        exposure=chosen.exposures,
        confidence=initial_confidence(loss[index], config),
        created_at=torch.full((len(index),), step),
    )


def batches(n: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield shuffled index batches of whole epochs, without end; the last of an epoch is short."""
    while True:
        yield from torch.randperm(n, generator=generator).split(size)


def count_flops(function: Callable[[], object]) -> float:
    """Run a function and return its floating-point operations, counted by PyTorch."""
    with FlopCounterMode(display=False) as counter:
        function()
    return float(counter.get_total_flops())


def train_episode(
    net: GatedMemoryTransformer,
    memory: KeyValueMemory | None,
    data: TrainingSet,
    config: FlowConfig,
    *,
    seed: int,
    n_steps: int,
    optimizer: str = "adam",
    lr: float | None = None,
    top_k: int | None = None,
    context: Context | None = None,
    first_step: int = 0,
    validate: Callable[[], float] | None = None,
    validate_every: int = 25,
) -> Episode:
    """Train a network, in place, for a number of steps.

    FLOPs are counted on the first step and multiplied by the number of steps.

    Args:
        memory: read and written during training, in place; `None` trains the network alone.
        seed: of batches and dropout.
        optimizer: 'adam', 'sgd', 'rmsprop' or 'random' (random search, no gradient).
        lr: learning rate, and for accepted random search the size of a move; default the flow's.
        first_step: the learner's step count so far, for ages.
        validate: returns an accuracy; called every `validate_every` steps.
    """
    lr = config.lr if lr is None else lr
    stream = batches(len(data), config.batch_size, torch.Generator().manual_seed(seed))
    episode, epoch_losses = Episode(), []
    with training_mode(seed):
        net.train()
        stepper = None if optimizer == "random" else make_optimizer(
            optimizer, list(net.parameters()), lr
        )  # fmt: skip

        def one_step(batch: TrainingSet) -> float:
            if stepper is None:
                return _random_step(net, memory, batch, config, lr, top_k, context, step)
            return _gradient_step(net, memory, batch, config, stepper, top_k, context, step)

        for i in range(n_steps):
            step, batch = first_step + i, data.take(next(stream))
            if i == 0:
                losses: list[float] = []
                flops = count_flops(lambda: losses.append(one_step(batch)))  # noqa: B023
                loss = losses[0]
            else:
                loss = one_step(batch)
            episode.losses.append(loss)
            episode.steps += 1
            epoch_losses.append(loss)
            if validate is not None and (i + 1) % validate_every == 0:
                episode.curve.append((i + 1, validate()))
                net.train()
            if len(epoch_losses) * config.batch_size >= len(data):
                if sum(epoch_losses) / len(epoch_losses) < config.stop_loss:
                    break
                epoch_losses = []
        episode.flops = flops * episode.steps
        net.eval()
    return episode


def _forward(net, memory, batch, config, top_k, context, step):
    """Return states (B, d), losses (B,), correctness (B,) and the reading of one batch."""
    pooled = net.encode(pack(batch.ids, config.pad_to or None))
    reading = read = None
    if memory is not None and config.fusion == "gate" and len(memory):
        reading = read_memory(
            pooled.detach(), memory, config, top_k=top_k, context=context, step=step
        )
        read = read_values(reading, memory)
    scores, _ = net.fuse(pooled, read)
    loss = F.cross_entropy(scores, batch.labels, reduction="none")
    return pooled, loss, scores.argmax(1) == batch.labels, reading


def _gradient_step(net, memory, batch, config, stepper, top_k, context, step) -> float:
    pooled, loss, correct, reading = _forward(net, memory, batch, config, top_k, context, step)
    stepper.zero_grad()
    loss.mean().backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    stepper.step()
    _remember(net, memory, batch, config, pooled, loss, correct, reading, step)
    return loss.mean().item()


@torch.no_grad()
def _random_step(net, memory, batch, config, lr, top_k, context, step) -> float:
    """Move every weight at random; under 'accept_better' keep the move only if the loss falls."""
    if config.random_search == "accept_better":
        before = _forward(net, memory, batch, config, top_k, context, step)[1].mean()
    else:
        before, lr = torch.tensor(float("inf")), 0.01
    moves = [lr * torch.randn_like(parameter) for parameter in net.parameters()]
    for parameter, move in zip(net.parameters(), moves):
        parameter.add_(move)
    pooled, loss, correct, reading = _forward(net, memory, batch, config, top_k, context, step)
    if not loss.mean() <= before:  # NaN is not better
        for parameter, move in zip(net.parameters(), moves):
            parameter.sub_(move)
    _remember(net, memory, batch, config, pooled, loss, correct, reading, step)
    return loss.mean().item()


def _remember(net, memory, batch, config, pooled, loss, correct, reading, step) -> None:
    """Count what the read led to, then write."""
    if memory is None:
        return
    if reading is not None and config.write_rule != "as_shipped":
        memory.record(reading, correct, step)
    write_texts(net, memory, batch, pooled.detach(), loss.detach(), config, step)


def train_contrastive(
    encoder: TokenAverageEncoder, data: TrainingSet, config: FlowConfig, seed: int
) -> Episode:
    """Train token vectors so that texts of one label lie together, in place.

    Supervised contrastive loss (Khosla et al., 2020) at temperature 0.1 over two views of each
    text, each with a tenth of its tokens dropped; without views a label seen once has no pair.
    """
    stream = batches(len(data), config.batch_size, torch.Generator().manual_seed(seed))
    episode = Episode()
    with training_mode(seed):
        optimizer = torch.optim.Adam([encoder.vectors], lr=config.lr, fused=True)

        def one_step(batch: TrainingSet) -> float:
            views = [_thin(ids) for _ in range(2) for ids in batch.ids]
            labels = batch.labels.repeat(2)
            states = F.normalize(encoder(views), dim=1)
            scores = (states @ states.T / 0.1).fill_diagonal_(float("-inf"))
            positive = (labels.unsqueeze(1) == labels).fill_diagonal_(False)
            log_share = scores - scores.logsumexp(1, keepdim=True)
            loss = -(log_share.masked_fill(~positive, 0).sum(1) / positive.sum(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item()

        for i in range(config.n_steps):
            batch = data.take(next(stream))
            if i == 0:
                flops = count_flops(lambda: episode.losses.append(one_step(batch)))  # noqa: B023
            else:
                episode.losses.append(one_step(batch))
        episode.steps, episode.flops = config.n_steps, flops * config.n_steps
    return episode


def _thin(ids: list[int], share: float = 0.1) -> list[int]:
    """Drop each token with the given probability, but never all of them."""
    kept = [token for token, draw in zip(ids, torch.rand(len(ids)).tolist()) if draw >= share]
    return kept or ids
