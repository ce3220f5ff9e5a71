"""The README's figure is what the committed rows draw."""

import matplotlib
import pytest

from tools.headline import draw_headline
from tools.paths import BOOK, LOCK, ROOT


def test_committed_headline_is_drawn_from_the_committed_rows(tmp_path, monkeypatch):
    """Equal rows give equal bytes under the locked matplotlib."""
    if f"matplotlib=={matplotlib.__version__}" not in LOCK.read_text("utf8"):
        pytest.skip("another matplotlib than the locked one draws other bytes")
    monkeypatch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
    drawn = draw_headline(tmp_path / "headline.svg").read_bytes()
    assert drawn == (BOOK / "headline.svg").read_bytes(), "run: python -m tools.headline"
