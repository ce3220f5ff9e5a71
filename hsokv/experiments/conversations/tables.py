"""Tables of conversations: every method, by category, by what is left out, by number of turns.

Shares are in percent. A cell such as '78.1 [75.0, 81.0]' holds an interval of 95 % over questions,
a column 'over conversations' the one that takes each conversation as a whole, see `estimates`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from hsokv.data.conversations import CATEGORIES
from hsokv.experiments.conversations.estimates import (
    NOT_RUN,
    differences,
    in_percent,
    last_source,
    list_questions,
    over_conversations,
    over_questions,
)
from hsokv.experiments.conversations.methods import (
    DROPPED,
    FITTED,
    LEXICAL,
    LOCOMO_LIKE,
    RIVALS,
    SEMANTIC,
)
from hsokv.experiments.conversations.trials import HELD_OUT, LEFT_OUT, TUNED_BY
from hsokv.memory.dialogue import TOKEN_CUES, WORD_CUES
from hsokv.stats.intervals import exact_mean

#: Method -> its name in tables and figures.
ARMS = {
    "random": "random order",
    "recent": "latest turns first",
    "minilm": "MiniLM",
    "minilm_named": "MiniLM, with the speaker",
    "late": "MiniLM, token by token",
    "bm25": "BM25",
    "bm25_named": "BM25, with the speaker",
    "bm25_session": "BM25, turn and session",
    "rank_fusion": "both, ranks fused",
    "zscore_plain": "both summed, no speaker",
    "zscore_sum": "both summed",
    "late_sum": "token by token and BM25",
    "fitted_five": "all five, fitted weights",
    "cues_lexical": "cues without encoder",
    "cues": "cues",
}
GROUPS = {
    "less_locomo": "who, date, opens",
    "less_windows": "windows and sessions",
    "less_place": "place in the talk",
    "less_kind": "kind of answer",
    "less_late": "late interaction",
    "less_dense": "cosines",
    "less_words": "BM25 of windows",
}
SIZES = {"1": (1, 1), "2": (2, 2), "3": (3, 3), "4 or 5": (4, 5), "6 to 10": (6, 10),
         "more than 10": (11, 10**6)}  # fmt: skip
COLUMNS = {"any_5": "any at 5", "any_10": "any at 10", "all_5": "all at 5", "all_10": "all at 10"}


def method_table(rows: pd.DataFrame, level: str, part: str = HELD_OUT) -> pd.DataFrame:
    """Return the recalls and NDCG of each method that was run, for 'turn' or 'session'."""
    found = []
    for flow, name in ARMS.items():
        own = list_questions(rows, flow, part)
        if own.empty:
            continue
        row = {"method": name}
        for column, shown in COLUMNS.items():
            row[shown] = in_percent(over_questions(own[f"{level}_{column}"]))
        headline = own[f"{level}_all_10" if level == "turn" else f"{level}_all_5"]
        clustered = in_percent(over_conversations(headline, own["conversation"]))
        at = "10" if level == "turn" else "5"
        row[f"all at {at}, over conversations"] = clustered.partition(" ")[2]
        row["NDCG at 10"] = f"{100 * exact_mean(own[f'{level}_ndcg_10']):.1f}"
        found.append(row)
    return pd.DataFrame(found)


def category_table(rows: pd.DataFrame, flows: Sequence[str], column: str) -> pd.DataFrame:
    """Return a measure by category of question, a row per method."""
    found = []
    for flow in flows:
        own = list_questions(rows, flow)
        row = {"method": ARMS[flow]}
        for number, name in list(CATEGORIES.items())[:4]:
            part = own[own["category"] == number]
            shown = f"{name} ({len(part)})"
            row[shown] = NOT_RUN if part.empty else in_percent(over_questions(part[column]))
        if len(own):
            found.append(row)
    return pd.DataFrame(found)


def difference_table(rows: pd.DataFrame, column: str = TUNED_BY) -> pd.DataFrame:
    """Return by how many points the cues find more than each rival, question by question."""
    found = []
    for flow, name in ARMS.items():
        if flow == SEMANTIC or list_questions(rows, flow).empty:
            continue
        row = {"method": name}
        for part, shown in ((HELD_OUT, "held out"), (LEFT_OUT, "left out in turn")):
            if len(list_questions(rows, flow, part)):
                more, clustered = differences(rows, SEMANTIC, flow, column, part)
                row[shown] = in_percent(more, True)
                row[f"{shown}, over conversations"] = _ends(clustered)
        found.append(row)
    return pd.DataFrame(found)


def ablation_table(rows: pd.DataFrame, column: str = TUNED_BY) -> pd.DataFrame:
    """Return what is lost without one cue or several, the weights of the rest fitted anew."""
    found = []
    for flow, cues in {LEXICAL: tuple(TOKEN_CUES), **DROPPED}.items():
        if list_questions(rows, flow).empty:
            continue
        kind = "all" if set(cues) <= set(LOCOMO_LIKE) else "some" if _touches(cues) else ""
        name = GROUPS.get(flow, "all of the encoder" if flow == LEXICAL else cues[0])
        row = {"left out": name, "cues": len(cues), "LoCoMo's habits": kind}
        for part, shown in ((HELD_OUT, "held out"), (LEFT_OUT, "left out in turn")):
            if len(list_questions(rows, flow, part)):
                more, clustered = differences(rows, flow, SEMANTIC, column, part)
                row[shown] = in_percent(more, True)
                row[f"{shown}, over conversations"] = _ends(clustered)
        found.append(row)
    return pd.DataFrame(found)


def evidence_table(rows: pd.DataFrame, flow: str = SEMANTIC) -> pd.DataFrame:
    """Return recall by how many turns answer a question, with what no order can exceed."""
    own, found = list_questions(rows, flow), []
    for name, (low, high) in SIZES.items():
        part = own[own["n_turns"].between(low, high)]
        if part.empty:
            continue
        found.append({
            "turns that answer": name, "questions": len(part),
            **{
                shown: in_percent(over_questions(part[f"turn_{name}"]))
                for name, shown in COLUMNS.items()
            },
            "at most, all at 5": f"{100 * exact_mean(part['n_turns'] <= 5):.0f}",
            "at most, all at 10": f"{100 * exact_mean(part['n_turns'] <= 10):.0f}",
        })  # fmt: skip
    return pd.DataFrame(found)


def conversation_table(rows: pd.DataFrame, rival: str, column: str = TUNED_BY) -> pd.DataFrame:
    """Return each conversation with a measure of the cues and of a rival."""
    rows = rows[rows["source"] == last_source(rows)]
    ours, theirs = (rows[rows["flow"] == flow].set_index("seed") for flow in (SEMANTIC, rival))
    found = []
    for number, row in ours.sort_index().iterrows():
        line = {"conversation": row["conversation"], "weights": _fitted_on(row["part"])}
        line |= {"sessions": row["n_sessions"], "turns": row["n_turns"]}
        line |= {"questions": row["n_questions"], ARMS[SEMANTIC]: f"{100 * row[column]:.1f}"}
        if number in theirs.index:
            line[ARMS[rival]] = f"{100 * theirs.loc[number, column]:.1f}"
        found.append(line)
    return pd.DataFrame(found)


def weight_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cues with their weights, fitted on all conversations that may be used."""
    weights = {flow: _chosen(rows, flow) for flow in (SEMANTIC, LEXICAL)}
    if not weights[SEMANTIC]:
        return pd.DataFrame()
    found = [
        {
            "cue": cue, "what it says of a turn": said,
            "weight": weights[SEMANTIC].get(cue), "without encoder": weights[LEXICAL].get(cue),
        }
        for cue, said in (WORD_CUES | TOKEN_CUES).items()
    ]  # fmt: skip
    return pd.DataFrame(found)


def setting_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what was chosen for each rival, of how many settings."""
    tuned = rows[(rows["n_settings"] > 1) & (rows["part"] == HELD_OUT)]
    found = []
    for flow in [flow for flow in RIVALS if flow in set(tuned["flow"])]:
        chosen = ", ".join(f"{name} {value:g}" for name, value in _chosen(rows, flow).items())
        n = int(tuned.loc[tuned["flow"] == flow, "n_settings"].iloc[0])
        found.append({"method": ARMS[flow], "settings tried": n, "chosen": chosen})
    return pd.DataFrame(found)


def harness_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a `harness.Harness` as the page shows it."""
    found = table[["method", "type", "n", "n_turns"]].rename(
        columns={"n": "questions", "n_turns": "that name turns"}
    )
    for level in ("session", "turn"):
        for column, shown in (COLUMNS | {"ndcg_10": "NDCG at 10"}).items():
            found[f"{level}, {shown}"] = (100 * table[f"{level}_{column}"]).round(1)
    return found


def told_share(rows: pd.DataFrame, column: str, above: int) -> str:
    """Return how many questions have more than so many turns or sessions, as '9 of 776 (1.2 %)'."""
    own = list_questions(rows, SEMANTIC)
    if own.empty:
        return NOT_RUN
    n = int((own[column] > above).sum())
    return f"{n} of {len(own)} ({100 * n / len(own):.1f} %)"


def told_count(rows: pd.DataFrame, part: str = HELD_OUT) -> str:
    """Return how many questions were asked."""
    own = list_questions(rows, SEMANTIC, part)
    return f"{len(own):,}" if len(own) else NOT_RUN


def best_rival(rows: pd.DataFrame, part: str = HELD_OUT, column: str = TUNED_BY) -> str:
    """Return the method that finds most of those that are not ours."""
    flows = [flow for flow in (*RIVALS, FITTED[0]) if flow in set(rows["flow"])]
    means = {flow: list_questions(rows, flow, part)[column].mean() for flow in flows}
    return max(means, key=lambda flow: means[flow]) if means else SEMANTIC


def _chosen(rows: pd.DataFrame, flow: str) -> dict[str, float]:
    """Return the setting or weights of a method for what is held out; the same for all of it."""
    own = rows[(rows["source"] == last_source(rows)) & (rows["part"] == HELD_OUT)]
    own = own[own["flow"] == flow]
    return json.loads(own["chosen"].iloc[0]) if len(own) else {}


def _touches(cues: Sequence[str]) -> bool:
    return bool(set(cues) & set(LOCOMO_LIKE))


def _fitted_on(part: str) -> str:
    return "of the other four" if part == LEFT_OUT else "of the first five"


def _ends(found: tuple) -> str:
    return in_percent(found, True).partition(" ")[2]
