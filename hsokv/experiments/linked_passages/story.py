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
SHOWN = ("minilm", "pagerank_names", DEFAULT)
#: Sample and number of a question -> what it asks, in our words, and what leads to it.
EXAMPLES = {
    ("hotpotqa", 42): (
        "genre of the author of a video game's story",
        "the game's passage names him",
    ),
    ("hotpotqa", 79): ("director of a singer's first film", "the film's passage names the singer"),
    ("musique", 82): (
        "river through the city of a player's former club",
        "the player's passage names the city",
    ),
    ("hotpotqa", 16): ("deadlier of two tornado outbreaks, unnamed", "a name that both hold"),
    ("musique", 63): ("last Olympics in the country that makes a vodka", "no link"),
    ("musique", 83): ("southern tip of the continent that most coffee comes from", "no link"),
}


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
        if any(select(rows, source, IN_SAMPLE, flow).empty for flow in (ALONE, "minilm", DEFAULT)):
            continue
        ranks = read_ranks(alone["ranks"].iloc[0])
        some = [min(own) <= N_PARTNERS for own in ranks]
        every = [max(own) <= N_PARTNERS for own in ranks]
        column = {
            "a passage that answers is among the ten partners": _over_questions(some),
            "all are": _over_questions(every),
        }
        ours, encoder = (_n_found(select(rows, source, IN_SAMPLE, flow)) for flow in SHOWN[::-2])
        column["the encoder alone finds more"] = _over_questions(encoder > ours)
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
    """Return at which ranks the passages of some questions stand, by single search and by hops."""
    found = []
    for (source, question), (asked, linked) in EXAMPLES.items():
        line = {"asked": asked, "by way of": linked}
        for flow in SHOWN:
            own = select(rows, source, IN_SAMPLE, flow)
            if own.empty:
                break
            ranks = read_ranks(own["ranks"].iloc[0])[question]
            line[ARMS[flow]] = ", ".join(map(str, ranks))
        else:
            found.append(line)
    return pd.DataFrame(found)


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
