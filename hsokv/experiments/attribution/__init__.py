"""All 512 combinations of nine switches between H-SOKV and our first design: who earns what."""

from hsokv.experiments.attribution.specifications import MAIN, SPECIFICATIONS, by_specification
from hsokv.experiments.attribution.trials import (
    CONDITIONS,
    NAME,
    PROOF,
    SCHEMA,
    TOLERANCES,
    Params,
    make_trials,
    run_trial,
)
from hsokv.flows.factorial import list_cells
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="04_attribution",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={
        "cell": Selector(allowed=list_cells()),
        "condition": Selector(allowed=CONDITIONS),
        "pooling": Selector(MAIN.pooling, list(dict.fromkeys(s.pooling for s in SPECIFICATIONS))),
        "rate": Selector(MAIN.rate, list(dict.fromkeys(s.rate for s in SPECIFICATIONS))),
    },
    tolerances=TOLERANCES,
    arrange=by_specification,
)
