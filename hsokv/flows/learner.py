"""The composable learner: encoder, memory and training as its `FlowConfig` says.

Every flow with keys of its own is this one class under another configuration.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hsokv.checks import check_texts_labels
from hsokv.data.predecessor import hold_out_last
from hsokv.data.tokenizer import Tokenizer, split_words
from hsokv.flows.base import Answers, Flow
from hsokv.memory.access import (
    impostor_threshold,
    read_labels,
    read_memory,
    score_states,
    score_validation,
    write_texts,
)
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context
from hsokv.models.build import build_network
from hsokv.models.texts import TrainingSet, encode_texts, source_of
from hsokv.seeds import seed_for, torch_generator
from hsokv.stats.metrics import convergence_steps
from hsokv.training.consolidation import tend
from hsokv.training.contrastive import train_contrastive
from hsokv.training.steps import count_flops, train_episode
from hsokv.training.swarm import run_swarm


class MemoryLearner(Flow):
    """A text encoder with a key-value memory, trained or not, as the configuration says.

    Attributes:
        net_: `GatedMemoryTransformer`, `AverageNetwork` or `TokenAverageEncoder`.
        memory_: `KeyValueMemory`, or `None` for a flow without one.
        tokenizer_: fitted on training texts only.
    """

    @property
    def memory_bytes(self) -> int:
        """Bytes of the entries in use."""
        return 0 if self.memory_ is None else self.memory_.n_bytes

    def _reset(self) -> None:
        config = self.config
        self.tokenizer_ = Tokenizer()
        self._exposures: dict[int, int] = {}
        self._known: dict[int, list[int]] = {}  # source -> token ids, for key refresh
        self._recent: tuple[TrainingSet, int] | None = None  # last texts learned, their seed
        self._step, self._top_k, self._n_calls = 0, config.top_k, 0
        self._threshold = -math.inf
        self.net_ = None
        self.memory_ = None
        if config.has_memory:
            d_value = config.d_model if config.fusion == "gate" else 0
            self.memory_ = KeyValueMemory(config.capacity, config.d_model, d_value, config.eviction)
        self.context_ = None
        if config.context != "none":
            generator = torch_generator(self.seed, "context")
            self.context_ = Context(config.context, config.d_model, generator)

    def _check_lengths(self, texts: list[str]) -> None:
        if self.config.encoder != "transformer":
            return
        for i, text in enumerate(texts):
            length = len(split_words(text))
            if length > self.config.max_len:
                raise ValueError(
                    f"text {i} has {length} tokens: this flow takes at most max_len="
                    f"{self.config.max_len}; shorten it or make the flow with a larger max_len"
                )

    def _build_or_grow(self) -> None:
        """Fit the network to the present vocabulary and classes; what it knows stays."""
        sizes = len(self.tokenizer_), len(self.classes_)
        if self.net_ is None:
            self.net_ = build_network(self.config, *sizes, seed=self.seed)
        else:
            self.net_.grow(*sizes, torch_generator(self.seed, "grow", self._n_calls))

    def _training_set(self, texts: list[str], labels: list[int]) -> TrainingSet:
        exposures, sources = [], []
        for text, label in zip(texts, labels):
            self._exposures[label] = self._exposures.get(label, 0) + 1
            exposures.append(self._exposures[label])
            sources.append(source_of(text, label))
        return TrainingSet(
            self.tokenizer_.encode(texts),
            torch.tensor(labels),
            torch.tensor(exposures),
            torch.tensor(sources),
        )

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        config = self.config
        self.tokenizer_.extend(texts)
        if config.training == "swarm" and config.selection == "hold_out":
            kept, held = hold_out_last(labels)
            names = list(self._class_index)
            pairs = [(texts[i], names[labels[i]]) for i in held]
            validation = tuple(map(list, zip(*pairs))) if held else None
            texts, labels = [texts[i] for i in kept], [labels[i] for i in kept]
        self._build_or_grow()
        data = self._training_set(texts, labels)
        if config.encoder == "embedding":
            self.net_.count_documents(data.ids)
        seed = seed_for(self.seed, "train", self._n_calls)
        self._n_calls += 1
        if config.training == "swarm":
            self._train_swarm(data, validation, seed)
        elif config.training == "steps":
            self._train_steps(data, validation, seed)
        elif config.training == "contrastive":
            episode = train_contrastive(self.net_, data, config, seed)
            self._add_cost(episode.flops, episode.steps)
        else:
            self.convergence_steps_ = 0
        if config.has_memory and not self._writes_in_training:
            self._write_all(data)
        self._recent = data, seed
        if config.has_memory and config.training != "swarm":  # a swarm tends its memory itself
            self._tend(seed)
        if config.has_memory and config.key_refresh:
            self._refresh(data.sources.tolist(), data.ids)
        if config.abstain:
            self._threshold = impostor_threshold(self.memory_, config.similarity)

    def _tend(self, seed: int) -> None:
        """Consolidate and forget, where the flow does, after learning the recent texts."""
        if not self.config.consolidation and self.config.forgetting == "none":
            return
        data, _ = self._recent
        counts, flops = tend(self.net_, self.memory_, data, self.config, seed, self._step)
        self.history_.append({"step": self._step, **counts})
        self._add_cost(flops, 0)

    @property
    def _writes_in_training(self) -> bool:
        reads = self.config.fusion == "gate" or self.config.write_in_training
        return reads and self.config.training in ("steps", "swarm")

    def _validation_ids(self, data: TrainingSet, validation: tuple | None):
        if validation is None:
            return data.ids, data.labels
        labels = torch.tensor([self._class_index[label] for label in validation[1]])
        return self.tokenizer_.encode(validation[0]), labels

    def _train_swarm(self, data: TrainingSet, validation: tuple | None, seed: int) -> None:
        ids, labels = self._validation_ids(data, validation)
        score = partial(score_validation, ids, labels, self.config, self.context_)
        writes = self._writes_in_training  # otherwise the memory is written afterwards
        result = run_swarm(
            self.net_,
            self.memory_ if writes else None,
            data,
            self.config,
            score,
            seed=seed,
            context=self.context_,
            first_step=self._step,
            n_jobs=self.n_jobs,
        )
        self.net_, self.memory_ = result.net, result.memory if writes else self.memory_
        self._top_k, self._step = result.top_k, result.steps
        self._add_cost(
            result.flops,
            self.config.meta_iterations * self.config.agent_steps * self.config.n_agents,
        )
        self.history_ += result.history
        if validation is not None:
            points = [(row["step"], row["best"]) for row in result.history]
            self.convergence_steps_ = convergence_steps(*zip(*points))

    def _train_steps(self, data: TrainingSet, validation: tuple | None, seed: int) -> None:
        validate = None
        if validation is not None:
            ids, labels = self._validation_ids(data, validation)

            def validate() -> float:
                return score_validation(
                    ids, labels, self.config, self.context_, self.net_, self.memory_,
                    self._top_k, self._step,
                )[0]  # fmt: skip

        episode = train_episode(
            self.net_,
            self.memory_ if self._writes_in_training else None,
            data,
            self.config,
            seed=seed,
            n_steps=self.config.n_steps,
            context=self.context_,
            first_step=self._step,
            validate=validate,
        )
        self._step += episode.steps
        self._add_cost(episode.flops, episode.steps)
        self.history_ += [{"step": step, "accuracy": right} for step, right in episode.curve]
        if episode.curve:
            self.convergence_steps_ = convergence_steps(*zip(*episode.curve))

    def _add_cost(self, flops: float, steps: int) -> None:
        self.cost_.flops += flops
        self.cost_.steps += steps

    @torch.no_grad()
    def _write_all(self, data: TrainingSet) -> None:
        """Show the texts to the write rule once, in batches, in order."""
        for index in torch.arange(len(data)).split(self.config.batch_size):
            batch = data.take(index)
            states: list[Tensor] = []
            self.cost_.flops += count_flops(
                lambda: states.append(encode_texts(self.net_, batch.ids, self.config))  # noqa: B023
            )
            loss = states[0].new_zeros(len(batch))
            if self.config.fusion == "gate":
                logits, _, _ = score_states(
                    self.net_, self.memory_, states[0], self.config,
                    context=self.context_, step=self._step,
                )  # fmt: skip
                loss = F.cross_entropy(logits, batch.labels, reduction="none")
            write_texts(self.net_, self.memory_, batch, states[0], loss, self.config, self._step)
            self._step += 1

    def refresh_keys(self, texts: list[str], labels: list) -> None:
        """Re-encode the stored entries that stem from these training texts.

        Raises:
            ValueError, TypeError: as `fit`.
        """
        texts, labels = check_texts_labels(texts, labels)
        indices = [self._class_index[label] for label in labels]
        sources = [source_of(text, label) for text, label in zip(texts, indices)]
        self._refresh(sources, self.tokenizer_.encode(texts))

    @torch.no_grad()
    def _refresh(self, sources: list[int], ids: list[list[int]]) -> None:
        """Take these texts among the known ones and re-encode every entry of a known text."""
        self._known |= dict(zip(sources, ids))
        sources = self.memory_["source"].tolist()
        slots = [i for i, source in enumerate(sources) if source in self._known]
        if slots:
            texts = [self._known[sources[i]] for i in slots]
            keys = self.memory_.keys
            keys[slots] = encode_texts(self.net_, texts, self.config).to(keys.dtype)

    @torch.no_grad()
    def _answer(self, texts: list[str]) -> Answers:
        config, n_classes = self.config, len(self.classes_)
        states = encode_texts(self.net_, self.tokenizer_.encode(texts), config)
        n, none = len(texts), np.full(len(texts), np.nan)
        has_entries = self.memory_ is not None and len(self.memory_) > 0
        reading, gate = None, None
        options = {"context": self.context_, "step": self._step, "top_k": self._top_k}
        without = np.zeros((n, n_classes))
        if config.has_classifier:
            without = self.net_.fuse(states, None)[0].softmax(1).numpy()
        if config.fusion == "label":
            scores = np.zeros((n, n_classes))
            if has_entries:
                reading = read_memory(states, self.memory_, config, **options)
                scores = read_labels(reading, self.memory_, n_classes).numpy()
        else:
            logits, gate, reading = score_states(self.net_, self.memory_, states, config, **options)
            scores = logits.softmax(1).numpy()
        if reading is None:
            return Answers(
                scores, without, 1 - scores.max(1), none, np.full(n, -1), np.zeros(n, bool),
                none, np.zeros(n, bool),
            )  # fmt: skip
        nearest = reading.nearest.numpy()
        offset = 1.0 if config.similarity == "cosine" else 0.0
        return Answers(
            scores=scores,
            scores_without=without,
            novelty=offset - nearest,
            hit=reading.scores.mean(1).numpy(),
            nearest=self.memory_["label"][reading.nearest_slot].numpy(),
            has_read=(reading.weights.sum(1) > 0).numpy(),
            gate=none if gate is None else gate.numpy(),
            abstains=nearest < self._threshold,
        )
