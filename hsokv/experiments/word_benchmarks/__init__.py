"""Public benchmarks of rare words: Definitional Nonce, Chimeras and CRW."""

from hsokv.data.words import what_words_lack
from hsokv.experiments.word_benchmarks.trials import (
    BENCHMARKS,
    ENCODERS,
    NAME,
    PROBES,
    PROOF,
    SCHEMA,
    Params,
    make_trials,
    run_trial,
)
from hsokv.runs.audit import Tolerance
from hsokv.runs.experiment import Experiment, Selector

EXPERIMENT = Experiment(
    name=NAME,
    notebook="95_word_benchmarks",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    lacks=what_words_lack,
    selectors={
        "flow": Selector(allowed=ENCODERS),
        "benchmark": Selector(allowed=list(BENCHMARKS)),
        "part": Selector("test"),
        "probe": Selector(allowed=list(PROBES)),
        "n_contexts": Selector(1),
    },
    score="score",
    tolerances={
        "score": Tolerance(
            "cosines that are closer than float32 rounding may change places", absolute=0.002
        )
    },
    unaudited=("values",),
)
