"""A flow in words, made from its `FlowConfig` alone, so that tables and diagrams cannot drift.

Every mechanism is a slot that is on or off; slots are grouped into the stages a text passes.
"""

from __future__ import annotations

from typing import NamedTuple

from hsokv.config import FlowConfig
from hsokv.memory.forgetting import UTILITY_THRESHOLD
from hsokv.training.swarm import LR_RANGE, OPTIMIZERS, TOP_K_RANGE

# The stages that `describe` tells apart, each with the slots it is made of.
STAGES = {
    "Keys": ("Encoder", "Pooling", "Token weights", "Padding", "Text length"),
    "Writing": (
        "Write rule", "Capacity", "When full", "Duplicates", "Entry confidence", "First exposure",
    ),
    "Lifecycle": ("Key refresh", "Consolidation", "Forgetting"),
    "Similarity": ("Similarity", "Context boosts", "Confidence"),
    "Read-out": ("Cut-off", "Read-out"),
    "Fusion": ("Gate", "Value read"),
    "Answer": ("Answer by", "Abstention"),
    "Training": ("Steps", "Swarm", "Selection", "Random search"),
}  # fmt: skip
MEMORY_STAGES = ("Writing", "Lifecycle", "Similarity", "Read-out")


class Slot(NamedTuple):
    """One mechanism of a flow.

    Attributes:
        text: what stands in its slot.
        is_on: whether the flow uses it.
        phrase: the same outside its slot; empty where `text` needs no more words.
    """

    text: str
    is_on: bool = True
    phrase: str = ""


def describe(config: FlowConfig) -> dict[str, str]:
    """Return what a flow does at each stage of `STAGES`, in a few words; 'none' where nothing."""
    slots = find_slots(config)
    return {
        stage: "; ".join(slots[name].phrase or slots[name].text for name in names
                         if slots[name].is_on) or "none"
        for stage, names in STAGES.items()
    }  # fmt: skip


def find_slots(config: FlowConfig) -> dict[str, Slot]:
    """Return every mechanism by name: what the code does under this configuration.

    A switch that is set but cannot act, such as forgetting without a swarm to run it, is off.
    """
    slots = _key_slots(config) | _training_slots(config)
    slots |= _memory_slots(config) | _read_slots(config) | _answer_slots(config)
    unused = STAGES if config.encoder == "library" else () if config.has_memory else MEMORY_STAGES
    slots |= dict.fromkeys((name for stage in unused for name in STAGES[stage]), Slot("", False))
    if config.encoder == "lexical":
        return slots | _lexical_slots(config)
    return slots | (_library_slots(config.library) if config.encoder == "library" else {})


def _key_slots(config: FlowConfig) -> dict[str, Slot]:
    is_transformer, is_trained = config.encoder == "transformer", config.training != "none"
    state = "" if is_trained else "untrained " if is_transformer else "random "
    kind = f"transformer, {config.n_layers} layers" if is_transformer else "token vectors"
    last = is_transformer and config.pooling == "last"
    surprisal = not is_transformer and config.token_weights == "surprisal"
    pads = is_transformer and config.pad_to > 0
    pooled = "last token" if last else "sum over tokens" if surprisal else "mean over tokens"
    return {
        "Encoder": Slot(f"{state}{kind}, width {config.d_model}"),
        "Pooling": Slot(pooled),
        "Token weights": _switch(surprisal, "surprisal", "uniform", "weighted by surprisal"),
        "Padding": _switch(
            pads, f"to {config.pad_to}, attended", "none", f"padding to {config.pad_to} attended"
        ),
        "Text length": _switch(is_transformer, f"up to {config.max_len} tokens", "any"),
    }


def _memory_slots(config: FlowConfig) -> dict[str, Slot]:
    shipped, swarm = config.write_rule == "as_shipped", config.training == "swarm"
    rule = (
        "every text"
        if config.write_rule == "all"
        else f"loss > {config.surprise_threshold:g} (first > {config.first_exposure_threshold:g}) "
        f"or novelty > {config.novelty_threshold:g}"
    )
    if config.fusion == "label" and config.writes_in_training:
        rule += ", at every step"
    counts = config.writes_in_training and not shipped
    weighs = config.confidence_weighting or config.eviction == "confidence"
    start = "1 − loss" if shipped else "0.5"
    boost = f"+{config.first_exposure_boost:g}"
    boost += " when written" if shipped else f" for {config.first_exposure_window} reads"
    forgetting = {
        "none": "off",
        "utility": f"utility < {UTILITY_THRESHOLD:g}",
        "interference": "near-duplicate keys",
    }[config.forgetting]
    every = f"every {config.lifecycle_every} rounds" if swarm else "after training"
    return {
        "Write rule": Slot(rule),
        "Capacity": Slot(f"{config.capacity:,} entries"),
        "When full": Slot(
            *{"confidence": ("drops least confident", True, "least confident dropped"),
              "oldest": ("drops oldest", True, "oldest dropped")}[config.eviction]
        ),
        "Duplicates": {
            "keep": Slot("kept", False),
            "merge": Slot("merged", True, "identical texts merged"),
            "one_per_label": Slot("one entry per label"),
        }[config.duplicates],
        "Entry confidence": _switch(
            weighs,
            f"{start}, {'moves with use' if counts else 'fixed'}",
            "unused",
            f"confidence {start}, {'moving with use' if counts else 'fixed'}",
        ),
        "First exposure": _switch(
            config.first_exposure_boost > 0 and (shipped or config.confidence_weighting),
            boost, "no boost",
            f"confidence {boost}" + ("" if shipped else " of a first exposure"),
        ),
        "Key refresh": _switch(
            config.key_refresh, "after training", "never", "keys refreshed after training"
        ),
        "Consolidation": _switch(
            config.consolidation, every, "off", f"consolidation {every}"
        ),
        "Forgetting": _switch(
            forgetting != "off", forgetting, "off", f"forgetting {every}: {forgetting}"
        ),
    }  # fmt: skip


def _read_slots(config: FlowConfig) -> dict[str, Slot]:
    read_out = {
        "top1": "top 1",
        "mean": f"mean of the top {config.top_k}",
        "weighted": f"top {config.top_k}, weighted by score",
        "softmax": f"softmax over the top {config.top_k} at {config.temperature:g}",
        "vote": f"label vote of the top {config.top_k}",
    }[config.read_out]
    if config.training == "swarm" and config.read_out != "top1":
        read_out += f" (agents: {TOP_K_RANGE[0]} to {TOP_K_RANGE[1]})"
    return {
        "Similarity": Slot(
            {"cosine": "cosine", "dot": "dot product", "euclidean": "Euclidean"}[config.similarity]
        ),
        "Context boosts": {
            "none": Slot("off", False),
            "documented": Slot("domain, age, emotion", True, "boosts by domain, age, emotion"),
            "as_shipped": Slot("one for all entries", True, "one boost for all entries of a query"),
        }[config.context],
        "Confidence": _switch(
            config.confidence_weighting, "multiplies score", "off", "times confidence"
        ),
        "Cut-off": _switch(
            config.read_cut > 0, f"zero below {config.read_cut:g}", "off",
            f"nothing read below {config.read_cut:g}",
        ),
        "Read-out": Slot(read_out),
    }  # fmt: skip


def _answer_slots(config: FlowConfig) -> dict[str, Slot]:
    gate = "untrained sigmoid" if config.training == "none" else "learned sigmoid"
    value = {"label": "label's class vector", "tokens": "mean token vector"}[config.value]
    answer = "stored label" if config.fusion == "label" else "classifier"
    if config.fallback == "network":
        answer += ", or classifier"
    return {
        "Gate": _switch(config.fusion == "gate", gate, "off", f"{gate} gate"),
        "Value read": {
            "none": Slot("", False),
            "gate": Slot(value, True, f"mixes in the {value}"),
            "label": Slot("stored label", True, "none: the stored label is the answer"),
        }[config.fusion],
        "Answer by": Slot(answer),
        "Abstention": _switch(
            config.abstain, "below a threshold", "never", "abstains below a threshold"
        ),
    }


def _training_slots(config: FlowConfig) -> dict[str, Slot]:
    swarm = config.training == "swarm"
    adam = f"Adam {_rate(config.lr)}, {config.n_steps:,} steps"
    if config.products == "float32":
        adam += ", float32"
    if config.stop_loss > 0:
        adam += f" or loss {config.stop_loss:g}"
    steps = {
        "none": "none",
        "steps": f"{adam}, batch {config.batch_size}",
        "contrastive": f"contrastive, {adam}, batch {config.batch_size}",
        "swarm": f"{config.agent_steps} per agent and round, batch {config.batch_size}",
    }[config.training]
    managers = "manager" if config.n_managers == 1 else "managers"
    crowd = f"{config.n_managers} {managers} × {config.agents_per_manager} agents"
    select = {"validation": "validation words", "hold_out": "held-out texts"}[config.selection]
    select += ", no ties" if config.strict_improvement else ""
    rates = f"{_rate(LR_RANGE[0])} to {_rate(LR_RANGE[1])}"
    return {
        "Steps": _switch(
            config.training != "none", steps, "none", f"steps: {steps}" if swarm else ""
        ),
        "Swarm": _switch(
            swarm,
            f"{config.meta_iterations} rounds\n{crowd}\nrates {rates}",
            "off",
            f"swarm: {config.meta_iterations} rounds of {crowd}, each with "
            f"{', '.join(OPTIMIZERS[:-1])} or {OPTIMIZERS[-1]} search at rates {rates}",
        ),
        "Selection": _switch(swarm, select, "off", f"best on {select}"),
        "Random search": _switch(
            swarm,
            *{"accept_better": ("keeps better moves", "off", "random search keeps better moves"),
              "walk": ("random walk", "off", "random search is a random walk")}[
                config.random_search
            ],
        ),
    }  # fmt: skip


def _lexical_slots(config: FlowConfig) -> dict[str, Slot]:
    least, titles = f"below {config.novel_nats:g} nats", " + label" * (config.title == "label")
    unknown = f" and {config.unknown_share:g} of the most telling unknown word"
    known = least + unknown * bool(config.unknown_share)
    keys, nats = Slot("exact words"), Slot("nats of words", True, "nats of shared words and forms")
    if config.semantic != "none":
        how = "" if config.semantic == "published" else f" ({config.semantic})"
        keys = Slot(f"words, MiniLM{how}", True, f"exact words; all-MiniLM-L6-v2{how}")
        cosine = f"{config.cosine_nats:g} × cosine"
        nats = Slot(f"nats + {cosine}", True, f"{nats.phrase}, plus {cosine}")
    return {
        "Encoder": keys,
        "Pooling": Slot(f"sum over words{titles}", True, f"sum over shared words{titles}"),
        "Token weights": _switch(
            config.english, "rarity in English", "uniform", "weighted by rarity in English"
        ),
        "Entry confidence": Slot("unused", False),
        "Similarity": nats,
        "Context boosts": Slot("off", False),
        "Confidence": Slot("off", False),
        "Cut-off": Slot("off", False),
        "Read-out": Slot("best entry per label"),
        "Abstention": _switch(config.abstain, least, "never", f"abstains {known}"),
    }


def _library_slots(library: str) -> dict[str, Slot]:
    if library == "headword":
        return {
            "Encoder": Slot("words of the text"),
            "Write rule": Slot("every label"),
            "Similarity": Slot("same word"),
            "Read-out": Slot("first word found"),
            "Value read": Slot("stored label", True, "none: the stored label is the answer"),
            "Answer by": Slot("stored label"),
            "Abstention": Slot("no word found", True, "abstains where no word is found"),
        }
    reads = library.startswith("sentence")  # it takes a text as it stands, words in their order
    words = "word counts (bm25s)" if library == "bm25" else "TF-IDF vectors (scikit-learn)"
    keys = {
        "Encoder": Slot("all-MiniLM-L6-v2" if reads else words),
        "Pooling": Slot("mean over tokens" if reads else "sum over words"),
        "Token weights": _switch(
            not reads, "document frequency", "uniform", "weighted by document frequency"
        ),
        "Write rule": Slot("every text"),
    }
    if library.endswith("probe"):
        fit = Slot("logistic regression, refitted to all texts")
        return keys | {"Answer by": Slot("classifier"), "Steps": fit}
    is_mean = library.endswith("mean")
    return keys | {
        "Duplicates": _switch(is_mean, "one mean per label", "kept"),
        "Similarity": Slot("BM25 score" if library == "bm25" else "cosine"),
        "Read-out": Slot("top 1 class mean" if is_mean else "top 1"),
        "Value read": Slot("stored label", True, "none: the stored label is the answer"),
        "Answer by": Slot("stored label"),
    }


def _switch(is_on: bool, text: str, off: str, phrase: str = "") -> Slot:
    return Slot(text, True, phrase) if is_on else Slot(off, False)


def _rate(value: float) -> str:
    """Return a learning rate as 1e-4 rather than 0.0001 or 1e-04."""
    mantissa, exponent = f"{value:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
