"""Rare words of WordNet, each learned from one dictionary definition and asked for by usages."""

from hsokv.data.words import what_words_lack
from hsokv.experiments.real_words.trials import (
    CONDITIONS,
    NAME,
    PROOF,
    SCHEMA,
    STORED,
    TOLERANCES,
    UNAUDITED,
    Params,
    make_trials,
    run_trial,
)
from hsokv.flows.named import FLOWS
from hsokv.runs.experiment import Experiment, Selector


def _draw_curve(rows):
    from hsokv.experiments.real_words.figures import draw_curve

    return draw_curve(rows)


EXPERIMENT = Experiment(
    name=NAME,
    notebook="05_real_words",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_words_lack,
    selectors={
        "flow": Selector(allowed=list(FLOWS)),
        "form": Selector(""),
        "words": Selector("wordnet"),
        "part": Selector("test"),
        "stored": Selector("named", list(STORED)),
        "n_stored": Selector(1000),
        "condition": Selector(allowed=list(CONDITIONS)),
    },
    tolerances=TOLERANCES,
    unaudited=UNAUDITED,
    figures={"use": _draw_curve},
)
