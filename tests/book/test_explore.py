"""The explorables in Chromium, from a file: what mouse and keyboard make them show is measured."""

import json

import pytest

from hsokv.experiments.attribution.tables import GAMES, alone
from hsokv.flows.factorial import CURRENT, NAMES, REDESIGN, flip
from tests.book.chromium import CHROMIUM, HTML
from tests.book.conftest import EXPLORE, said
from tests.book.test_browser import TOO_WIDE
from tools.explorables import read_answers, read_values
from tools.paths import ROOT

NAMED = ("builder", "waterfall", "errors", "sentence")
LARGEST = 150_000  # bytes of an explorable with its data
GAME = GAMES["redesign"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not EXPLORE.is_file(), reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's"),
]


@pytest.fixture(scope="module")
def values():
    """What all cells answer, by condition, from the rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
        return read_values()


@pytest.fixture(scope="module")
def answers():
    """Rows of all learners, by condition."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
        return read_answers()


def choose(page, name, label, key):
    """Choose an option of an explorable."""
    block = page.locator(f"#explore-{name}")
    block.get_by_role("combobox", name=label).select_option(key)


def report(values, cell):
    """What the builder has to say of a cell."""
    told = []
    for name, found in values.items():
        share, gap = found.accuracy(cell).text(), found.difference(cell, CURRENT).text(signed=True)
        against = "" if cell == CURRENT else f", against small H-SOKV {gap.partition(', n')[0]}"
        told.append(f"{name} {share}{against}")
    return f"Your learner, combination {cell}: {'; '.join(told)}."


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_works_from_a_file_and_is_not_clipped(visit, width, theme):
    """Scripts start without a server, and nothing sticks out at either width."""
    page = visit(width, theme)
    assert page.errors == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TOO_WIDE) == []
    for name in NAMED:
        box = page.locator(f"#explore-{name}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.locator(f"#explore-{name} :is(button, textarea)").count()


def test_tables_stand_in_for_scripts(visit):
    """Without scripts each block shows a table of the same numbers."""
    page = visit(scripts=False)
    for name in NAMED:
        assert page.locator(f"#explore-{name} table tbody tr").count() > 3
        assert page.locator(f"#explore-{name} :is(button, input, textarea)").count() == 0


def test_explorables_are_small(visit):
    """Data as they stand in the page, script, and what all share stay within 150 KB each."""
    page, files = visit(), HTML / "_static/explore"
    for name in NAMED:
        data = page.locator(f"#explore-{name}-data").text_content()
        parts = [f"{name}.js", "parts.js", "explore.css"]
        size = sum((files / part).stat().st_size for part in parts)
        assert len(data.encode()) + size < LARGEST
        assert json.loads(data)


def test_other_pages_do_not_load_the_scripts():
    """Only the page of the explorables pays for them."""
    others = [
        path for path in HTML.rglob("*.html") if path != EXPLORE and "_static" not in path.parts
    ]
    assert others
    assert not [path.name for path in others if "_static/explore/" in path.read_text("utf8")]


def test_builder_shows_the_cell_that_is_clicked(visit, values):
    """Each switch alone, and the named cells, give their own measured numbers."""
    page = visit()
    assert said(page, "builder") == report(values, CURRENT)
    boxes = page.locator("#explore-builder input[type=checkbox]")
    assert boxes.count() == len(NAMES)
    for i, name in enumerate(NAMES):
        boxes.nth(i).check()
        assert said(page, "builder") == report(values, flip(CURRENT, name))
        boxes.nth(i).uncheck()
    page.get_by_role("button", name="our first design").click()
    assert said(page, "builder") == report(values, REDESIGN)
    rows = page.locator("#explore-builder tbody tr")
    shown = [found.accuracy(REDESIGN).text().partition(", n")[0] for found in values.values()]
    for line in (rows.nth(0), rows.nth(2)):  # your learner and our first design
        assert [text.strip() for text in line.locator("td").all_inner_texts()] == shown
    for name, found in values.items():
        page.get_by_role("button", name=f"best combination, {name}").click()
        best = f"{name} {100 * found.point.max():.1f} % ["
        assert best in said(page, "builder")


def test_builder_works_by_keyboard(visit, values):
    """Space moves the switch that has the focus, which can be seen."""
    page = visit()
    page.locator("#explore-builder input[type=checkbox]").first.focus()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid 3px" in outline
    page.keyboard.press("Space")
    assert said(page, "builder") == report(values, flip(CURRENT, NAMES[1]))


def steps(page):
    """The repairs from top to bottom, each with its step."""
    names = page.locator("#explore-waterfall .explore-handle").all_inner_texts()
    shown = page.locator("#explore-waterfall .explore-step").all_inner_texts()
    return [name.removeprefix("⠿ ").strip() for name in names], shown


def expected(values, condition, players):
    """The steps of players in an order, from the rows."""
    found, cell = [], CURRENT
    for player in players:
        gap = values[condition].difference(flip(cell, player), cell).text(signed=True)
        found.append(f"step {gap.partition(', n')[0].replace(' points', '')}")
        cell = flip(cell, player)
    return found


def test_waterfall_is_reordered_by_dragging(visit, values):
    """The last repair dragged to the top does what it does alone; all steps are those of cells."""
    page, players = visit(), list(GAME.players)
    names, shown = steps(page)
    assert shown == expected(values, "verbatim", players)
    handles = page.locator("#explore-waterfall .explore-handle")
    handles.first.scroll_into_view_if_needed()
    grip, top = handles.nth(5).bounding_box(), handles.first.bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, (grip["y"] + top["y"]) / 2, steps=5)
    page.mouse.move(top["x"] + 5, top["y"] - 5, steps=5)
    page.mouse.up()
    players.insert(0, players.pop(5))
    after, shown = steps(page)
    assert after == [names[5], *names[:5], *names[6:]]
    assert shown == expected(values, "verbatim", players)
    first, _ = alone(values["verbatim"], GAME, players[0])
    assert first.text(signed=True).partition(", n")[0] in said(page, "waterfall")
    page.mouse.move(top["x"], top["y"] + 300)  # let go: it follows no more
    assert steps(page)[0] == after


def test_waterfall_is_reordered_by_keyboard(visit, values):
    """Enter on an arrow moves a repair, the arrow keeps the focus, and the ends hold."""
    page, players = visit(), list(GAME.players)
    names, _ = steps(page)
    page.get_by_role("button", name=f"{names[0]}: later").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    players.insert(2, players.pop(0))
    after, shown = steps(page)
    assert after == [*names[1:3], names[0], *names[3:]]
    assert shown == expected(values, "verbatim", players)
    assert page.evaluate("document.activeElement.ariaLabel") == f"{names[0]}: later"
    for _ in names:
        page.keyboard.press("Enter")
    assert steps(page)[0] == [*names[1:], names[0]]
    page.get_by_role("button", name="reversed").click()
    choose(page, "waterfall", "condition", "recognise")
    assert steps(page)[1] == expected(values, "recognise", GAME.players[::-1])


def test_shares_do_not_move(visit):
    """Whatever the order, the Shapley share of a repair stays; its step lies in its range."""
    page = visit()

    def shares():
        texts = page.locator("#explore-waterfall .explore-share").all_inner_texts()
        return dict(zip(steps(page)[0], texts))

    before = shares()
    page.get_by_role("button", name="reversed").click()
    assert shares() == before
    ranges = page.locator("#explore-waterfall .explore-range").all_inner_texts()
    for shown, reach in zip(steps(page)[1], ranges):
        low, high = map(float, reach.removeprefix("any order ").split(" to "))
        assert low <= float(shown.split()[1]) <= high


def test_errors_are_those_of_the_rows(visit, answers):
    """A learner's words show in how many seeds they were right; a word shows all learners."""
    page = visit()
    rows = answers["inflect"]
    part = rows[rows["arm"] == "lexical"]
    choose(page, "errors", "condition", "inflect")
    choose(page, "errors", "learner", "lexical")
    choose(page, "errors", "order", "")
    bits = [
        [int(text, 16) >> 4 & 1 for text in part[name]]
        for name in ("correct_words", "tested_words")
    ]
    words = page.locator("#explore-errors .explore-list tbody tr")
    assert words.count() == 100
    right, tested = map(sum, bits)
    assert words.nth(4).inner_text().split("\t")[1].strip() == f"{right} of {tested}"
    word = words.nth(4).locator("button").inner_text()
    page.get_by_role("searchbox", name="word").fill(word[:-1])
    assert words.count() == 1
    assert said(page, "errors").startswith("our word memory, inflect: 1 of 100 words")
    words.locator("button").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name=f"all learners on {word}")
    line = table.locator(
        "tr", has=page.get_by_role("rowheader", name="our word memory", exact=True)
    )
    heads = table.locator("thead th").all_inner_texts()
    assert line.locator("td").nth(heads.index("inflect") - 1).inner_text().strip() == (
        f"{right} of {tested}"
    )


def test_hardest_words_come_first(visit):
    """Shares rise down the list, and fall when turned round."""
    page = visit()
    cells = page.locator("#explore-errors .explore-list tbody td")
    for order, sign in (("worst", 1), ("best", -1)):
        choose(page, "errors", "order", order)
        counts = [text.split(" of ") for text in cells.all_inner_texts()]
        shares = [sign * int(right) / int(tested) for right, tested in counts]
        assert shares == sorted(shares) and len(set(shares)) > 1
