"""Measure what groups of trials cost: CPU seconds of one thread, in processes of their own."""

import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np

from hsokv.runs.engine import RunTrial
from hsokv.runs.trial import Trial
from tools.cpu_groups import Group

SHORT_S = 10.0  # a trial that takes as long is not spoilt by what is loaded once
LONG_S = 10.0  # a trial that is expected to take longer is scaled from one of its kind
TIMED, SCALED, NOT_TIMED = "yes", "scaled", "no"


class Cost(NamedTuple):
    """What a group of trials costs.

    Attributes:
        once: CPU seconds that its first trial takes beyond those of another one: what is loaded,
            or kept for the others.
        each: CPU seconds of a trial, `None` where they are not known.
        timed: `yes`, `scaled` (from a group that is timed) or `no`.
        n_timed: trials that were timed for `each`.
    """

    once: float
    each: float | None
    timed: str
    n_timed: int


UNKNOWN = Cost(0.0, None, NOT_TIMED, 0)


def measure_apart(
    run_trial: RunTrial, groups: list[Group], known: Mapping[Group, Cost], limit_s: float
) -> Iterator[tuple[Group, Cost]]:
    """Yield each group with its cost as it is known, measured in a fresh process.

    Args:
        run_trial: a module-level function.
        groups: timed one after the other, those with the most trials first.
        known: groups that these may be scaled from, where they are timed.
        limit_s: CPU seconds that no trial may exceed.

    Raises:
        RuntimeError: a trial failed; its traceback is on stderr.
    """
    context = get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    arguments = (send, run_trial, groups, known, limit_s)
    process = context.Process(target=_send_costs, args=arguments)
    process.start()
    send.close()  # so that reading ends when the process does
    try:
        while True:
            try:
                yield receive.recv()
            except EOFError:
                break
        process.join()
    finally:
        process.kill()
        process.join()
    if process.exitcode:
        raise RuntimeError(
            f"a trial failed while {groups[0].trials[0].experiment} was timed; mend the cause that "
            "stands above, then run again: groups that are timed are kept"
        )


def _send_costs(send: Connection, *arguments) -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    for found in measure(*arguments):
        send.send(found)


def measure(
    run_trial: RunTrial, groups: list[Group], known: Mapping[Group, Cost], limit_s: float
) -> Iterator[tuple[Group, Cost]]:
    """Yield each group with its cost; see `measure_apart`.

    A group whose trials would take long, judged by a timed group that is most like it, is not run:
    its cost follows from that group's and from the work of both.
    """
    timed = {group: cost for group, cost in known.items() if cost.timed == TIMED}
    is_first = True
    for group in sorted(groups, key=lambda group: (-len(group.trials), group.work)):
        expected = _expected(group, timed)
        if expected is not None and expected > LONG_S:
            yield group, Cost(0.0, expected, SCALED, 0)
            continue
        cost = _time_group(run_trial, group, limit_s, is_first)
        is_first = False
        if cost.timed == TIMED:
            timed[group] = cost
        elif expected is not None:
            cost = Cost(0.0, expected, SCALED, 0)
        yield group, cost


def _expected(group: Group, timed: Mapping[Group, Cost]) -> float | None:
    """Return the CPU seconds of a trial by the group that shares most with it."""
    others = [other for other in timed if other.work]
    if not group.work or not others:
        return None
    own = set(group.name.split(", "))
    like = max(others, key=lambda other: (len(own & set(other.name.split(", "))), other.work))
    return timed[like].each * group.work / like.work


def _time_group(run_trial: RunTrial, group: Group, limit_s: float, is_first: bool) -> Cost:
    """Return the cost of a group; where its first trial pays for others, further ones are run."""
    seconds: list[float] = []
    for trial in group.trials[: group.sample + (group.cached or is_first)]:
        used = time_trial(run_trial, trial, limit_s)
        if used is None:
            break
        seconds.append(used)
        if used >= SHORT_S and not group.cached and len(seconds) == group.sample:
            break
    if not seconds:
        return UNKNOWN
    pays = group.cached or (is_first and seconds[0] < SHORT_S)
    counted = seconds[1:] if pays and len(seconds) > 1 else seconds
    each = float(np.mean(counted))
    return Cost(max(0.0, seconds[0] - each) if pays else 0.0, each, TIMED, len(counted))


def time_trial(run_trial: RunTrial, trial: Trial, limit_s: float) -> float | None:
    """Return the CPU seconds of a trial and of the processes that it starts.

    Where it exceeds the limit it is stopped, and the answer is `None`.
    """

    def stop(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    start = _cpu_s()
    try:
        run_trial(trial)
    except TimeoutError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return _cpu_s() - start


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
