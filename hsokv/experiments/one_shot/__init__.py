"""Every flow in every reading of its documents, under every condition, the harder ones too."""

from hsokv.data.stories import CONDITIONS, SENSE
from hsokv.experiments.one_shot.arms import arm_name, with_arm
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


def _draw_headline(rows):
    from hsokv.experiments.one_shot.figures import draw_headline

    return draw_headline(rows)


EXPERIMENT = Experiment(
    name=NAME,
    notebook="01_rare_words",
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
    figures={"headline": _draw_headline},
)
