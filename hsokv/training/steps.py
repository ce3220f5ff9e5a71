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
from hsokv.memory.access import read_labels, read_memory, score_states, write_texts
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedClassifier, pack


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
def training_mode(seed: int, products: str = "bfloat16") -> Iterator[None]:
    """Train on one thread with a random stream of its own, by default with bfloat16 products.

    One thread per learner makes the numbers independent of how many learners run side by side.
    The matrix units of recent CPUs multiply in bfloat16 about five times faster than in float32,
    accumulating in float32 ("medium" precision, the CPU's counterpart of TF32). They compile a
    kernel per shape, which a small model trained on texts of many lengths does not earn back.
    """
    precision, threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_float32_matmul_precision("medium" if products == "bfloat16" else "highest")
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
    net: GatedClassifier,
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
    with training_mode(seed, config.products):
        net.train()
        stepper = None if optimizer == "random" else make_optimizer(
            optimizer, _trainable(net), lr
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
    options = {"top_k": top_k, "context": context, "step": step}
    scores, _, reading = score_states(net, memory, pooled, config, **options)
    loss = F.cross_entropy(scores, batch.labels, reduction="none")
    if config.fusion == "label" and memory is not None and len(memory):
        reading = read_memory(pooled.detach(), memory, config, **options)
        scores = read_labels(reading, memory, scores.shape[1])
    return pooled, loss, scores.argmax(1) == batch.labels, reading


def _trainable(net: GatedClassifier) -> list[nn.Parameter]:
    return [parameter for parameter in net.parameters() if parameter.requires_grad]


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
    weights = _trainable(net)
    moves = [lr * torch.randn_like(weight) for weight in weights]
    for weight, move in zip(weights, moves):
        weight.add_(move)
    pooled, loss, correct, reading = _forward(net, memory, batch, config, top_k, context, step)
    if not loss.mean() <= before:  # NaN is not better
        for weight, move in zip(weights, moves):
            weight.sub_(move)
    _remember(net, memory, batch, config, pooled, loss, correct, reading, step)
    return loss.mean().item()


def _remember(net, memory, batch, config, pooled, loss, correct, reading, step) -> None:
    """Count what the read led to, then write."""
    if memory is None:
        return
    if reading is not None and config.write_rule != "as_shipped":
        memory.record(reading, correct, step)
    write_texts(net, memory, batch, pooled.detach(), loss.detach(), config, step)
