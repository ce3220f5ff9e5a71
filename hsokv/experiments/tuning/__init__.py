"""Every flow tuned on the development lexicon, with the same number of configurations tried."""

from hsokv.data.stories import CONDITIONS
from hsokv.experiments.tuning.trials import (
    NAME,
    PROOF,
    SCHEMA,
    TOLERANCES,
    UNAUDITED,
    Params,
    make_trials,
    run_trial,
)
from hsokv.flows.named import FLOWS
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="92_tuning",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={
        "flow": Selector(allowed=list(FLOWS)),
        "candidate": Selector(0),
        "condition": Selector(allowed=list(CONDITIONS)),
    },
    tolerances=TOLERANCES,
    unaudited=UNAUDITED,
)
