"""Every flow on rare words, under every test condition."""

from hsokv.experiments.rare_words.tables import with_arm
from hsokv.experiments.rare_words.trials import (
    CONDITIONS,
    NAME,
    PROOF,
    SCHEMA,
    TIMINGS,
    TOLERANCES,
    Params,
    list_arm_names,
    make_trials,
    run_trial,
)
from hsokv.runs.experiment import Experiment, Selector


def _draw_headline(rows):
    from hsokv.experiments.rare_words.figures import draw_headline

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
        "arm": Selector(allowed=list_arm_names()),
        "condition": Selector(allowed=CONDITIONS),
        "n_way": Selector(100),
        "n_distractors": Selector(0),
    },
    tolerances=TOLERANCES,
    unaudited=TIMINGS,
    arrange=with_arm,
    figures={"headline": _draw_headline},
)
