"""What tests of the explorables share: Chromium, and the page opened from its file, offline."""

import pytest

from tests.book.test_browser import CHROMIUM, FLAGS, HTML

PAGE = HTML / "book/explore.html"


@pytest.fixture(scope="module")
def chromium():
    """Chromium, as Debian installs it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(chromium):
    """A function that opens the page from its file, offline, with the errors that it noted."""
    contexts = []

    def open_page(width=1280, theme="light", scripts=True):
        size = {"width": width, "height": 900}
        context = chromium.new_context(
            viewport=size, color_scheme=theme, java_script_enabled=scripts, offline=True
        )
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('mode', '{theme}')")
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(PAGE.as_uri(), wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()


def said(page, name):
    """What an explorable says aloud."""
    return page.inner_text(f"#explore-{name} .explore-says")
