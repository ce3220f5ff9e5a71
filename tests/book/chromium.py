"""How the tests open the built book: its pages, a quiet server, and tabs of Chromium.

Requests that leave the machine are refused and counted as errors.
"""

import http.server
import os
import shutil
from pathlib import Path

import pytest

from tools.paths import BUILD

HTML = Path(os.environ.get("HSOKV_HTML") or BUILD / "html")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PAGES = sorted(
    name
    for name in (p.relative_to(HTML).as_posix() for p in HTML.rglob("*.html"))
    if not name.startswith("_static/") and name != "index.html"  # that one only leads on
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 390)}

needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not PAGES, reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: .ci/run installs Debian's"),
]
each_page = pytest.mark.parametrize("name", PAGES)
each_setting = pytest.mark.parametrize("setting", SETTINGS)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, without a log line per request."""

    def log_message(self, *args):
        """Say nothing."""

    def handle_one_request(self):
        """Bear with a browser that closes the connection early."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True


class Tab:
    """A page opened under one setting, with what went wrong on it."""

    def __init__(self, browser, address: str, setting: str):
        theme, width = SETTINGS[setting]
        self.address, self.errors = address, []
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=theme)
        self.context.add_init_script(f"localStorage.setItem('mode', '{theme}')")
        self.context.route(lambda url: not url.startswith(address), self._refuse)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def open(self, name: str):
        """Load a page of the book with all its scripts."""
        self.page.goto(self.address + name, wait_until="load")
        return self.page

    def _refuse(self, route):
        if route.request.url.startswith("data:"):
            return route.continue_()
        self.errors.append(f"asked for {route.request.url}")
        return route.abort()

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url')})")
