"""The headline figure says what the committed rows say."""

import pytest

from hsokv.experiments.one_shot import EXPERIMENT
from hsokv.experiments.one_shot.figures import ARMS, PANELS, TITLE, draw_headline, headline_table
from hsokv.flows.display import display_name
from tools.paths import ROOT


@pytest.fixture(scope="module")
def rows():
    """The committed rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSOKV_RESULTS", str(ROOT / "results"))
        return EXPERIMENT.read()


def test_its_title_is_true(rows):
    """Networks answer seen sentences and few new ones; all others answer most of both."""
    points = headline_table(rows)["point"].unstack()
    assert "Trained networks repeat what they saw" in TITLE
    networks = ["current (mean, full)", "fine_tune (mean, full)"]
    assert (points["verbatim"] > 0.95).all()
    assert (points.loc[networks, "recognise"] < 0.25).all()
    assert (points.drop(networks)["recognise"] > 0.75).all()
    readers = ["redesign", "sentence_neighbor (tuned)"]  # what the page says of the third panel
    assert points.loc[readers, "infer"].between(0.25, 1 / 3).all()
    assert (points.drop(readers)["infer"] < 0.1).all()


def test_the_best_stands_first(rows):
    """By new sentences, then by blanked ones; every learner with its plain name and numbers."""
    figure = draw_headline(rows)
    panels = figure.axes
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert sorted(names) == sorted(map(display_name, ARMS)) and names[0] == "our design"
    assert [panel.get_title() for panel in panels] == list(PANELS.values())
    new = [float(text.get_text()) for text in panels[1].texts]
    assert new == sorted(new, reverse=True)
