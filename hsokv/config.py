"""Every mechanism is one switch of one frozen dataclass; a flow is one configuration.

A comment beside each default gives its meaning or reason; the methods page of the book lists every
place where the source documents leave a choice and which reading was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from hsokv.boundary.checks import Range, check_keys, convert

# The values of the switches that take one of a few, by name.
Encoder = Literal["transformer", "embedding", "lexical", "library"]
Pooling = Literal["last", "mean"]
TokenWeights = Literal["uniform", "surprisal"]
Similarity = Literal["cosine", "dot", "euclidean"]
Context = Literal["none", "documented", "as_shipped"]
ReadOut = Literal["top1", "mean", "weighted", "softmax", "vote"]
Fusion = Literal["none", "gate", "label"]
Fallback = Literal["none", "network"]
Value = Literal["label", "tokens"]
WriteRule = Literal["all", "surprise", "as_shipped"]
Duplicates = Literal["keep", "merge", "one_per_label"]
Eviction = Literal["confidence", "oldest"]
Forgetting = Literal["none", "utility", "interference"]
Training = Literal["none", "steps", "swarm", "contrastive"]
Products = Literal["bfloat16", "float32"]
Selection = Literal["validation", "hold_out"]
RandomSearch = Literal["accept_better", "walk"]
Title = Literal["none", "label"]
Semantic = Literal["none", "published", "adapted"]
Library = Literal[
    "", "tfidf_neighbor", "bm25", "class_mean", "linear_probe", "sentence_neighbor",
    "sentence_mean", "sentence_probe", "headword",
]  # fmt: skip
# The ranges of the numbers; the upper ends of sizes are what a large machine could still hold.
Count = Annotated[int, Range(1, 10**9)]
Width = Annotated[int, Range(1, 65_536)]
Layers = Annotated[int, Range(1, 1000)]
Length = Annotated[int, Range(1, 1_000_000)]
Padding = Annotated[int, Range(0, 1_000_000)]
Share = Annotated[float, Range(0, 1)]
ShareBelowOne = Annotated[float, Range(0, 1, open_high=True)]
Rate = Annotated[float, Range(0, 1, open_low=True)]
Temperature = Annotated[float, Range(1e-6, 1e6)]
Threshold = Annotated[float, Range()]
NotNegative = Annotated[float, Range(0)]
# They act only when a flow is read: on a fitted flow they act at once.
READING = (
    "similarity", "confidence_weighting", "read_out", "top_k", "temperature", "read_cut",
    "first_exposure_window", "fallback", "abstain", "novel_nats",
    "unknown_share", "cosine_nats",
)  # fmt: skip


@dataclass(frozen=True)
class FlowConfig:
    """One learner, as a point in the space of mechanisms.

    Raises:
        ValueError: a switch has a value its type does not name, a size or rate is out of range, or
            switches exclude one another.
        TypeError: a value has another type than its annotation.
    """

    # Keys: how a text becomes a vector.
    encoder: Encoder = "transformer"  # 'embedding' averages token vectors, 'lexical' keeps words
    d_model: Width = 256  # width of keys and states, as documented
    n_layers: Layers = 4  # as documented
    n_heads: Width = 8  # study table
    d_ff: Width = 512  # study table
    dropout: ShareBelowOne = 0.1  # study table
    max_len: Length = 256  # longest accepted text in tokens; documented stories reach 130
    pooling: Pooling = "last"  # walkthrough 4.3.2: state of the last token
    pad_to: Padding = 0  # > 0: pad to this length and attend the padding (the shipped code did, 96)
    token_weights: TokenWeights = (
        "uniform"  # 'surprisal' weighs a token by -log of its document frequency
    )
    # Lexical keys: texts by their words; nats are natural units of information.
    word_cost: NotNegative = 10.0  # price of a shared word; less lets commoner words speak
    title: Title = "none"  # 'label' reads the words of a text's label as its title
    title_cost: NotNegative = 1.0  # price of a word of the title
    form_cost: NotNegative = 2.0  # nats of each step to another form, see data.english.forms
    english: bool = True  # how rare a word is in English; False takes all words to be equally rare
    semantic: Semantic = "none"  # 'published' adds the vector of a published sentence encoder,
    # 'adapted' the same after it has learned from other words how usages and definitions meet
    cosine_nats: NotNegative = 16.0  # nats that a cosine of 1 says
    common_share: Share = 0.04  # words in more of the stored texts are left out of what it reads
    # Reading.
    similarity: Similarity = "cosine"  # the better one for averaged word vectors, see 01_rare_words
    context: Context = "none"  # domain, recency and emotion boosts
    confidence_weighting: bool = False  # multiply similarity by confidence before selection
    read_out: ReadOut = "top1"  # how the entries read become one answer
    top_k: Count = 1  # entries read, except by top1; agents of a swarm draw 1 to 10
    temperature: Temperature = 0.1  # of the softmax read-out, in units of similarity
    read_cut: NotNegative = 0.0  # entries below this similarity are not read; 0 reads all
    fusion: Fusion = (
        "label"  # 'label' answers with stored labels, 'gate' mixes values into the state
    )
    fallback: Fallback = "none"  # 'network': it answers where it names a class without an entry
    value: Value = "label"  # gated value: 'label' = classifier row scaled to the state's norm
    # Writing.
    write_rule: WriteRule = "all"  # 'surprise' writes only what surprises or is new
    surprise_threshold: Threshold = 0.3  # cross-entropy in nats above which a text is written
    first_exposure_threshold: Threshold = 0.15  # the same for the first text of a label
    novelty_threshold: Threshold = 0.7  # 1 - best cosine above which a text is written
    first_exposure_boost: Share = 0.0  # added confidence of a first exposure ...
    first_exposure_window: Count = 20  # ... fading to zero over this many retrievals
    duplicates: Duplicates = "keep"  # 'merge' keeps one entry per identical text
    capacity: Count = 10_000  # entries; more than any task here stores
    eviction: Eviction = "oldest"  # who goes when the memory is full
    key_refresh: bool = False  # re-encode every stored text when training ends
    write_in_training: bool = False  # label read-outs too write (and read) at every training step
    # Lifecycle.
    consolidation: bool = False  # train on the surest entries, then delete them
    forgetting: Forgetting = "none"  # 'utility' (source documents) or 'interference' (shipped code)
    lifecycle_every: Count = 10  # meta-iterations between consolidation and forgetting
    # Training.
    training: Training = "none"  # 'contrastive' is for averaged token vectors
    n_steps: Count = 100  # optimiser steps of 'steps' and 'contrastive'
    lr: Rate = 1e-4  # of Adam, Option 1; agents of a swarm draw theirs
    batch_size: Count = 32  # texts; research preset of the source documents
    products: Products = (
        "bfloat16"  # precision of matrix products in training, where the CPU has it
    )
    stop_loss: NotNegative = 0.0  # > 0: stop when an epoch's mean loss falls below it
    # Swarm.
    meta_iterations: Count = 10  # research preset of the source documents, as the next three
    n_managers: Count = 2  # each lets its weak agents follow its best
    agents_per_manager: Count = 5  # optimisers in turn: SGD, Adam, RMSprop, random search
    agent_steps: Count = 50  # optimiser steps per agent and meta-iteration
    selection: Selection = (
        "validation"  # 'hold_out' takes the last text of every label that has two
    )
    strict_improvement: bool = False  # True: a tie throws the iteration away (shipped code)
    random_search: RandomSearch = "accept_better"  # 'walk' never looks at the loss (shipped code)
    # Answering.
    abstain: bool = False  # answer `ABSTAIN` where nothing stored is close enough
    novel_nats: Threshold = 2.5  # lexical keys: least that the best entry must say to be answered
    unknown_share: Share = 0.0  # of what the most telling unknown word could say, asked for on top
    # Library baselines; the defaults are the libraries' own but for `probe_c`.
    library: Library = ""  # which one
    max_df: Rate = 1.0  # words that stand in a larger share of the texts are left out
    sublinear_tf: bool = False  # TF-IDF counts a word 1 + log(times)
    char_ngrams: Padding = 0  # > 0: TF-IDF of letter groups inside words, up to this long
    bm25_k1: NotNegative = 1.5  # how fast repetitions of a word stop counting
    bm25_b: Share = 0.75  # how much a long text is held against it
    probe_c: Temperature = 100.0  # inverse penalty of the logistic regression; its own is 1

    def __post_init__(self):
        for name, value in list(vars(self).items()):
            if value is not getattr(FlowConfig, name):  # the default
                value = convert(name, value, _annotations()[name])
                object.__setattr__(self, name, value)  # NumPy's numbers become Python's
        if self.d_model % self.n_heads:
            raise ValueError(
                f"d_model={self.d_model} is not a multiple of n_heads={self.n_heads}; "
                "choose d_model divisible by n_heads"
            )
        if self.encoder == "transformer" and self.d_model % 2:
            raise ValueError(
                f"d_model={self.d_model}: sinusoidal positions need an even width; add 1"
            )
        self._check_combination()

    def _check_combination(self) -> None:
        """Reject switches that exclude one another."""
        if (self.encoder == "library") != bool(self.library):
            raise ValueError(
                f"encoder={self.encoder!r} with library={self.library!r}: a library flow needs "
                "both, any other neither; set encoder='library' and name the library, or leave both"
            )
        if self.encoder == "lexical" and not self._is_plain_memory:
            raise ValueError(
                f"encoder='lexical' with fusion={self.fusion!r}, training={self.training!r}, "
                f"write_rule={self.write_rule!r}, eviction={self.eviction!r}, duplicates="
                f"{self.duplicates!r}, forgetting={self.forgetting!r}: every text is stored as its "
                "words and read by its label; leave these switches as they are by default, or set "
                "duplicates='merge'"
            )
        if self.abstain and (self.fusion == "none" or self.library):
            raise ValueError(
                f"abstain=True with encoder={self.encoder!r}, fusion={self.fusion!r}: only a flow "
                "that reads a key-value memory can be told to decline, and headword_lookup does by "
                "itself; set abstain=False"
            )
        if self.training == "contrastive" and (
            self.encoder != "embedding" or self.fusion != "label"
        ):
            raise ValueError(
                f"training='contrastive' with encoder={self.encoder!r}, fusion={self.fusion!r}: "
                "it trains token vectors and no classifier; set encoder='embedding' and "
                "fusion='label'"
            )
        if self.consolidation and not self.has_classifier:
            raise ValueError(
                f"consolidation with encoder={self.encoder!r}, training={self.training!r}: there "
                "is no classifier to move memories into; set training='steps' or "
                "consolidation=False"
            )
        if self.fallback == "network" and not (self.fusion == "label" and self.has_classifier):
            raise ValueError(
                f"fallback='network' with fusion={self.fusion!r}, encoder={self.encoder!r}, "
                f"training={self.training!r}: it lets a classifier answer in the place of stored "
                "labels; set fusion='label' and train a classifier, or fallback='none'"
            )
        if self.value == "tokens" and self.fusion == "gate" and self.encoder != "transformer":
            raise ValueError(
                f"value='tokens' with encoder={self.encoder!r}: it stores a transformer's token "
                "vectors; set value='label'"
            )

    @property
    def _is_plain_memory(self) -> bool:
        """Whether every text is stored, read by its label and kept until room is needed."""
        switches = self.fusion, self.training, self.write_rule, self.eviction, self.forgetting
        plain = switches == ("label", "none", "all", "oldest", "none")
        return plain and self.duplicates != "one_per_label"

    @property
    def has_memory(self) -> bool:
        """Whether the flow reads a key-value memory."""
        return self.fusion != "none"

    @property
    def reads_sentences(self) -> bool:
        """Whether a published encoder turns texts into vectors."""
        return self.semantic != "none" or self.library.startswith("sentence")

    @property
    def reads_adapted(self) -> bool:
        """Whether that encoder has learned from other words, see `training.usages`."""
        return self.semantic == "adapted"

    @property
    def has_classifier(self) -> bool:
        """Whether the network can answer without the memory; a plain average cannot."""
        untrained = self.training in ("none", "contrastive") and self.fusion == "label"
        return self.encoder == "transformer" or (self.encoder == "embedding" and not untrained)

    @property
    def writes_in_training(self) -> bool:
        """Whether training reads and writes the memory at every step; else it is written after."""
        reads = self.fusion == "gate" or self.write_in_training
        return reads and self.training in ("steps", "swarm")

    @property
    def n_agents(self) -> int:
        """Agents of the swarm."""
        return self.n_managers * self.agents_per_manager

    def with_overrides(self, **overrides) -> FlowConfig:
        """Return a copy with some switches changed; an unknown name raises ValueError."""
        check_keys(overrides, [field.name for field in fields(self)], "flow setting")
        return replace(self, **overrides)

    def as_dict(self) -> dict:
        """Return the switches as a plain dict."""
        return dict(vars(self))

    def switches(self) -> dict:
        """Return the switches that differ from their defaults; they identify a configuration."""
        default = _default()
        return {k: v for k, v in vars(self).items() if v != default[k]}


def allowed_values(name: str) -> tuple[str, ...]:
    """Return the values that a switch may take, as its type names them; none for other types."""
    hint = _annotations()[name]
    return get_args(hint) if get_origin(hint) is Literal else ()


@cache
def _annotations() -> dict:
    return get_type_hints(FlowConfig, include_extras=True)


@cache
def _default() -> dict:
    return FlowConfig().as_dict()
