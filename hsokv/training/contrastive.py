"""Contrastive training of averaged token vectors (Option 3, where it is optional)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet
from hsokv.training.steps import Episode, batches, count_flops, training_mode


def train_contrastive(state: LearnerState, data: TrainingSet, *, seed: int) -> Episode:
    """Train a state's token vectors so that texts of one label lie together, in place.

    Supervised contrastive loss (Khosla et al., 2020) at temperature 0.1 over two views of each
    text, each with a tenth of its tokens dropped; without views a label seen once has no pair.
    """
    encoder, config = state.net, state.config
    stream = batches(len(data), config.batch_size, torch.Generator().manual_seed(seed))
    episode = Episode()
    with training_mode(seed, config.products):
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
                loss, flops = count_flops(one_step, batch)
            else:
                loss = one_step(batch)
            episode.losses.append(loss)
        episode.steps, episode.flops = config.n_steps, flops * config.n_steps
    return episode


def _thin(ids: list[int], share: float = 0.1) -> list[int]:
    """Drop each token with the given probability, but never all of them."""
    kept = [token for token, draw in zip(ids, torch.rand(len(ids)).tolist()) if draw >= share]
    return kept or ids
