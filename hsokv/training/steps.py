"""Training by gradient steps: one episode of a learner with or without a memory to read.

A step reads the memory, mixes what it read into the text's state, takes a gradient step, decides
what to write and counts which reads led to a right answer, in that order. Nothing here knows of
text: a training set is token ids, class indices and exposure numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from hsokv.memory.read import Reading
from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet, encode_batch


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

    The stream is the CPU's, whatever device the weights are on; a GPU's is not touched. One thread
    per learner makes the numbers independent of how many learners run side by side.
    The matrix units of recent CPUs multiply in bfloat16 about five times faster than in float32,
    accumulating in float32 ("medium" precision, the CPU's counterpart of the TF32 that it means on
    a GPU). They compile a kernel per shape, which a small model trained on texts of many lengths
    does not earn back.
    """
    precision, threads = torch.get_float32_matmul_precision(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
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


def count_flops(function: Callable, *args) -> tuple[Any, float]:
    """Return a function's result and its floating-point operations, counted by PyTorch."""
    with FlopCounterMode(display=False) as counter:
        result = function(*args)
    return result, float(counter.get_total_flops())


def train_episode(
    state: LearnerState,
    data: TrainingSet,
    *,
    seed: int,
    n_steps: int,
    optimizer: str = "adam",
    lr: float | None = None,
    validate: Callable[[], float] | None = None,
    validate_every: int = 25,
) -> Episode:
    """Train a state, in place, for a number of steps.

    FLOPs are counted on the first step and multiplied by the number of steps.

    Args:
        state: its memory is read and written at every step; `None` trains the network alone.
        data: texts to learn from.
        seed: of batches and dropout.
        n_steps: most optimiser steps to take.
        optimizer: 'adam', 'sgd', 'rmsprop' or 'random' (random search, no gradient).
        lr: learning rate, and for accepted random search the size of a move; default the flow's.
        validate: returns an accuracy; called every `validate_every` steps.
    """
    net, config = state.net, state.config
    lr = config.lr if lr is None else lr
    stream = batches(len(data), config.batch_size, torch.Generator().manual_seed(seed))
    episode, epoch_losses = Episode(), []
    with training_mode(seed, config.products):
        net.train()
        if optimizer == "random":
            one_step = partial(_random_step, state, lr=lr)
        else:
            stepper = make_optimizer(optimizer, _trainable(net), lr)
            one_step = partial(_gradient_step, state, stepper=stepper)
        for i in range(n_steps):
            batch = data.take(next(stream))
            if i == 0:
                loss, flops = count_flops(one_step, batch)
            else:
                loss = one_step(batch)
            state.step += 1
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


def _trainable(net: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in net.parameters() if parameter.requires_grad]


class _Pass(NamedTuple):
    """A batch's states (B, d), losses (B,), correctness (B,), and what was read, if anything."""

    states: Tensor
    loss: Tensor
    correct: Tensor
    reading: Reading | None


def _forward(state: LearnerState, batch: TrainingSet) -> _Pass:
    states = encode_batch(state.net, batch.ids, state.config)
    scores, _, reading = state.score(states)
    loss = F.cross_entropy(scores, batch.labels, reduction="none")
    if state.config.fusion == "label" and state.has_entries:
        reading = state.read(states.detach())
        scores = state.memory.read_labels(reading, scores.shape[1])
    return _Pass(states, loss, scores.argmax(1) == batch.labels, reading)


def _gradient_step(state: LearnerState, batch: TrainingSet, stepper) -> float:
    done = _forward(state, batch)
    stepper.zero_grad()
    done.loss.mean().backward()
    nn.utils.clip_grad_norm_(state.net.parameters(), 5.0)
    stepper.step()
    _remember(state, batch, done)
    return done.loss.mean().item()


@torch.no_grad()
def _random_step(state: LearnerState, batch: TrainingSet, lr: float) -> float:
    """Move every weight at random; under 'accept_better' keep the move only if the loss falls."""
    if state.config.random_search == "accept_better":
        before = _forward(state, batch).loss.mean()
    else:
        before, lr = math.inf, 0.01
    weights = _trainable(state.net)
    moves = [lr * torch.randn(weight.shape).to(weight.device) for weight in weights]
    for weight, move in zip(weights, moves):
        weight.add_(move)
    done = _forward(state, batch)
    if not done.loss.mean() <= before:  # NaN is not better
        for weight, move in zip(weights, moves):
            weight.sub_(move)
    _remember(state, batch, done)
    return done.loss.mean().item()


def _remember(state: LearnerState, batch: TrainingSet, done: _Pass) -> None:
    """Count what the read led to, then write."""
    if state.memory is None:
        return
    if done.reading is not None and state.config.write_rule != "as_shipped":
        state.memory.record(done.reading, done.correct, state.step)
    state.write(batch, done.states.detach(), done.loss.detach())
