"""The flows by name, each one configuration, and the budgets of those that have one to choose.

This is the only place where flows are told apart.
"""

from __future__ import annotations

from dataclasses import replace

from hsokv.config import FlowConfig

_CURRENT = FlowConfig(
    similarity="cosine",
    context="documented",
    confidence_weighting=True,
    read_out="mean",
    top_k=5,
    fusion="gate",
    write_rule="surprise",
    first_exposure_boost=0.25,
    capacity=1000,
    eviction="confidence",
    consolidation=True,
    forgetting="utility",
    training="swarm",
)
_MINIMAL_FIX = FlowConfig(
    similarity="dot",
    fusion="gate",
    write_rule="surprise",
    surprise_threshold=0.05,
    first_exposure_threshold=0.05,
    first_exposure_boost=0.25,
    confidence_weighting=True,
    capacity=1000,
    eviction="confidence",
    training="steps",
)
_SIMPLE_KV = FlowConfig(encoder="embedding", d_model=128, similarity="dot")
_NEAREST_NEIGHBOR = FlowConfig(encoder="embedding", d_model=64, similarity="dot")
#: Every flow by name.
FLOWS: dict[str, FlowConfig] = {
    "current": _CURRENT,
    "as_shipped": replace(
        _CURRENT,
        pooling="mean",
        pad_to=96,
        context="as_shipped",
        confidence_weighting=False,
        read_out="weighted",
        read_cut=0.3,
        value="tokens",
        write_rule="as_shipped",
        duplicates="one_per_label",
        consolidation=False,  # no candidate was ever found in the shipped code
        forgetting="interference",
        selection="hold_out",
        strict_improvement=True,
        random_search="walk",
    ),
    "minimal_fix": _MINIMAL_FIX,
    "minimal_config": replace(_MINIMAL_FIX, write_rule="all"),
    "hybrid": FlowConfig(
        similarity="dot",
        pooling="mean",
        training="steps",
        duplicates="merge",
        key_refresh=True,
    ),
    "simple_kv": _SIMPLE_KV,
    "simple_kv_contrastive": replace(
        _SIMPLE_KV, training="contrastive", lr=1e-3, duplicates="merge", key_refresh=True
    ),
    "fine_tune": FlowConfig(fusion="none", training="steps", n_steps=4600, lr=2e-4, stop_loss=0.01),
    "kv_only": replace(_CURRENT, training="none", consolidation=False, forgetting="none"),
    "nearest_neighbor": _NEAREST_NEIGHBOR,
    "nearest_neighbor_cosine": replace(_NEAREST_NEIGHBOR, similarity="cosine"),
    "tfidf_neighbor": FlowConfig(encoder="library", library="tfidf_neighbor"),
    "bm25": FlowConfig(encoder="library", library="bm25"),
    "class_mean": FlowConfig(encoder="library", library="class_mean"),
    "linear_probe": FlowConfig(encoder="library", library="linear_probe"),
    "redesign": FlowConfig(
        encoder="embedding",
        d_model=1024,  # random token vectors interfere less the wider they are
        token_weights="surprisal",
        similarity="cosine",
        duplicates="merge",
        abstain=True,
    ),
}
#: Budgets of the swarm, and of `fine_tune`, whose steps match the swarm's counted FLOPs.
BUDGETS: dict[str, dict] = {
    "quick": {"meta_iterations": 2, "n_managers": 1, "agents_per_manager": 4, "agent_steps": 10,
              "batch_size": 16},
    "demo": {"meta_iterations": 5, "n_managers": 2, "agents_per_manager": 2, "agent_steps": 25,
             "batch_size": 16},
    "full": {"meta_iterations": 10, "n_managers": 2, "agents_per_manager": 5, "agent_steps": 50,
             "batch_size": 32},
}  # fmt: skip
