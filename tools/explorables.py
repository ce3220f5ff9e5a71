"""The page of explorables: the numbers its scripts show, and tables for readers without scripts.

`book/explore.md` says with a line `% explorable: NAME` where one belongs. It becomes a block with a
table, which the script in `book/_static/explore/NAME.js` replaces, and the data of both as JSON.
All results come from the committed rows by the functions that the notebooks call. Shares are
written as whole tenths of a per cent, rounded as the notebooks print them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pandas as pd

from hsokv.data.lexicon import load_lexicon, load_senses, load_unseen_words
from hsokv.data.rare_words import labels_of
from hsokv.experiments import attribution, one_shot
from hsokv.experiments.attribution.cells import CellValues, cell_values
from hsokv.experiments.attribution.tables import GAMES, shapley_table
from hsokv.experiments.one_shot.arms import best_rows, main_rows
from hsokv.experiments.word_rows import word_cells
from hsokv.flows.display import display_name
from hsokv.flows.factorial import CURRENT, REDESIGN, SOURCES_FIXES, SWITCHES, flip, list_cells
from hsokv.stats.intervals import Interval
from tools.explorable_sentence import sentence_data, sentence_table
from tools.glossary_page import QUESTIONS
from tools.markdown import prose, table
from tools.paths import BOOK

MARK = re.compile(r"^% explorable: (\w+)$", re.MULTILINE)
LANDMARKS = {
    "small H-SOKV": CURRENT,
    "our first design": REDESIGN,
    "every fix the source documents ask for": SOURCES_FIXES,
}
GAME = GAMES["redesign"]
LABELS = {switch.name: switch.label for switch in SWITCHES}


def tenths(*shares: float) -> list[int]:
    """Return shares as whole tenths of a per cent, rounded as `Interval.text` rounds them."""
    return [round(10 * round(100 * share, 1)) for share in shares]


def read_values() -> dict[str, CellValues]:
    """Return what all cells answer, by condition, as the notebook on attribution computes it."""
    frame = attribution.EXPERIMENT.read()
    return {name: cell_values(frame, name) for name in attribution.CONDITIONS}


def builder_data(values: dict[str, CellValues]) -> dict:
    """Return the accuracy of every cell and its difference from H-SOKV's.

    Cells stand in the order of `list_cells`: the digits of a name are its place as a binary number.
    """
    cells = list_cells()
    return {
        "switches": list(LABELS.values()),
        "landmarks": LANDMARKS,
        "conditions": {name: _about(found) for name, found in values.items()},
        "accuracy": {
            name: [tenths(*found.accuracy(cell)[:3]) for cell in cells]
            for name, found in values.items()
        },
        "difference": {
            name: [tenths(*found.difference(cell, CURRENT)[:3]) for cell in cells]
            for name, found in values.items()
        },
    }


def _about(values: CellValues) -> dict:
    """Return the size of a condition, its best cell, the first of equal ones, and how many tie."""
    best = values.right.argmax()
    n_equal = int((values.right == values.right[best]).sum())
    about = {"n": values.n, "seeds": len(values.by_seed)}
    return about | {"best": list_cells()[best], "equal": n_equal}


def builder_table(values: dict[str, CellValues]) -> str:
    """Return the cells with a name and the best of each condition, as a table."""
    rows = {label: [found.accuracy(cell).text() for found in values.values()]
            for label, cell in LANDMARKS.items()}  # fmt: skip
    best = [found.accuracy(_about(found)["best"]).text() for found in values.values()]
    lines = [[prose(label), *texts] for label, texts in rows.items()]
    return table(["learner", *values], [*lines, ["best of all combinations", *best]])


def waterfall_data(values: dict[str, CellValues]) -> dict:
    """Return every step from small H-SOKV to our first design, and every repair's share.

    A set of repairs made is a number whose bit i is repair i. `steps[condition][i][made]` is what
    repair i does to a learner with those made, 0 where it is itself among them.
    """
    players, made = GAME.players, range(2 ** len(GAME.players))
    cells = [flip(GAME.start, *_members(players, number)) for number in made]
    index = {cell: place for place, cell in enumerate(list_cells())}
    return {
        "repairs": [LABELS[player] for player in players],
        "ends": ["small H-SOKV", "our first design"],
        "levels": {
            name: tenths(*(found.point[index[cell]] for cell in cells))
            for name, found in values.items()
        },
        "steps": {
            name: [
                [
                    0 if number >> i & 1 else
                    tenths(*found.difference(cells[number | 1 << i], cells[number])[:3])
                    for number in made
                ]
                for i in range(len(players))
            ]
            for name, found in values.items()
        },
        "shares": {
            name: [tenths(*row[2:5]) for row in shapley_table(found, GAME).itertuples()]
            for name, found in values.items()
        },
    }  # fmt: skip


def _members(players: Iterable[str], number: int) -> list[str]:
    return [player for i, player in enumerate(players) if number >> i & 1]


def waterfall_table(values: dict[str, CellValues]) -> str:
    """Return each repair's share of the gap, by condition."""
    shares = {name: shapley_table(found, GAME) for name, found in values.items()}
    lines = [
        [LABELS[player], *(_interval(found.iloc[i]).text(signed=True) for found in shares.values())]
        for i, player in enumerate(GAME.players)
    ]
    gaps = [found.attrs["gap"].text(signed=True) for found in shares.values()]
    return table(["repair", *values], [*lines, ["all repairs", *gaps]])


def _interval(row: pd.Series) -> Interval:
    return Interval(*row[["point", "low", "high", "n"]])


def read_answers() -> dict[str, pd.DataFrame]:
    """Return by condition the rows of each learner in its best reading, as in the first chapter."""
    rows = best_rows(main_rows(one_shot.EXPERIMENT.read()))
    found = {name: rows[rows["condition"] == name] for name in QUESTIONS}
    return {name: part for name, part in found.items() if len(part)}


def errors_data(answers: dict[str, pd.DataFrame]) -> dict:
    """Return how many seeds tested each word and how many times each learner was right.

    `right[condition]` has a learner's counts per word beside the place of the tested ones in
    `tested`, which many learners share; null where it was not run.
    """
    learners = list(dict.fromkeys(arm for rows in answers.values() for arm in rows["arm"]))
    tested: dict[tuple, int] = {}
    right = {name: [None] * len(learners) for name in answers}
    for name, rows in answers.items():
        for arm, part in rows.groupby("arm", sort=False):
            correct, asked = word_cells(part)
            place = tested.setdefault(tuple(asked.sum(0).tolist()), len(tested))
            right[name][learners.index(arm)] = [place, (correct & asked).sum(0).tolist()]
    return {
        "learners": {arm: display_name(arm) for arm in learners},
        "conditions": {name: QUESTIONS[name] for name in answers},
        "words": {name: labels_of(name) for name in answers},
        "definitions": _definitions(),
        "tested": list(tested),
        "right": right,
    }


def _definitions() -> dict[str, str]:
    known = pd.concat([load_lexicon(), load_unseen_words(), load_senses()])
    return dict(zip(known["label"].fillna(known["word"]), known["definition"]))


def errors_table(answers: dict[str, pd.DataFrame]) -> str:
    """Return the share of answers that were right, by learner and condition."""
    data = errors_data(answers)
    lines = []
    for i, arm in enumerate(data["learners"]):
        found = [data["right"][name][i] for name in answers]
        lines.append(
            [display_name(arm), *("–" if one is None else _share(data, *one) for one in found)]
        )
    return table(["right, in %", *answers], lines)


def _share(data: dict, place: int, right: list[int]) -> str:
    return f"{100 * sum(right) / sum(data['tested'][place]):.1f}"


def render_explore() -> str:
    """Return the page, each mark replaced by its block.

    Raises:
        RuntimeError: a mark names no explorable, or one has no mark.
    """
    page, made = (BOOK / "explore.md").read_text("utf8"), make_explorables()
    marks = MARK.findall(page)
    if sorted(marks) != sorted(made):
        raise RuntimeError(
            f"book/explore.md marks {marks}: expected one line '% explorable: NAME' for each of "
            f"{list(made)}; add or remove lines"
        )
    return MARK.sub(lambda match: _block(match[1], *made[match[1]]), page)


def make_explorables() -> dict[str, tuple[str, dict]]:
    """Return the table and the data of every explorable."""
    values, answers = read_values(), read_answers()
    return {
        "builder": (builder_table(values), builder_data(values)),
        "waterfall": (waterfall_table(values), waterfall_data(values)),
        "errors": (errors_table(answers), errors_data(answers)),
        "sentence": (sentence_table(), sentence_data()),
    }


def _block(name: str, fallback: str, data: dict) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f"""\
::::{{container}} explorable
:name: explore-{name}

{fallback}
::::

```{{raw}} html
<script type="application/json" id="explore-{name}-data">{text}</script>
<script defer src="../_static/explore/{name}.js"></script>
```"""
