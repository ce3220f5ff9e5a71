"""The forms in which a flow meets real words: as it stands, tuned, or with a part left out."""

from __future__ import annotations

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.flows.readings import read_tuned
from hsokv.flows.tuning import candidate_config, list_candidates

TUNED, CANDIDATE = "tuned", "candidate_"
#: Form of our design -> what it changes, one part at a time.
PARTS: dict[str, dict] = {
    "no_words": {"word_cost": 100.0, "title_cost": 100.0},
    "no_title": {"title": "none"},
    "no_forms": {"form_cost": 100.0},
    "no_english": {"english": False},
    "no_encoder": {"semantic": "none"},
    "published_encoder": {"semantic": "published"},
    "common_words_kept": {"common_share": 1.0},
    "always_answers": {"abstain": False},
}
#: Further forms of other flows.
MORE: dict[str, dict[str, dict]] = {
    "redesign": PARTS,
    "lexical": {"no_title": {"title": "none"}},
    "sentence_neighbor": {
        "adapted": {"semantic": "adapted"},
        "probe": {"library": "sentence_probe"},
        "probe_adapted": {"library": "sentence_probe", "semantic": "adapted"},
    },
}


def list_forms(flow: str) -> list[str]:
    """Return the names of a flow's forms: as it stands (''), tuned, without parts, candidates.

    Raises:
        ValueError: there is no such flow.
    """
    candidates = [f"{CANDIDATE}{i}" for i in range(1, len(list_candidates(flow)))]
    tuned = [TUNED] if flow in read_tuned("tuned_words.yaml") else []
    return ["", *tuned, *MORE.get(flow, {}), *candidates]


def form_config(flow: str, form: str) -> FlowConfig:
    """Return the configuration of a flow in one of its forms.

    Raises:
        ValueError: there is no such flow or form.
    """
    check_keys([form], list_forms(flow), f"form of {flow}")
    if form.startswith(CANDIDATE):
        return candidate_config(flow, int(form.removeprefix(CANDIDATE)))
    if form == TUNED:
        return FLOWS[flow].with_overrides(**read_tuned("tuned_words.yaml")[flow])
    return FLOWS[flow].with_overrides(**MORE.get(flow, {}).get(form, {}))
