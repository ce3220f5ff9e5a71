"""The composable learner: encoder, memory and training as its `FlowConfig` says.

Every flow with keys of its own is this one class under another configuration.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Self

import torch
import torch.nn.functional as F
from torch import nn

from hsokv.boundary.checks import shown
from hsokv.boundary.inputs import check_texts_labels
from hsokv.data.predecessor import hold_out_last
from hsokv.data.tokenizer import Tokenizer, split_words
from hsokv.flows.answering import answer_from_state
from hsokv.flows.base import RESERVED, Answers, Flow
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context
from hsokv.memory.state import LearnerState
from hsokv.models.build import build_network
from hsokv.models.device import device_of, pick_device
from hsokv.models.texts import TrainingSet, source_of
from hsokv.seeds import seed_for, torch_generator
from hsokv.stats.metrics import convergence_steps
from hsokv.training.consolidation import tend
from hsokv.training.contrastive import train_contrastive
from hsokv.training.steps import count_flops, train_episode
from hsokv.training.swarm import run_swarm


class MemoryLearner(Flow):
    """A text encoder with a key-value memory, trained or not, as the configuration says.

    Attributes:
        state_: `LearnerState`: network, memory, context, step and the entries read.
        tokenizer_: fitted on training texts only.
    """

    @property
    def net_(self) -> nn.Module:
        """`GatedMemoryTransformer`, `AverageNetwork` or `TokenAverageEncoder`."""
        return self.state_.net

    @property
    def memory_(self) -> KeyValueMemory | None:
        """The memory, `None` for a flow without one."""
        return self.state_.memory

    @property
    def memory_bytes(self) -> int:
        """Bytes of the entries in use."""
        return 0 if self.memory_ is None else self.memory_.n_bytes

    def _reset(self) -> None:
        super()._reset()
        config = self.config_
        self.tokenizer_ = Tokenizer()
        self._exposures: dict[int, int] = {}
        self._known: dict[int, list[int]] = {}  # source -> token ids, for key refresh
        self._recent: tuple[TrainingSet, int] | None = None  # last texts learned, their seed
        self._n_calls, self._threshold = 0, -math.inf
        memory = context = None
        d_key, device = config.d_model, pick_device(self.device)
        if config.has_memory:
            d_value = d_key if config.fusion == "gate" else 0
            memory = KeyValueMemory(config.capacity, d_key, d_value, config.eviction, device)
        if config.context != "none":
            generator = torch_generator(self.seed, "context")
            context = Context(config.context, d_key, generator, device)
        self.state_ = LearnerState(config, None, memory, context)

    def _branch(self) -> Self:
        branch = super()._branch()
        branch.tokenizer_, branch.state_ = self.tokenizer_.copy(), self.state_.branch()
        branch._exposures, branch._known = dict(self._exposures), dict(self._known)
        return branch

    def _read_by(self, changes: dict) -> dict:
        learned = super()._read_by(changes)
        config = learned["config_"]
        top_k = config.top_k if "top_k" in changes else self.state_.top_k
        learned["state_"] = replace(self.state_, config=config, top_k=top_k)
        if "abstain" in changes or "similarity" in changes:
            threshold = learned["state_"].impostor_threshold() if config.abstain else -math.inf
            learned["_threshold"] = threshold
        return learned

    def _check_lengths(self, texts: list[str]) -> None:
        if self.config_.encoder != "transformer":
            return
        for i, text in enumerate(texts):
            length = len(split_words(text))
            if length > self.config_.max_len:
                raise ValueError(
                    f"text {i} has {length} tokens: this flow takes at most max_len="
                    f"{self.config_.max_len}; shorten it or make the flow with a larger max_len"
                )

    def _build_or_grow(self) -> None:
        """Fit the network to the present vocabulary and classes; what it knows stays."""
        sizes = len(self.tokenizer_), len(self.classes_)
        if self.net_ is None:
            net = build_network(self.config_, *sizes, seed=self.seed)
            self.state_.net = net.to(pick_device(self.device))
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
        ).to(device_of(self.net_))

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        config = self.config_
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
            episode = train_contrastive(self.state_, data, seed=seed)
            self._add_cost(episode.flops, episode.steps)
        else:
            self.convergence_steps_ = 0
        if config.has_memory and not config.writes_in_training:
            self._write_all(data)
        self._recent = data, seed
        if config.has_memory and config.training != "swarm":  # a swarm tends its memory itself
            self._tend(seed)
        if config.has_memory and config.key_refresh:
            self._refresh(data.sources.tolist(), data.ids)
        if config.abstain:
            self._threshold = self.state_.impostor_threshold()

    def _tend(self, seed: int) -> None:
        """Consolidate and forget, where the flow does, after learning the recent texts."""
        if not self.config_.consolidation and self.config_.forgetting == "none":
            return
        data, _ = self._recent
        counts, flops = tend(self.state_, data, seed)
        self.history_.append({"step": self.state_.step, **counts})
        self._add_cost(flops, 0)

    def _training_state(self) -> LearnerState:
        """Return the state to train: without the memory where that is written afterwards."""
        if self.config_.writes_in_training:
            return self.state_
        return replace(self.state_, memory=None)

    def _validation_ids(self, data: TrainingSet, validation: tuple | None):
        if validation is None:
            return data.ids, data.labels
        labels = torch.tensor([self._class_index[label] for label in validation[1]])
        return self.tokenizer_.encode(validation[0]), labels.to(data.labels.device)

    def _train_swarm(self, data: TrainingSet, validation: tuple | None, seed: int) -> None:
        config = self.config_
        ids, labels = self._validation_ids(data, validation)
        score = partial(LearnerState.validate, ids=ids, labels=labels)
        result = run_swarm(self._training_state(), data, score, seed=seed, n_jobs=self.n_jobs)
        memory = result.state.memory if config.writes_in_training else self.memory_
        self.state_ = replace(result.state, memory=memory)
        self._add_cost(result.flops, config.meta_iterations * config.agent_steps * config.n_agents)
        self.history_ += result.history
        if validation is not None:
            points = [(row["step"], row["best"]) for row in result.history]
            self.convergence_steps_ = convergence_steps(*zip(*points))

    def _train_steps(self, data: TrainingSet, validation: tuple | None, seed: int) -> None:
        state, validate = self._training_state(), None
        if validation is not None:
            ids, labels = self._validation_ids(data, validation)
            start = replace(state)  # validation counts ages up to the start of the episode

            def validate() -> float:
                return start.validate(ids, labels)[0]

        steps = self.config_.n_steps
        episode = train_episode(state, data, seed=seed, n_steps=steps, validate=validate)
        self.state_.step = state.step
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
        state = self.state_
        for index in torch.arange(len(data)).split(self.config_.batch_size):
            batch = data.take(index)
            states, flops = count_flops(state.encode, batch.ids)
            loss = states.new_zeros(len(batch))
            if self.config_.fusion == "gate":
                logits, _, _ = state.score(states)
                loss = F.cross_entropy(logits, batch.labels, reduction="none")
            state.write(batch, states, loss)
            state.step += 1
            self._add_cost(flops, 0)

    def refresh_keys(self, texts: list[str], labels: list) -> None:
        """Re-encode the stored entries that stem from these training texts.

        Raises:
            ValueError, TypeError: as `fit`; or a label was never learned, or there is no memory.
            sklearn.exceptions.NotFittedError: nothing has been learned yet.
        """
        self._check_fitted()
        texts, labels = check_texts_labels(texts, labels, RESERVED)
        self._check_kind(labels)
        unknown = [label for label in labels if label not in self._class_index]
        if unknown:
            raise ValueError(
                f"labels hold {shown(unknown[0])}, which was never learned: expected labels of "
                "classes_; leave its texts out"
            )
        if self.memory_ is None:
            raise ValueError(
                f"fusion={self.config_.fusion!r}: this flow has no memory, expected one whose keys "
                "can be encoded again; fit it with fusion='label' or 'gate'"
            )
        branch = self._branch()
        sources = [source_of(text, self._class_index[label]) for text, label in zip(texts, labels)]
        branch._refresh(sources, self.tokenizer_.encode(texts))
        self.__dict__ = vars(branch)

    @torch.no_grad()
    def _refresh(self, sources: list[int], ids: list[list[int]]) -> None:
        """Take these texts among the known ones and re-encode every entry of a known text."""
        self._known |= dict(zip(sources, ids))
        sources = self.memory_["source"].tolist()
        slots = [i for i, source in enumerate(sources) if source in self._known]
        if slots:
            texts = [self._known[sources[i]] for i in slots]
            self.memory_.replace_keys(torch.tensor(slots), self.state_.encode(texts))

    def _answer(self, texts: list[str]) -> Answers:
        ids = self.tokenizer_.encode(texts)
        return answer_from_state(self.state_, ids, len(self.classes_), self._threshold)
