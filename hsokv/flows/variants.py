"""One mechanism at a time: simple learners with it, H-SOKV without it.

Three *bases*: `current`, H-SOKV at the factorial's size; `simple`, a transformer with a
plain memory; `nearest_neighbor`, random word vectors with a plain memory, untrained. An *arm* is a
base with the changes of one *variant*; the variant '' is the base itself.
"""

from __future__ import annotations

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.flows.factorial import CURRENT, SIMPLE, SMALL, cell_config
from hsokv.flows.named import FLOWS

UNTRAINED = "nearest_neighbor"
BASES = ("current", "simple", UNTRAINED)

_BOOST = {"confidence_weighting": True, "first_exposure_boost": 0.25}
_STRONG = {"first_exposure_boost": 0.5, "first_exposure_window": 50}  # documented remedy, 1.3
_MEAN_OF_5 = {"read_out": "mean", "top_k": 5}
_SURPRISE = {"write_rule": "surprise"}
_AS_OFTEN = {"duplicates": "keep", "capacity": 1000, "eviction": "confidence"}
_LOW = {"surprise_threshold": 0.05, "first_exposure_threshold": 0.05}
_WIDE = {"d_model": 256, "n_heads": 8, "d_ff": 512, "products": "bfloat16"}  # large enough for it
_SIZES = {
    "layers_4": {"n_layers": 4},
    "layers_8": {"n_layers": 8},
    "wide": _WIDE,
    "documented_size": _WIDE | {"n_layers": 4},
    "last_token": {"pooling": "last"},
}
# What each variant changes in its base.
VARIANTS: dict[str, dict[str, dict]] = {
    "current": {
        "": {},
        "no_consolidation": {"consolidation": False},
        "no_forgetting": {"forgetting": "none"},
        "no_lifecycle": {"consolidation": False, "forgetting": "none"},
        "interference": {"forgetting": "interference"},
        "no_boost": {"first_exposure_boost": 0.0},
        "strong_boost": _STRONG,
        "no_confidence": {"confidence_weighting": False},
        "dot": {"similarity": "dot"},
        "top1": {"read_out": "top1", "top_k": 1},
        "no_context": {"context": "none"},
        "swarm": {},  # see `arm_config`
        "threshold_005": _LOW,
        "write_all": {"write_rule": "all"},
        "label": {"fusion": "label"},
        **_SIZES,
    },
    "simple": {
        "": {},
        "consolidation": {"consolidation": True},
        "gate_consolidation": {"fusion": "gate", "consolidation": True},
        "forgetting": {"forgetting": "utility"},
        "interference": {"forgetting": "interference"},
        "boost": _BOOST,
        "strong_boost": _BOOST | _STRONG,
        "dot": {"similarity": "dot"},
        "top5": _MEAN_OF_5,
        "top5_vote": {"read_out": "vote", "top_k": 5},
        "context": {"context": "documented"},
        "swarm": {},  # see `arm_config`
        "surprise": _SURPRISE | _AS_OFTEN,
        "surprise_once": _SURPRISE,
        "surprise_005": _SURPRISE | _AS_OFTEN | _LOW,
        "gate": {"fusion": "gate"},
        **_SIZES,
    },
    UNTRAINED: {
        "": {},
        "forgetting": {"forgetting": "utility"},
        "interference": {"forgetting": "interference"},
        "boost": _BOOST,
        "strong_boost": _BOOST | _STRONG,
        "cosine": {"similarity": "cosine"},
        "top5": _MEAN_OF_5,
        "top5_vote": {"read_out": "vote", "top_k": 5},
        "context": {"context": "documented"},
        "surprise": _SURPRISE,
    },
}


def arm_config(base: str, variant: str = "", n_steps: int = SMALL.n_steps) -> FlowConfig:
    """Return the configuration of an arm.

    Args:
        base: one of `BASES`.
        variant: one of `VARIANTS[base]`.
        n_steps: optimiser steps in all, by default the factorial's.

    Raises:
        ValueError: unknown base or variant.
    """
    check_keys([base], BASES, "base")
    check_keys([variant], VARIANTS[base], f"variant of {base}")
    if base == UNTRAINED:
        return FLOWS[UNTRAINED].with_overrides(**VARIANTS[base][variant])
    cell = {"current": CURRENT, "simple": SIMPLE}[base]
    config = cell_config(cell, swarm=variant == "swarm", n_steps=n_steps)
    return config.with_overrides(**VARIANTS[base][variant])
