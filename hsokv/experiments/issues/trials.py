"""The experiment behind the eleven issues: one mechanism at a time, on in simple learners, off
in H-SOKV.

Bases and variants are those of `hsokv.flows.variants`. Rows go to `results/issues.csv`; what they
say about each issue is decided in `experiments.effects`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hsokv.boundary.checks import check_at_least, check_keys
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import make_rare_word_task
from hsokv.experiments.evaluate import examine_all, fit_task
from hsokv.experiments.memory_rows import (
    CONDITION,
    CONDITIONS,
    MEASURES,
    memory_proof,
    memory_schema,
)
from hsokv.flows.factorial import SMALL
from hsokv.flows.make import make_flow
from hsokv.flows.variants import BASES, UNTRAINED, VARIANTS, arm_config
from hsokv.runs.experiment import NotebookParams
from hsokv.runs.provenance import config_hash
from hsokv.runs.trial import Trial

NAME = "issues"


SCHEMA = memory_schema(NAME, BASES, {"condition": CONDITION})
PROOF = memory_proof(("base", "variant", "n_way"))


@dataclass(frozen=True)
class Params(NotebookParams):
    """What to run; the fields are the notebook's parameters.

    Raises:
        ValueError: an unknown base or variant, or a count out of range.
    """

    bases: tuple[str, ...] = BASES  # which bases, with all their variants
    n_seeds: int = 20  # paired seeds 0 .. n_seeds - 1
    fewer_seeds: dict[str, int] = field(default_factory=dict)  # variants that get fewer
    n_way: int = 50  # words of the trained bases
    n_way_untrained: int = 100  # words of `nearest_neighbor`
    n_steps: int = 160  # optimiser steps of a trained learner, at least 16
    n_jobs: int = -1  # trials at a time, -1 for all cores
    backend: str = "loky"  # "ray" runs the same trials on a cluster

    def __post_init__(self):
        check_keys(self.bases, BASES, "base")
        check_keys(self.fewer_seeds, {v for arms in VARIANTS.values() for v in arms}, "variant")
        counts = [("n_seeds", self.n_seeds, 1), ("n_steps", self.n_steps, 16)]
        counts += [(f"fewer_seeds[{name!r}]", n, 1) for name, n in self.fewer_seeds.items()]
        for name, value, least in counts:
            check_at_least(name, value, least)
        for name in ("n_way", "n_way_untrained"):
            if not 5 <= getattr(self, name) <= len(load_lexicon()):
                raise ValueError(f"{name}={getattr(self, name)}: expected 5 to 100; change {name}")


def make_trials(params: Params) -> list[Trial]:
    """Return the trials of a run, all arms of a seed together."""
    trials = []
    for seed in range(params.n_seeds):
        for base in params.bases:
            for variant in VARIANTS[base]:
                if seed < params.fewer_seeds.get(variant, params.n_seeds):
                    trials.append(_trial(base, variant, seed, params))
    return trials


def _trial(base: str, variant: str, seed: int, params: Params) -> Trial:
    untrained = base == UNTRAINED
    return Trial.create(
        NAME,
        UNTRAINED if untrained else "small",
        seed,
        base=base,
        variant=variant,
        budget="none" if untrained else "fixed",
        n_way=params.n_way_untrained if untrained else params.n_way,
        n_steps=0 if untrained else params.n_steps,
        switches=config_hash(arm_config(base, variant).switches()),
    )


def run_trial(trial: Trial) -> list[dict]:
    """Train one learner and return a row per condition."""
    settings = dict(trial.settings)
    n_steps = settings["n_steps"] or SMALL.n_steps
    config = arm_config(settings["base"], settings["variant"], n_steps)
    task = make_rare_word_task(settings["n_way"], seed=trial.seed)
    flow = make_flow("current", seed=trial.seed, **config.as_dict())
    fit_task(flow, task)
    learner = {name: settings[name] for name in ("base", "variant", "n_way")}
    tests = {condition: task.test(condition) for condition in CONDITIONS}
    return [learner | row for row in examine_all(flow, tests, MEASURES, SCHEMA.columns)]
