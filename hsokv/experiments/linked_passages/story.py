"""Whether the mechanism is what it is said to be: links join what belongs together, and they act.

What is counted are links between passages that answer one question, first places with links and
without, and passages that no partner leads to. Intervals are of 95 %, over questions.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from hsokv.experiments.linked_passages.estimates import (
    DEFAULT,
    NONE,
    clustered_mean,
    scores_by_question,
    select,
)
from hsokv.experiments.linked_passages.methods import ALONE, BY_NAME, BY_QUESTION, BY_TITLE
from hsokv.experiments.linked_passages.own import PASSAGES, QUESTIONS
from hsokv.experiments.linked_passages.tables import ARMS, SAMPLE_LABEL, in_percent
from hsokv.experiments.linked_passages.trials import IN_SAMPLE, TUNED_BY, read_ranks
from hsokv.memory.linked import N_PARTNERS
from hsokv.stats.intervals import Interval, seeds_mean

KINDS = {
    "title": BY_TITLE,
    "name": BY_NAME,
    "title or name": BY_TITLE | BY_NAME,
    "title, name or question": BY_TITLE | BY_NAME | BY_QUESTION,
}
WITHOUT = "pairs_no_links"


def read_links(rows: pd.DataFrame, source: str) -> dict[str, Any]:
    """Return what `methods.describe_links` said of a source, {} where nothing was run."""
    own = select(rows, source, IN_SAMPLE, DEFAULT)
    return json.loads(own["links"].iloc[0]) if len(own) else {}


def linked_share(codes: list[int], kinds: int) -> float:
    """Return which share of a question's passages is linked to another of them.

    Args:
        codes: of its pairs, in the order of `combinations`.
        kinds: of links that count, added up.
    """
    n = _n_passages(codes)
    pairs = [pair for pair, code in zip(combinations(range(n), 2), codes) if code & kinds]
    return len({place for pair in pairs for place in pair}) / n


def hang_together(codes: list[int], kinds: int) -> bool:
    """Return whether links lead from each passage of a question to all others of it."""
    n = _n_passages(codes)
    group = list(range(n))
    for (i, j), code in zip(combinations(range(n), 2), codes):
        if code & kinds:
            group = [group[i] if own == group[j] else own for own in group]
    return len(set(group)) == 1


def link_table(rows: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Return how passages are linked that answer one question, and others, in percent."""
    found: dict[str, dict[str, str]] = {}
    for source in sources:
        links = read_links(rows, source)
        if not links:
            continue
        n, column = links["n_passages"], {}
        for name, kinds in list(KINDS.items()):
            shares = [linked_share(codes, kinds) for codes in links["gold"]]
            column[f"linked to another that answers, by {name}"] = _over_questions(shares)
        whole = [hang_together(codes, 7) for codes in links["gold"]]
        column["questions whose passages all hang together"] = _over_questions(whole)
        for name, kind in (("titles", "title"), ("names", "name")):
            share = 100 * links[name] / (n - 1)
            column[f"any two passages linked by {kind}"] = f"{share:.2f}"
            column[f"passages linked to one by {kind}, mean"] = f"{links[name]:.1f} of {n:,}"
        found[SAMPLE_LABEL[source]] = column
    return pd.DataFrame(found)


def act_table(rows: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Return how often links change the first five passages, and what that does, in percent."""
    found = {}
    for source in sources:
        changes = compare_links(rows, source)
        if len(changes):
            shares = {name: changes[name].tolist() for name in changes}
            found[SAMPLE_LABEL[source]] = {k: _over_questions(v) for k, v in shares.items()}
    return pd.DataFrame(found)


def compare_links(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return for each question whether links change its first five, to the better or the worse."""
    arms = [select(rows, source, IN_SAMPLE, flow) for flow in (DEFAULT, WITHOUT)]
    if any(own.empty for own in arms):
        return pd.DataFrame()
    first = [[set(own) for own in json.loads(arm["first"].iloc[0])] for arm in arms]
    n_found = [_n_found(arm) for arm in arms]
    return pd.DataFrame({
        "the first five are others": [a != b for a, b in zip(*first)],
        "more of what answers": n_found[0] > n_found[1],
        "less of what answers": n_found[0] < n_found[1],
    })  # fmt: skip


def lost_table(rows: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Return what the method can lose by its form: partners, and passages that nothing links."""
    found = {}
    for source in sources:
        alone = select(rows, source, IN_SAMPLE, ALONE)
        if alone.empty:
            continue
        ranks = read_ranks(alone["ranks"].iloc[0])
        some = [min(own) <= N_PARTNERS for own in ranks]
        every = [max(own) <= N_PARTNERS for own in ranks]
        column = {
            "a passage that answers is among the ten partners": _over_questions(some),
            "all are": _over_questions(every),
        }
        for is_joined, name in ((True, "hang together"), (False, "do not")):
            recall = recall_by_links(rows, source, DEFAULT, is_joined)
            column[f"recall at 5 where they {name}"] = f"{in_percent(recall)}, n = {recall.n}"
        found[SAMPLE_LABEL[source]] = column
    return pd.DataFrame(found)


def recall_by_links(rows: pd.DataFrame, source: str, flow: str, is_joined: bool) -> Interval:
    """Return recall at 5 where links join all passages that answer, or where they do not."""
    own, links = select(rows, source, IN_SAMPLE, flow), read_links(rows, source)
    if own.empty or not links:
        return NONE
    scores = scores_by_question(own, f"recall_{TUNED_BY}")
    joined = np.array([hang_together(codes, 7) for codes in links["gold"]])
    scores = scores[joined == is_joined]
    return clustered_mean(scores["total"], scores["times"]) if len(scores) else NONE


def example_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the first two passages for each invented question, by single search and by pairs."""
    titles, found = list(PASSAGES), {"question": list(QUESTIONS)}
    found["answered by"] = [", ".join(gold) for gold in QUESTIONS.values()]
    for flow in ("zscore_sum", DEFAULT):
        own = select(rows, "own", IN_SAMPLE, flow)
        if own.empty:
            return pd.DataFrame()
        first = json.loads(own["first"].iloc[0])
        found[ARMS[flow]] = [", ".join(titles[place] for place in places[:2]) for places in first]
    return pd.DataFrame(found)


def told_share(values: pd.Series) -> str:
    """Return a share of questions as '86.0 % [79.1, 92.9]'."""
    return f"{_mean(values):%}".partition(", n")[0] if len(values) else "not run"


def _n_found(row: pd.DataFrame) -> np.ndarray:
    ranks = read_ranks(row["ranks"].iloc[0])
    return np.array([sum(rank <= TUNED_BY for rank in own) for own in ranks])


def _n_passages(codes: list[int]) -> int:
    """Return of how many passages so many are all pairs."""
    return round((1 + (1 + 8 * len(codes)) ** 0.5) / 2)


def _mean(values: Any) -> Interval:
    return seeds_mean(np.asarray(values, float), low=0, high=1)


def _over_questions(values: Any) -> str:
    return in_percent(_mean(values))
