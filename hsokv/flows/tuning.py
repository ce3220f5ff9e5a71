"""What is tried when a flow is tuned: the same number of configurations for every flow.

Each space is a full grid over what the source documents leave open for the flow, or what its users
set. The first candidate is the flow as it stands. Candidates are compared on the development
lexicon only.
"""

from __future__ import annotations

from itertools import product

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS

N_CANDIDATES = 12

_POOLING = [{"pooling": "last"}, {"pooling": "mean"}]
_RATE = [{"lr": 1e-4}, {"lr": 5e-4}, {"lr": 2e-3}]  # 5e-4: the middle of the documented range
_STEPS = [{"n_steps": 100}, {"n_steps": 300}]
_SIMILARITY = [{"similarity": "dot"}, {"similarity": "cosine"}]
_WEIGHTS = [{"token_weights": "uniform"}, {"token_weights": "surprisal"}]
_NO_BOOSTS = {"context": "none", "confidence_weighting": False, "first_exposure_boost": 0.0}
_PROTOTYPE = [
    {}, _NO_BOOSTS, {"similarity": "dot"}, {"key_refresh": True}, {"write_rule": "all"},
    {"fusion": "label", "write_in_training": True},
]  # fmt: skip
_TFIDF = [
    [{"max_df": 1.0}, {"max_df": 0.3}, {"max_df": 0.1}],
    [{"sublinear_tf": False}, {"sublinear_tf": True}],
    [{"char_ngrams": 0}, {"char_ngrams": 4}],
]
_GRIDS: dict[str, list[list[dict]]] = {
    "current": [_POOLING, _PROTOTYPE],
    "minimal_fix": [_POOLING, _RATE, _STEPS],
    "minimal_config": [_POOLING, _RATE, _STEPS],
    "hybrid": [_SIMILARITY, _RATE, _STEPS],
    "simple_kv": [_SIMILARITY, _WEIGHTS, [{"d_model": d} for d in (128, 512, 2048)]],
    "simple_kv_contrastive": [
        _SIMILARITY, [{"lr": 1e-3}, {"lr": 3e-3}, {"lr": 3e-4}], _STEPS,
    ],
    "fine_tune": [_POOLING, [{"lr": 2e-4}, {"lr": 5e-4}, {"lr": 1e-3}],
                  [{"dropout": 0.1}, {"dropout": 0.3}]],
    "kv_only": [_POOLING, _SIMILARITY[::-1],
                [{}, _NO_BOOSTS, _NO_BOOSTS | {"fusion": "label", "read_out": "top1"}]],
    "nearest_neighbor": [_WEIGHTS, [{"read_out": "top1"}, {"read_out": "vote", "top_k": 5}],
                         [{"d_model": d} for d in (64, 256, 1024)]],
    "nearest_neighbor_cosine": [_WEIGHTS, [{"read_out": "top1"}, {"read_out": "vote", "top_k": 5}],
                                [{"d_model": d} for d in (64, 256, 1024)]],
    "tfidf_neighbor": _TFIDF,
    "class_mean": _TFIDF,
    "bm25": [[{"bm25_k1": k1} for k1 in (1.5, 0.5, 1.0, 3.0)],
             [{"bm25_b": b} for b in (0.75, 0.25, 0.0)]],
    "linear_probe": [[{"probe_c": c} for c in (100.0, 1.0, 10.0, 1000.0)],
                     [{"max_df": share} for share in (1.0, 0.3, 0.1)]],
    "sentence_neighbor": [[{"max_df": share} for share in (
        1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03)]],
    "lexical": [[{"word_cost": cost} for cost in (10.0, 9.0, 11.0)],
                [{"form_cost": 2.0}, {"form_cost": 1.0}], [{"english": True}, {"english": False}]],
    "redesign": [[{"cosine_nats": nats} for nats in (16.0, 12.0, 20.0)],
                     [{"common_share": 0.04}, {"common_share": 0.15}],
                     [{"unknown_share": 0.8}, {"unknown_share": 0.4}]],
    "first_redesign": [_SIMILARITY[::-1], _WEIGHTS[::-1],
                 [{"d_model": d} for d in (1024, 256, 4096)]],
}  # fmt: skip


def list_candidates(flow: str) -> list[dict]:
    """Return the candidates of a flow: what each changes, the flow as it stands first.

    `as_shipped` is the record of a code and `headword_lookup` has nothing to set: one candidate.

    Raises:
        ValueError: there is no such flow.
    """
    check_keys([flow], FLOWS, "flow")
    base = FLOWS[flow].as_dict()
    merged = (
        {k: v for part in parts for k, v in part.items()}
        for parts in product(*_GRIDS.get(flow, [[{}]]))
    )
    return [{k: v for k, v in found.items() if base[k] != v} for found in merged]


def candidate_config(flow: str, candidate: int) -> FlowConfig:
    """Return the configuration of one candidate.

    Raises:
        ValueError: there is no such flow or candidate.
    """
    candidates = list_candidates(flow)
    check_keys([candidate], range(len(candidates)), f"candidate of {flow}")
    return FLOWS[flow].with_overrides(**candidates[candidate])
