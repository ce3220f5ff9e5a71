"""Questions out of rows, and means over them with two intervals of 95 %.

Over questions, as if each were drawn by itself; and over conversations, whose questions are not
independent: they share speakers, topics and who wrote them. Of five conversations the second is
wide, and the one that says what to expect of another conversation.

Axes: Q questions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.experiments.conversations.cases import LOCOMO, OWN
from hsokv.experiments.conversations.trials import (
    HELD_OUT,
    MEASURES,
    measure_question,
    read_ranks,
)
from hsokv.stats.intervals import Interval, binomial_interval, exact_mean, mean_t, seeds_mean

NOT_RUN = "not run"


def last_source(rows: pd.DataFrame) -> str:
    """Return the source whose numbers the text gives: LoCoMo where it was run."""
    return LOCOMO if LOCOMO in set(rows["source"]) else OWN


def list_questions(rows: pd.DataFrame, flow: str, part: str = HELD_OUT) -> pd.DataFrame:
    """Return the questions of a method's rows, of the source that the text is about.

    Returns:
        A row per question with columns conversation (its number), category (1 to 4), n_turns and
        n_sessions (that answer it) and `MEASURES`; none where the method was not run.
    """
    rows = rows[(rows["source"] == last_source(rows)) & (rows["part"] == part)]
    rows, found = rows[rows["flow"] == flow].sort_values("seed"), []
    for number, text in zip(rows["seed"], rows["ranks"]):
        for own in read_ranks(text):
            known = {"conversation": number, "category": own.category}
            counts = {"n_turns": len(own.turns), "n_sessions": len(own.sessions)}
            found.append(known | counts | measure_question(own))
    columns = ["conversation", "category", "n_turns", "n_sessions", *MEASURES]
    return pd.DataFrame(found, columns=columns)


def over_questions(values: pd.Series, low: float = 0.0) -> Interval:
    """Return the mean of values (Q,) with its interval over questions.

    That of Clopper and Pearson for shares of hits, Student's t for others.

    Args:
        values: from low to 1.
        low: the least there can be, -1 for a difference.
    """
    if low == 0 and values.isin([0, 1]).all():
        return binomial_interval(int(values.sum()), len(values))
    return seeds_mean(values, low=low, high=1)


def over_conversations(values: pd.Series, numbers: pd.Series, low: float = 0.0) -> Interval:
    """Return the mean of values (Q,) with its interval over conversations.

    The mean is of questions, so that a conversation counts by how many it has; its variance is that
    of a ratio, by what each conversation's sum differs from its expectation, with Student's t. Of
    one conversation nothing is known of others.

    Args:
        values: from low to 1.
        numbers: of the conversations, (Q,).
        low: the least there can be, -1 for a difference.
    """
    point, groups = exact_mean(values), values.groupby(numbers.to_numpy())
    sums, counts = groups.sum(), groups.count()
    if len(sums) < 2:
        return Interval(point, low, 1.0, len(sums))
    pulls = point + (sums - point * counts) * len(sums) / counts.sum()
    found = mean_t(np.asarray(pulls))
    return Interval(point, max(found.low, low), min(found.high, 1.0), len(sums))


def differences(
    rows: pd.DataFrame, flow: str, other: str, column: str, part: str = HELD_OUT
) -> tuple[Interval, Interval]:
    """Return by how much a method finds more than another, question by question.

    Returns:
        The mean difference with its interval over questions, and over conversations.
    """
    ours, theirs = (list_questions(rows, name, part) for name in (flow, other))
    more = ours[column] - theirs[column]
    return over_questions(more, -1), over_conversations(more, ours["conversation"], -1)


def told(rows: pd.DataFrame, flow: str, column: str, part: str = HELD_OUT, least: int = 1,
         category: int = 0) -> str:  # fmt: skip
    """Return a mean as '78.1 % [75.0, 81.0]', the interval over questions.

    Args:
        rows: of any methods.
        flow, column, part: the method, measure and part.
        least: turns that answer a question, at the least.
        category: number of a category, 0 for all.
    """
    own = list_questions(rows, flow, part)
    own = own[(own["n_turns"] >= least) & ((own["category"] == category) | (category == 0))]
    return NOT_RUN if own.empty else _plain(over_questions(own[column]))


def told_clustered(rows: pd.DataFrame, flow: str, column: str, part: str = HELD_OUT) -> str:
    """Return the interval over conversations alone, as '[66.2, 90.0]'."""
    own = list_questions(rows, flow, part)
    if own.empty:
        return NOT_RUN
    found = over_conversations(own[column], own["conversation"])
    return _plain(found).partition(" % ")[2]


def told_more(rows: pd.DataFrame, flow: str, other: str, column: str, part: str = HELD_OUT) -> str:
    """Return a difference as '+22.3 points [18.9, 25.7], over conversations [12.0, 32.6]'."""
    if list_questions(rows, flow, part).empty or list_questions(rows, other, part).empty:
        return NOT_RUN
    found, clustered = differences(rows, flow, other, column, part)
    ends = _plain(clustered, True).partition(" points ")[2]
    return f"{_plain(found, True)}, over conversations {ends}"


def in_percent(found: Interval, signed: bool = False) -> str:
    """Return an interval as '78.1 [75.0, 81.0]', in percent or points."""
    return _plain(found, signed).replace(" points", "").replace(" %", "")


def _plain(found: Interval, signed: bool = False) -> str:
    return found.text(signed=signed).partition(", n")[0]
