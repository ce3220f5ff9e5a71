"""Conversations: which turns of months of talk answer a question, without a language model?"""

from hsokv.data.conversations import what_conversations_lack
from hsokv.experiments.conversations.cases import LOCOMO, NAMES
from hsokv.experiments.conversations.methods import FLOWS
from hsokv.experiments.conversations.trials import (
    HELD_OUT,
    MEASURES,
    NAME,
    PARTS,
    PROOF,
    SCHEMA,
    TUNED_BY,
    Params,
    make_trials,
    run_trial,
)
from hsokv.runs.audit import Tolerance
from hsokv.runs.experiment import Experiment, Selector

ROUNDING = Tolerance(
    "scores that are closer than float32 rounding may change places: a question of the fewest, 81, "
    "is 0.012, and another setting or a weight's last digit may follow",
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
    lacks=what_conversations_lack,
    selectors={
        "flow": Selector(allowed=FLOWS),
        "source": Selector(LOCOMO, NAMES),
        "part": Selector(HELD_OUT, PARTS),
    },
    score=TUNED_BY,
    tolerances=dict.fromkeys(MEASURES, ROUNDING),
    unaudited=("ranks", "chosen"),
)
