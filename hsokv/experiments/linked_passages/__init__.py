"""Linked passages: which passages together answer a question that no single one answers?"""

from hsokv.data.multihop import what_multihop_lacks
from hsokv.experiments.linked_passages.methods import FLOWS, SOURCES
from hsokv.experiments.linked_passages.trials import (
    HELD_OUT,
    NAME,
    PROOF,
    SCHEMA,
    TRANSFER,
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
    notebook="07_conversations",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_multihop_lacks,
    selectors={
        "flow": Selector(allowed=FLOWS),
        "source": Selector(allowed=SOURCES),
        "part": Selector(HELD_OUT, [HELD_OUT, TRANSFER]),
    },
    score="recall_5",
    tolerances=dict.fromkeys(("recall_2", "recall_5", "recall_10", "all_5"), ROUNDING),
    unaudited=("ranks", "chosen"),
)
