"""The built book in Chromium: quiet, searchable, readable in both themes and on a phone.

Every page is opened once per setting (theme and width) and looked at; the tests judge what was
seen.
"""

import functools
import io

import pytest
from PIL import Image

from tests.book.chromium import SETTINGS, Tab, each_page, each_setting, needs_browser

pytestmark = needs_browser
HEAVIEST = 1_200_000  # bytes

# Text whose colour is too near its background's (WCAG AA: 4.5, large text 3).
LOW_CONTRAST = """() => {
  const parse = c => [...c.match(/[\\d.]+/g).map(Number), 1].slice(0, 4);
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const lum = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const background = e => {
    const layers = [];
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const poor = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text || !e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (e.closest('svg, script, style, noscript, .headerlink')) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), back = background(e);
    const fore = over(parse(style.color), back);
    const [a, b] = [lum(fore), lum(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${text.slice(0, 30)} (${ratio.toFixed(1)})`);
  }
  return [...new Set(poor)];
}"""

# Bytes of the page and of all that it loads, unpacked.
WEIGHT = """() => ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
  .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""

# Elements that stick out of the screen and cannot be scrolled to within a box of their own.
TOO_WIDE = """() => {
  const boxed = ['auto', 'scroll', 'hidden'];
  const scrolls = e => e && e !== document.body &&
    (boxed.includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  return [...document.querySelectorAll('main *')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > innerWidth + 1 && !scrolls(e.parentElement) &&
      e.checkVisibility({visibilityProperty: true, opacityProperty: true});
  }).map(e => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 30)}`);
}"""


@pytest.fixture(scope="module")
def look(tabs):
    """A function that opens a page under a setting once and returns what was seen."""

    @functools.cache
    def look_at(name: str, setting: str) -> dict:
        tab = tabs(setting)
        tab.errors = []
        page = tab.open(name)
        seen = {
            "errors": tab.errors,
            "theme": page.evaluate("document.documentElement.dataset.theme"),
            "width": page.evaluate("document.documentElement.scrollWidth"),
            "too_wide": page.evaluate(TOO_WIDE),
            "weight": page.evaluate(WEIGHT),
            "broken_images": page.evaluate(
                "[...document.images].filter(i => !i.naturalWidth && i.loading !== 'lazy')"
                ".map(i => i.src)"
            ),
        }
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        colours = image.getcolors(image.width * image.height)
        seen["n_colours"], seen["backdrop"] = len(colours), max(colours)[1]
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        seen["low_contrast"] = page.evaluate(LOW_CONTRAST)
        return seen

    return look_at


@each_setting
@each_page
def test_page_loads_without_errors(look, name, setting):
    """No console error, no exception, no request to the network, no broken picture."""
    seen = look(name, setting)
    assert seen["errors"] == []
    assert seen["broken_images"] == []


@each_setting
@each_page
def test_page_is_drawn_in_its_theme(look, name, setting):
    """The theme is the one asked for, and the screen is not blank."""
    seen = look(name, setting)
    assert seen["theme"] == SETTINGS[setting][0]
    assert seen["n_colours"] > 50
    bright = sum(seen["backdrop"]) / 3
    assert bright < 100 if setting == "dark" else bright > 155


@each_setting
@each_page
def test_text_stands_out_from_its_background(look, name, setting):
    """All text of the page keeps the contrast that WCAG AA asks for."""
    assert look(name, setting)["low_contrast"] == []


@each_page
def test_page_is_light(look, name):
    """A page with its styles, scripts and figures takes at most 1.2 MB."""
    assert 20_000 < look(name, "light")["weight"] <= HEAVIEST


@pytest.mark.parametrize("setting", ["light", "phone"])
@each_page
def test_page_fits_the_screen(look, name, setting):
    """At 1280 and at 390 pixels nothing sticks out; wide tables scroll in their own boxes."""
    seen = look(name, setting)
    assert seen["width"] <= SETTINGS[setting][1]
    assert seen["too_wide"] == []


def test_root_leads_to_the_first_page(browser, address):
    """Opening the folder shows the book."""
    tab = Tab(browser, address, "light")
    page = tab.open("")
    page.wait_for_url("**/book/index.html")
    assert tab.errors == []
    tab.context.close()


def test_search_finds_a_term(browser, address):
    """Searching for a word of the book lists pages, and the first holds the word."""
    tab = Tab(browser, address, "light")
    page = tab.open("search.html?q=lexicon")
    page.wait_for_selector("#search-results li a")
    links = page.locator("#search-results li a")
    assert links.count() >= 1
    links.first.click()
    page.wait_for_url(lambda url: "search.html" not in url)
    assert "lexicon" in page.inner_text("main").lower()
    assert tab.errors == []
    tab.context.close()


def test_search_finds_an_entry_of_the_api(browser, address):
    """Searching for the name of a class leads to its entry."""
    tab = Tab(browser, address, "light")
    page = tab.open("search.html?q=KeyValueMemory")
    page.wait_for_selector('#search-results li a[href$=".KeyValueMemory"]')
    page.locator('#search-results li a[href$=".KeyValueMemory"]').first.click()
    page.wait_for_url("**/book/api/**")
    assert page.locator("dt.sig:target").inner_text().startswith("class KeyValueMemory")
    assert tab.errors == []
    tab.context.close()


def test_search_says_when_nothing_is_found(browser, address):
    """A word that the book does not have gives no results and no error."""
    tab = Tab(browser, address, "light")
    page = tab.open("search.html?q=xyzzyplugh")
    page.wait_for_function("document.querySelector('.search-summary')?.innerText.length > 10")
    assert page.locator("#search-results li a").count() == 0
    assert tab.errors == []
    tab.context.close()


def test_reader_can_switch_the_theme(browser, address):
    """The button in the header changes the colours."""
    tab = Tab(browser, address, "light")
    page = tab.open("book/index.html")
    seen = set()
    for _ in range(3):  # light, dark, as the system says
        page.locator("button.theme-switch-button:visible").first.click()
        seen.add(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    tab.context.close()


def test_folded_code_opens(browser, address):
    """Code is folded on a notebook page and one click shows it."""
    tab = Tab(browser, address, "light")
    page = tab.open("notebooks/01_rare_words.html")
    fold = page.locator("details.hide").first
    assert not fold.locator("pre").first.is_visible()
    fold.locator("summary").click()
    assert fold.locator("pre").first.is_visible()
    tab.context.close()
