"""The predecessor's table, measured again under its own protocol."""

from hsokv.experiments.printed_table.rows import PROOF, SCHEMA
from hsokv.experiments.printed_table.trials import (
    ARMS,
    NAME,
    REPAIRS,
    TOLERANCES,
    Params,
    make_trials,
    run_trial,
)
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="02_the_printed_table",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={"arm": Selector(allowed=ARMS), "repair": Selector("", REPAIRS)},
    tolerances=TOLERANCES,
)
