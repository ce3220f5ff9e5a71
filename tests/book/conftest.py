"""The book, served and opened in Chromium, for the tests that look at it."""

import functools
import http.server
import threading

import pytest

from tests.book.chromium import CHROMIUM, FLAGS, HTML, QuietHandler, Tab

EXPLORE = HTML / "book/explore.html"


@pytest.fixture(scope="module")
def address():
    """The address of the book, served on a free port of this machine."""
    handler = functools.partial(QuietHandler, directory=str(HTML))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """Chromium, as Debian installs it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tabs(browser, address):
    """A function that returns the tab of a setting; each is opened once."""
    opened = {}

    def open_tab(setting: str) -> Tab:
        if setting not in opened:
            opened[setting] = Tab(browser, address, setting)
        return opened[setting]

    yield open_tab
    for tab in opened.values():
        tab.context.close()


@pytest.fixture
def visit(browser):
    """A function that opens the page from its file, offline, with the errors that it noted."""
    contexts = []

    def open_page(width=1280, theme="light", scripts=True):
        size = {"width": width, "height": 900}
        context = browser.new_context(
            viewport=size, color_scheme=theme, java_script_enabled=scripts, offline=True
        )
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('mode', '{theme}')")
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(EXPLORE.as_uri(), wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


def said(page, name):
    """What an explorable says aloud."""
    return page.inner_text(f"#explore-{name} .explore-says")
