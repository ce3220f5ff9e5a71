"""The eleven issues: one mechanism at a time, on in simple learners, off in H-SOKV."""

from functools import partial

from hsokv.experiments.effects import ISSUES
from hsokv.experiments.issues.trials import (
    NAME,
    PROOF,
    SCHEMA,
    Params,
    make_trials,
    run_trial,
)
from hsokv.experiments.memory_rows import CONDITIONS, TOLERANCES
from hsokv.flows.variants import BASES, VARIANTS
from hsokv.runs.experiment import Experiment, Selector


def _draw(issue, rows):
    from hsokv.experiments.issues.figures import draw_issue

    return draw_issue(issue, rows)


EXPERIMENT = Experiment(
    name=NAME,
    notebook="03_the_issues",
    params=Params,
    schema=SCHEMA,
    proof=PROOF,
    make_trials=make_trials,
    run_trial=run_trial,
    selectors={
        "base": Selector(allowed=BASES),
        "variant": Selector("", lambda chosen: VARIANTS[chosen["base"]]),
        "condition": Selector(allowed=CONDITIONS),
    },
    tolerances=TOLERANCES,
    figures={f"issues/{issue}": partial(_draw, issue) for issue in [*ISSUES, "5_1"]},
)
