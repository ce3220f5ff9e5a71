"""The data of the explorables are the committed rows, and nothing else."""

import json
import re

import numpy as np
import pytest

from hsokv.data.english import surprisal
from hsokv.data.rare_words import labels_of
from hsokv.data.stories import CONDITIONS
from hsokv.data.tokenizer import split_words
from hsokv.experiments import attribution, one_shot
from hsokv.experiments.attribution.tables import GAMES, alone, shapley_table
from hsokv.experiments.one_shot.arms import best_rows, main_rows
from hsokv.experiments.word_rows import accuracy_interval
from hsokv.flows.factorial import CURRENT, NAMES, REDESIGN, list_cells
from hsokv.stats.intervals import Interval
from hsokv.stats.word_sets import decode_words
from tools import explorables
from tools.explorable_sentence import fit_learners
from tools.paths import BOOK, ROOT

SCRIPTS = BOOK / "_static/explore"
LARGEST = 150_000  # bytes of an explorable with its data


@pytest.fixture(scope="module", autouse=True)
def committed_rows():
    """All of this is about the rows in `results/`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
        yield


@pytest.fixture(scope="module")
def made(committed_rows):
    """The explorables: table and data by name."""
    return explorables.make_explorables()


@pytest.fixture(scope="module")
def values(committed_rows):
    """What all cells answer, by condition."""
    return explorables.read_values()


def text_of(tenths: list[int], n: int, signed: bool = False) -> str:
    """An interval of the data as the notebooks print it."""
    return Interval(*(t / 1000 for t in tenths), n).text(signed=signed)


def test_accuracies_are_those_of_the_rows(made):
    """The point of every cell is the mean of the column `accuracy` over its rows."""
    rows = attribution.EXPERIMENT.read()
    rows = rows[(rows["pooling"] == "mean") & (rows["rate"] == "tuned")]
    for condition, found in made["builder"][1]["accuracy"].items():
        means = rows[rows["condition"] == condition].groupby("cell")["accuracy"].mean()
        points = [point for point, _, _ in found]
        # half a tenth of a per cent is rounded off
        np.testing.assert_allclose(points, 1000 * means[list_cells()], atol=0.5 + 1e-6)


def test_intervals_are_those_of_the_notebook(made, values):
    """Every accuracy and every difference prints as the attribution's own code prints it."""
    data = made["builder"][1]
    assert list(data["accuracy"]) == list(data["difference"]) == list(attribution.CONDITIONS)
    for condition, found in values.items():
        for i, cell in enumerate(list_cells()):
            assert int(cell[1:], 2) == i
            shown = text_of(data["accuracy"][condition][i], found.n)
            assert shown == found.accuracy(cell).text()
            shown = text_of(data["difference"][condition][i], found.n, signed=True)
            assert shown == found.difference(cell, CURRENT).text(signed=True)


def test_best_cell_is_the_best(made):
    """None answers more, and as many as are said answer equally much."""
    data = made["builder"][1]
    for condition, about in data["conditions"].items():
        points = [point for point, _, _ in data["accuracy"][condition]]
        assert points[int(about["best"][1:], 2)] == max(points)
        assert points.count(max(points)) == about["equal"]
    assert len(data["switches"]) == len(NAMES)


@pytest.mark.parametrize("condition", attribution.CONDITIONS)
def test_steps_are_differences_of_cells(made, values, condition):
    """The first and the last step of a repair and its share are those of the notebook's table."""
    data, game, n = made["waterfall"][1], GAMES["redesign"], values[condition].n
    steps, shares, every = data["steps"][condition], data["shares"][condition], 2**8 - 1
    table = shapley_table(values[condition], game)
    for i, player in enumerate(game.players):
        first, last = alone(values[condition], game, player)
        assert text_of(steps[i][0], n, signed=True) == first.text(signed=True)
        assert text_of(steps[i][every ^ 1 << i], n, signed=True) == last.text(signed=True)
        share = explorables._interval(table.iloc[i])
        assert text_of(shares[i], n, signed=True) == share.text(signed=True)
        assert [made >> i & 1 for made in range(every + 1)] == [step == 0 for step in steps[i]]
    ends = [values[condition].accuracy(cell).point for cell in (CURRENT, REDESIGN)]
    levels = data["levels"][condition]
    assert [levels[0], levels[every]] == explorables.tenths(*ends)


@pytest.mark.parametrize("condition", attribution.CONDITIONS)
def test_any_order_leads_from_one_end_to_the_other(made, condition):
    """Steps add up to the gap, and their mean over orders is the Shapley share, up to rounding."""
    data, rng = made["waterfall"][1], np.random.default_rng(0)
    levels, n = data["levels"][condition], len(data["repairs"])
    steps, sums = data["steps"][condition], np.zeros(n)
    for _ in range(4000):
        done = 0
        for i in rng.permutation(n):
            step = steps[i][done][0]
            assert abs(levels[done | 1 << i] - levels[done] - step) <= 2  # tenths, each rounded
            sums[i] += step
            done |= 1 << int(i)
    shares = [point for point, _, _ in data["shares"][condition]]
    np.testing.assert_allclose(sums / 4000, shares, atol=20)  # two points, of a spread of 30


def test_words_are_those_of_the_rows(made):
    """Counts are the bits of the rows, added up over seeds, word by word."""
    data, rows = made["errors"][1], best_rows(main_rows(one_shot.EXPERIMENT.read()))
    assert sorted(data["learners"]) == sorted(rows["arm"].unique())
    for (arm, condition), part in rows.groupby(["arm", "condition"]):
        place, right = data["right"][condition][list(data["learners"]).index(arm)]
        words = labels_of(condition)
        assert data["words"][condition] == words
        for column, shown in (("correct_words", right), ("tested_words", data["tested"][place])):
            assert decode_words(list(part[column]), len(words)).sum(0).tolist() == list(shown)
        share = sum(right) / sum(data["tested"][place])
        assert share == pytest.approx(accuracy_interval(part).point)
        assert all(data["definitions"][word] for word in words)


def test_sentence_table_agrees_with_the_rows(made):
    """`lexical` and the lookup answer the draw as the committed rows of its seed say."""
    rows = main_rows(one_shot.EXPERIMENT.read()).query("seed == 0 and task == 'words'")
    lines = [line.split(" | ") for line in made["sentence"][0].splitlines()[2:]]
    assert len(lines) == len(CONDITIONS)
    for condition, whole, _, lookup, _, n in lines:
        here = rows[rows["condition"] == condition.strip("| `")].set_index("arm")
        assert float(whole) == pytest.approx(100 * here.loc["lexical", "accuracy"], abs=0.051)
        assert float(lookup) == pytest.approx(
            100 * here.loc["headword_lookup", "accuracy"], abs=0.05
        )
        assert int(n.strip(" |")) == here.loc["lexical", "n_test"]


def test_sentence_has_what_the_flow_stores(made):
    """The stories are those the flow remembers, and every word of them has its surprisal."""
    data, flow = made["sentence"][1], fit_learners()["simplified"]
    assert [text for _, text in data["entries"]] == list(flow.texts_.values())
    words = {word for story in data["entries"] for told in story for word in split_words(told)}
    assert set(data["surprisal"]) == words
    for word, nats in data["surprisal"].items():
        assert nats == pytest.approx(surprisal(word), abs=0.0005)
    assert data["costs"] == list(flow.keys_.costs)
    assert data["novel_nats"] == flow.config_.novel_nats


@pytest.mark.parametrize("name", ["builder", "waterfall", "errors", "sentence"])
def test_explorable_is_small(made, name):
    """Script, what all share and data stay within 150 KB."""
    files = [SCRIPTS / f"{name}.js", SCRIPTS / "parts.js", SCRIPTS / "explore.css"]
    data = json.dumps(made[name][1], ensure_ascii=False)
    assert len(data.encode()) + sum(file.stat().st_size for file in files) < LARGEST


def test_page_holds_tables_for_readers_without_scripts(made, monkeypatch):
    """Each block has its table and its data, and loads its script."""
    monkeypatch.setattr(explorables, "make_explorables", lambda: made)
    page = explorables.render_explore()
    assert not explorables.MARK.search(page)
    for name, (table, data) in made.items():
        block = re.search(rf":name: explore-{name}\n\n(.*?)\n::::", page, re.DOTALL)
        assert block[1] == table
        text = re.search(rf'id="explore-{name}-data">(.*?)</script>', page)[1]
        assert json.loads(text) == json.loads(json.dumps(data))
        assert f"explore/{name}.js" in page


def test_page_without_a_mark_is_refused(made, monkeypatch, tmp_path):
    """An explorable that the page does not place, or a mark that means nothing, stops the build."""
    monkeypatch.setattr(explorables, "make_explorables", lambda: made)
    monkeypatch.setattr(explorables, "BOOK", tmp_path)
    (tmp_path / "explore.md").write_text("# Explore\n\n% explorable: bilder\n")
    with pytest.raises(RuntimeError, match=r"marks \['bilder'\]: expected one line"):
        explorables.render_explore()
