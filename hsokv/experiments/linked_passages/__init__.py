"""Linked passages: which passages together answer a question that no single one answers?"""

from hsokv.data.multihop import what_multihop_lacks
from hsokv.experiments.linked_passages.methods import FLOWS, SOURCES
from hsokv.experiments.linked_passages.trials import (
    HELD_OUT,
    MEASURES,
    NAME,
    PARTS,
    PROOF,
    SCHEMA,
    Params,
    make_trials,
    run_trial,
)
from hsokv.runs.audit import Tolerance
from hsokv.runs.experiment import Experiment, Selector

ROUNDING = Tolerance(
    "scores that are closer than float32 rounding may change places: a passage of one question in "
    "50 is 0.01 of a recall, a question 0.02, and another setting may then be tuned",
    absolute=0.03,
)

EXPERIMENT = Experiment(
    name=NAME,
    notebook="09_linked_passages",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_multihop_lacks,
    selectors={
        "flow": Selector(allowed=FLOWS),
        "source": Selector(allowed=SOURCES),
        "part": Selector(HELD_OUT, list(PARTS)),
    },
    score="recall_5",
    tolerances=dict.fromkeys(MEASURES, ROUNDING),
    unaudited=("ranks", "chosen", "first"),
)
