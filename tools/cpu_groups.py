"""Trials that cost alike, a group each: one of them stands for all when costs are measured.

What a trial costs is decided by a few of its settings; `PLANS` names them for each experiment.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.variants import arm_config
from hsokv.runs.experiment import Experiment
from hsokv.runs.trial import Trial
from hsokv.seeds import numpy_rng

Settings = Mapping[str, Any]


def _these(*names: str) -> Callable[[Settings], dict[str, Any]]:
    return lambda settings: {name: settings[name] for name in names}


class Plan(NamedTuple):
    """How the trials of an experiment are grouped and timed.

    Attributes:
        by: flow and settings of a trial -> what of them decides the cost of the trial.
        process: the same -> what groups must share to be timed in one process, one after the
            other, and to be scaled from one another.
        sample: trials to time of each group; their mean counts.
        cached: the first trial of a group leaves in the process what makes the others cheap.
        work: settings -> how much there is to do, in any unit; 0 where that is not known. Rows
            that hold counted FLOPs tell it themselves.
    """

    by: Callable[[Settings], dict[str, Any]]
    process: Callable[[Settings], dict[str, Any]] = _these()
    sample: int = 1
    cached: bool = False
    work: Callable[[Settings], float] = lambda settings: 0.0


class Group(NamedTuple):
    """Trials that cost alike.

    Attributes:
        name: what they share, as `setting=value, ...`.
        process: groups with the same are timed in one process.
        trials: all of them, in the order in which they are drawn.
        sample, cached: as in `Plan`.
        work: of the first trial.
    """

    name: str
    process: str
    trials: tuple[Trial, ...]
    sample: int = 1
    cached: bool = False
    work: float = 0.0


def _all_but_switches(settings: Settings) -> dict[str, Any]:
    left_out = ("experiment", "seed", "switches")
    return {name: value for name, value in settings.items() if name not in left_out}


def _one_shot(settings: Settings) -> dict[str, Any]:
    own = _these("flow", "budget", "task")(settings)
    return own | {"tests": len(settings["n_distractors"])}


def _issues(settings: Settings) -> dict[str, Any]:
    config = arm_config(settings["base"], settings["variant"])
    network = {name: getattr(config, name) for name in ("training", "n_layers", "d_model")}
    return {"base": settings["base"]} | network


def _network(settings: Settings) -> dict[str, Any]:
    """Learners that train a transformer are apart from those that do not."""
    flow, budget = FLOWS[settings["flow"]], settings["budget"]
    if budget == "none" or flow.encoder != "transformer":
        return {}
    return {"transformer": "fixed steps" if budget == "fixed" else "budgets"}


def _steps(settings: Settings) -> int:
    """Return the optimiser steps of a training, those of all agents of a swarm together."""
    swarm = BUDGETS.get(settings["budget"])
    if swarm is None:
        return settings.get("n_steps", 0)
    agents = swarm["n_managers"] * swarm["agents_per_manager"]
    return swarm["meta_iterations"] * agents * swarm["agent_steps"]


def _texts(settings: Settings) -> int:
    """Few words at a time are stored as often as it takes to ask for all, under 4 conditions."""
    return max(settings["n_stored"], settings["n_asked"]) + 4 * settings["n_asked"]


def _associative_memory(settings: Settings) -> dict[str, Any]:
    return {"task": settings["task"], "codes": settings["flow"] != "vectors"}


PLANS = {
    "one_shot": Plan(_one_shot, _network),
    "printed_table": Plan(_these("flow"), work=_steps),
    "issues": Plan(_issues),
    "attribution": Plan(_these("flow"), sample=6),
    "real_words": Plan(lambda s: {"flow": s["flow"], "texts": _texts(s)}, work=_texts),
    "associative_memory": Plan(_associative_memory),
    "conversations": Plan(_these("flow"), cached=True),
    "cost_and_scale": Plan(
        _these("task", "source", "flow", "n_memories"),
        _these("source"),  # sentences are encoded once
        cached=True,
        work=lambda s: s["n_memories"],
    ),
    "linked_passages": Plan(_these("source", "flow"), cached=True),
    "tuning": Plan(lambda s: _network(s) or {"flow": s["flow"]}, _network),
    "documented_size": Plan(_these("training"), work=_steps),
    "word_benchmarks": Plan(_these("flow", "benchmark"), cached=True),
}
DEFAULT = Plan(_all_but_switches)


def list_groups(
    experiment: Experiment, trials: list[Trial], plan: Plan | None = None
) -> list[Group]:
    """Return the groups of an experiment's trials, in the order of their first trials.

    Args:
        experiment: its stored rows tell FLOPs, where they hold them.
        trials: each stands in one group.
        plan: by default the experiment's own in `PLANS`, else every setting counts.
    """
    plan = plan or PLANS.get(experiment.name, DEFAULT)
    flops = _stored_flops(experiment)
    members, shared = defaultdict(list), {}
    for trial in trials:
        name = _name(plan.by(trial.as_dict()))
        members[name].append(trial)
        shared[name] = _name(plan.process(trial.as_dict()))
    return [
        _group(name, shared[name], trials, plan, flops, experiment.name)
        for name, trials in members.items()
    ]


def _group(
    name: str, process: str, trials: list[Trial], plan: Plan, flops: dict[str, float], own: str
) -> Group:
    order = numpy_rng(0, "cpu time", own, name).permutation(len(trials))
    drawn = tuple(trials[i] for i in order)
    work = flops.get(drawn[0].config_hash) or float(plan.work(drawn[0].as_dict()))
    return Group(name, process, drawn, plan.sample, plan.cached, work)


def _stored_flops(experiment: Experiment) -> dict[str, float]:
    """Return the counted FLOPs of the training of each stored trial, 0 where nothing is trained."""
    if "flops" not in experiment.schema.columns:
        return {}
    rows = experiment.store().read().drop_duplicates("config_hash")
    return dict(zip(rows["config_hash"], rows["flops"].fillna(0.0)))


def _name(values: Settings) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
