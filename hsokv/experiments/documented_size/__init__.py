"""The mechanisms one at a time at the documented size, in both readings of pooling."""

from hsokv.experiments.documented_size.trials import (
    BASES,
    NAME,
    POOLINGS,
    PROOF,
    SCHEMA,
    TRAININGS,
    UNAUDITED,
    VARIANTS,
    Params,
    make_trials,
    run_trial,
)
from hsokv.experiments.memory_rows import CONDITIONS, TOLERANCES
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="93_documented_size",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={
        "base": Selector(allowed=BASES),
        "variant": Selector("", lambda chosen: VARIANTS[chosen["base"]]),
        "pooling": Selector("mean", [*POOLINGS, "none"]),
        "training": Selector("swarm", TRAININGS),
        "condition": Selector(allowed=CONDITIONS),
    },
    tolerances=TOLERANCES,
    unaudited=UNAUDITED,
)
