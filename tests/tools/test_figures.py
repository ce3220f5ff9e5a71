"""The README's figure is what the committed rows draw."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from tools.figures import HEADLINE, draw_figures
from tools.paths import BOOK, LOCK, ROOT

NUMBER = r"-?\d+\.\d+"


def numbers_and_text(path: Path) -> tuple[list[float], str]:
    """The numbers of a drawing, and all that stands between them."""
    text = path.read_text("utf8")
    return [float(n) for n in re.findall(NUMBER, text)], re.sub(NUMBER, "#", text)


def test_committed_headline_is_drawn_from_the_committed_rows(tmp_path, monkeypatch):
    """Equal rows give an equal drawing under the locked matplotlib."""
    if f"matplotlib=={matplotlib.__version__}" not in LOCK.read_text("utf8"):
        pytest.skip("another matplotlib than the locked one draws otherwise")
    monkeypatch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
    (drawn,) = draw_figures(tmp_path, HEADLINE)
    (numbers, text), (committed, same) = map(numbers_and_text, (drawn, BOOK / "headline.svg"))
    assert text == same and len(numbers) == len(committed), "run: python -m tools.figures"
    # a thousandth of a point: matplotlib prints more digits than another processor keeps
    np.testing.assert_allclose(numbers, committed, rtol=0, atol=1e-3)
