"""The same measure in the other specifications that the study has run.

A claim is measured once, as the ledger says; whether its verdict stands also by the other reading,
at the other size, budget or rate follows from the rows its measure is taken from:

- `one_shot`: pooling and padding of the transformers, budget, 20 or 100 words
- `issues`: the same variant at the documented size, by either pooling, plain or swarm training
- `attribution`: the other specifications of the factorial
- `documented_size`: the other pooling
- `associative_memory`: other cues and wordings, and codes whose units fire more evenly

Rows of the predecessor's protocol, of untrained learners and sums have no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hsokv.claims.rows import settings_of
from hsokv.data.paraphrases import SOURCES
from hsokv.experiments.associative_memory.cues import COMMON, FAR, PARAPHRASE
from hsokv.experiments.associative_memory.tables import DOCUMENTED, KINDS, SOURCE_LABEL
from hsokv.experiments.attribution.specifications import SPECIFICATIONS
from hsokv.experiments.documented_size.trials import (
    POOLINGS,
    SAME,
    TRAININGS,
    VARIANTS,
    is_run,
)
from hsokv.experiments.one_shot.arms import arm_name
from hsokv.experiments.one_shot.trials import list_arms
from hsokv.flows.display import DETAILS
from hsokv.flows.named import BUDGETS
from hsokv.flows.readings import TUNED, list_documented

Specified = tuple[dict[str, str], dict[str, Any]]
ARMS = {arm_name(*arm): arm for arm in list_arms()}
WORDS = (20, 100)
SWARM = "swarm"  # as a variant of the issues, and as a training at the documented size
RECALLED = {"recall": (*COMMON, *SOURCES), "noise": ("random", "qqp")}  # task -> sources
TRAINED = {"steps": "plain, 5e-4", "swarm": "swarm"}


def list_specifications(measure: Mapping[str, Any]) -> list[Specified]:
    """Return the specifications of a measure, as the options taken and the measure they make.

    None where there is only the measure as it stands.
    """
    find = _FIND.get(measure.get("rows"))
    found = list(find(measure)) if find else []
    return found if len(found) > 1 else []


def _one_shot(measure: Mapping) -> Iterator[Specified]:
    settings = settings_of(measure)
    arms = {side: ARMS[setting["arm"]] for side, setting in settings.items()}
    open_to = [list_documented(flow) for flow, reading, _ in arms.values() if reading != TUNED]
    open_to = [readings for readings in open_to if len(readings) > 1]
    readings = [r for r in open_to[0] if all(r in o for o in open_to)] if open_to else [""]
    budgeted = any(budget in BUDGETS for _, _, budget in arms.values())
    budgets = ["demo", "full"] if budgeted else [""]
    for reading, budget, n_way in product(readings, budgets, WORDS):
        taken = {"pooling": _name(reading), "budget": _name(budget), "words": str(n_way)}
        sides = {side: {"arm": _arm(arm, reading, budget)} for side, arm in arms.items()}
        where = {**measure["where"], "n_way": n_way}
        if "" in sides:
            yield taken, {**measure, "where": where | sides[""]}
        else:
            a, b = ({**measure[side], **sides[side]} for side in "ab")
            yield taken, {**measure, "where": where, "a": a, "b": b}


def _arm(arm: tuple[str, str, str], reading: str, budget: str) -> str:
    flow, own, known = arm
    has_reading = own != TUNED and reading in list_documented(flow)
    return arm_name(flow, reading if has_reading else own, budget if known in BUDGETS else known)


def _name(option: str) -> str:
    """Return what a reader calls a reading or a budget."""
    return DETAILS.get(option, option)


def _issues(measure: Mapping) -> Iterator[Specified]:
    settings = settings_of(measure)
    base = next(iter(settings.values()))["base"]
    named = {side: setting["variant"] for side, setting in settings.items()}
    variants = {side: SAME.get(variant, variant) for side, variant in named.items()}
    if sorted(named.values()) == ["", SWARM]:
        yield from _trainings(measure, base)
    elif base in VARIANTS and VARIANTS[base].keys() >= set(variants.values()):
        yield {"size": "small", "pooling": "mean", "training": "plain, 2e-3"}, dict(measure)
        for training, pooling in product(TRAININGS, POOLINGS):
            if all(is_run(base, variant, training) for variant in variants.values()):
                taken = {"size": "documented", "pooling": _name(pooling)}
                taken["training"] = TRAINED[training]
                where = {**measure["where"], "pooling": pooling, "training": training}
                there = {**measure, "rows": "documented_size", "where": where}
                for side, variant in variants.items():
                    there[side or "where"] = {**there[side or "where"], "variant": variant}
                yield taken, there


def _trainings(measure: Mapping, base: str) -> Iterator[Specified]:
    """Yield a difference between the swarm and plain training, a variant only in the issues."""
    yield {"size": "small", "pooling": "mean"}, dict(measure)
    names = {side: measure[side].get("variant", "steps") for side in "ab"}
    sides = {side: {"training": name} for side, name in names.items()}
    for pooling in POOLINGS if is_run(base, "", SWARM) else ():
        where = {**measure["where"], "pooling": pooling}
        taken = {"size": "documented", "pooling": _name(pooling)}
        yield taken, {**measure, "rows": "documented_size", "where": where, **sides}


def _attribution(measure: Mapping) -> Iterator[Specified]:
    for specification in SPECIFICATIONS:
        where = {**measure["where"], **specification._asdict()}
        taken = {"pooling": _name(specification.pooling), "rate": specification.rate}
        yield taken, {**measure, "where": where}


def _documented_size(measure: Mapping) -> Iterator[Specified]:
    for pooling in POOLINGS:
        where = {**measure["where"], "pooling": pooling}
        yield {"pooling": _name(pooling)}, {**measure, "where": where}


def _associative_memory(measure: Mapping) -> Iterator[Specified]:
    """Yield the recall of a code in its kinds, and of cues from other sources, near and far."""
    where = measure["where"]
    sources = RECALLED.get(where["task"], ())
    sides = {side: measure[side].get("flow") for side in "ab"} if "a" in measure else {
        "where": where["flow"]}  # fmt: skip
    kinds = KINDS if DOCUMENTED in sides.values() else (DOCUMENTED,)
    reworded = (PARAPHRASE, FAR) if where.get("cue") == FAR else (where.get("cue"),)
    for source, cue, kind in product(sources, reworded, kinds):
        if source in COMMON and cue == FAR:
            continue  # paraphrases of random vectors are as far as the document's
        there = {**measure, "where": {**where, "source": source, "cue": cue}}
        for side, flow in sides.items():
            if flow == DOCUMENTED:
                there[side] = {**there[side], "flow": kind}
        units = "documented" if kind == DOCUMENTED else kind.partition("_")[0]
        yield {"cues": SOURCE_LABEL[source], "wording": cue, "units": units}, there


_FIND = {
    "one_shot": _one_shot,
    "issues": _issues,
    "attribution": _attribution,
    "documented_size": _documented_size,
    "associative_memory": _associative_memory,
}
