"""Associative memory: recall by noisy and reworded cues, over chains, up to its capacity."""

from hsokv.data.paraphrases import what_paraphrases_lack
from hsokv.experiments.associative_memory.trials import (
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

ROUNDING = "units or cosines that are closer than float32 rounding may change places"

EXPERIMENT = Experiment(
    name=NAME,
    notebook="06_associative_memory",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_paraphrases_lack,
    selectors={
        "flow": Selector(),
        "task": Selector(allowed=list(TASKS)),
        "source": Selector("random"),
        "read_out": Selector(),
        "cue": Selector(),
        "n_memories": Selector(0),
        "level": Selector(1.0),
    },
    tolerances={
        "accuracy": Tolerance(ROUNDING, absolute=0.021),
        "intact": Tolerance(ROUNDING, absolute=0.031),
        "score": Tolerance(ROUNDING, absolute=0.003),
        "expected": Tolerance(ROUNDING, absolute=0.021),
        "expected_rates": Tolerance(ROUNDING, absolute=0.021),
        "expected_coded": Tolerance(ROUNDING, absolute=0.021),
        "busiest": Tolerance(ROUNDING, absolute=0.003),
        "cosine": Tolerance(ROUNDING, absolute=0.001),
        "alike": Tolerance(ROUNDING, absolute=0.001),
    },
)
