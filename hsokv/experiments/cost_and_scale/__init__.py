"""Cost and scale: time, memory and recall of searches and chains, up to a million memories."""

from hsokv.data.paraphrases import what_paraphrases_lack
from hsokv.experiments.cost_and_scale.timing import UNTIMED
from hsokv.experiments.cost_and_scale.trials import (
    NAME,
    PROOF,
    SCHEMA,
    TASKS,
    Params,
    make_trials,
    run_trial,
)
from hsokv.runs.audit import Tolerance
from hsokv.runs.experiment import Experiment, Selector

ROUNDING = "vectors that are closer than float32 rounding, or than a sign, may change places"

EXPERIMENT = Experiment(
    name=NAME,
    notebook="08_cost_and_scale",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_paraphrases_lack,
    selectors={
        "flow": Selector("vectors"),
        "task": Selector(allowed=list(TASKS)),
        "source": Selector("spectrum"),
        "method": Selector(),
        "cue": Selector("none"),
        "n_memories": Selector(),
        "n_candidates": Selector(0),
    },
    score="recall",
    tolerances={
        "recall": Tolerance(ROUNDING, absolute=0.003),
        "first": Tolerance(ROUNDING, absolute=0.011),
    },
    unaudited=tuple(UNTIMED),
)
