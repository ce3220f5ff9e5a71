"""Every flow in every reading of the sources, under every condition, the harder ones too."""

from hsokv.data.stories import CONDITIONS, SENSE
from hsokv.experiments.one_shot.tables import arm_name, with_arm
from hsokv.experiments.one_shot.trials import (
    NAME,
    PROOF,
    SCHEMA,
    TASKS,
    TOLERANCES,
    UNAUDITED,
    Params,
    list_arms,
    make_trials,
    run_trial,
)
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="91_readings",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={
        "arm": Selector(allowed=[arm_name(*arm) for arm in list_arms()]),
        "task": Selector("words", allowed=TASKS),
        "condition": Selector(allowed=[*CONDITIONS, SENSE]),
        "n_way": Selector(100),
        "n_distractors": Selector(0),
    },
    tolerances=TOLERANCES,
    unaudited=UNAUDITED,
    arrange=with_arm,
)
