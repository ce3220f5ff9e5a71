"""Training steps per second of the packed learner beside a plain PyTorch loop padded to 96 tokens.

Both train the same network (4 layers, width 256, 8 heads) on the same stories at batch 32 and take
turns in one run, so that their ratio holds on a noisy machine. Each uses every core: the learner
trains one agent per core, as the swarm does, the plain loop gives its one model all threads.

    python benchmarks/training_speed.py [--steps 20] [--rounds 5]
"""

import argparse
import math
import statistics
import time

import joblib
import torch
import torch.nn.functional as F
from torch import nn

from hsokv import make_flow
from hsokv.data.rare_words import make_rare_word_task
from hsokv.data.tokenizer import PAD_ID, Tokenizer
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedMemoryTransformer, sinusoidal_positions
from hsokv.training.steps import train_episode

PADDED = 96  # tokens, H-SOKV's fixed length


class PlainTransformer(nn.Module):
    """What one writes first: torch's own encoder on padded batches, padding masked."""

    def __init__(self, n_tokens: int, n_classes: int, d_model: int = 256):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, d_model)
        self.register_buffer("positions", sinusoidal_positions(PADDED, d_model))
        layer = nn.TransformerEncoderLayer(d_model, 8, 512, 0.1, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self.classifier = nn.Linear(d_model, n_classes)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return class scores, (B, C), from padded token ids, (B, 96)."""
        missing = ids == PAD_ID
        x = self.embedding(ids) * math.sqrt(self.embedding.embedding_dim) + self.positions
        x = self.encoder(x, src_key_padding_mask=missing)
        last = (~missing).sum(1) - 1
        return self.classifier(x[torch.arange(len(ids)), last])


def train_packed(data: TrainingSet, n_tokens: int, n_classes: int, steps: int, seed: int) -> None:
    """Train one agent with `current`'s switches, memory included."""
    flow = make_flow("current", seed=seed)
    flow._reset()
    torch.manual_seed(seed)
    flow.state_.net = GatedMemoryTransformer(n_tokens, n_classes)
    train_episode(flow.state_, data, seed=seed, n_steps=steps)


def train_plain(ids: torch.Tensor, labels: torch.Tensor, n_tokens: int, steps: int) -> None:
    """Train the plain model alone, without any memory."""
    torch.set_num_threads(joblib.cpu_count())
    model = PlainTransformer(n_tokens, int(labels.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    for _ in range(steps):
        batch = torch.randint(0, len(ids), (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(ids[batch]), labels[batch]).backward()
        optimizer.step()


def main() -> None:
    """Print steps per second of both and their ratio, median over rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20, help="steps per agent and round")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    task = make_rare_word_task(100, seed=0)
    tokenizer = Tokenizer().extend(task.train.texts)
    ids = tokenizer.encode(task.train.texts)
    words = sorted(set(task.train.labels))
    labels = torch.tensor([words.index(word) for word in task.train.labels])
    ones = torch.ones(len(ids), dtype=torch.int64)
    data = TrainingSet(ids, labels, ones, torch.arange(len(ids)))
    padded = torch.tensor([text + [PAD_ID] * (PADDED - len(text)) for text in ids])
    n_agents, n_tokens = joblib.cpu_count(), len(tokenizer)
    packed_rates, plain_rates = [], []
    with joblib.Parallel(n_jobs=n_agents) as parallel:
        for number in range(args.rounds + 1):  # the first round warms up and is left out
            start = time.perf_counter()
            parallel(
                joblib.delayed(train_packed)(data, n_tokens, len(words), args.steps, seed)
                for seed in range(n_agents)
            )
            packed_s = time.perf_counter() - start
            start = time.perf_counter()
            train_plain(padded, labels, n_tokens, args.steps)
            plain_s = time.perf_counter() - start
            if number:
                packed_rates.append(n_agents * args.steps / packed_s)
                plain_rates.append(args.steps / plain_s)
    ratios = [a / b for a, b in zip(packed_rates, plain_rates)]
    print(f"packed, with memory: {statistics.median(packed_rates):.1f} agent steps per second")
    print(f"plain, padded to {PADDED}: {statistics.median(plain_rates):.1f} steps per second")
    print(
        f"ratio: {statistics.median(ratios):.1f} (rounds: {', '.join(f'{r:.1f}' for r in ratios)})"
    )


if __name__ == "__main__":
    main()
