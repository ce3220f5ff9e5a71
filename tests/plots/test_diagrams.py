"""Diagrams and phrases say what a configuration does, and nothing else."""

from dataclasses import fields
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import FancyBboxPatch

from hsokv.config import FlowConfig, allowed_values
from hsokv.flows.description import STAGES, describe, find_slots
from hsokv.flows.named import FLOWS
from hsokv.plots.diagrams import draw_flow, write_alt_text
from hsokv.plots.style import save_figure

NAMED = [field.name for field in fields(FlowConfig) if allowed_values(field.name)]
# A configuration in which a switch acts, other than the flow that uses it anyway.
BASES = {
    "encoder": FlowConfig(),
    "pooling": FlowConfig(training="steps"),
    "pad_to": FlowConfig(),
    "token_weights": FLOWS["simple_kv"],
    "training": FLOWS["minimal_fix"],
    "write_in_training": FLOWS["hybrid"],
    "products": FlowConfig(training="steps"),
    "library": FLOWS["bm25"],
    "fallback": FLOWS["hybrid"],
    "semantic": FLOWS["lexical"],
    "title": FLOWS["lexical"],
    "english": FLOWS["lexical"],
    "unknown_share": FLOWS["lexical"],
    "novel_nats": FLOWS["lexical"],
    "cosine_nats": FLOWS["redesign"],
}
# Values that only act together with others, and the sizes that a reader looks for.
TOGETHER = {
    "encoder": {"library": {"library": "bm25"}, "embedding": {}},
    "training": {"contrastive": {"encoder": "embedding", "fusion": "label"}},
}
SIZES = {
    "d_model": 64, "n_layers": 2, "max_len": 512, "pad_to": 128, "top_k": 3, "read_cut": 0.5,
    "surprise_threshold": 0.9, "first_exposure_threshold": 0.9, "novelty_threshold": 0.9,
    "first_exposure_boost": 0.5, "first_exposure_window": 5, "capacity": 50, "lifecycle_every": 3,
    "batch_size": 8, "meta_iterations": 3, "n_managers": 1, "agents_per_manager": 3,
    "agent_steps": 7, "strict_improvement": True, "abstain": True, "key_refresh": True,
    "confidence_weighting": False, "consolidation": False, "write_in_training": True,
    "english": False, "unknown_share": 0.5, "novel_nats": 1.0, "cosine_nats": 5.0,
}  # fmt: skip


@pytest.fixture(params=list(FLOWS))
def drawn(request):
    """The figure of one flow, rendered once, and its name."""
    fig, ax = draw_flow(request.param)
    fig.draw_without_rendering()
    yield request.param, fig, ax
    plt.close(fig)


def test_every_flow_is_drawn_with_every_slot(drawn):
    """A diagram names the flow and holds the same slots as every other."""
    name, _, ax = drawn
    texts = {text.get_text() for text in ax.texts}
    assert name in texts
    assert {slot for stage in STAGES.values() for slot in stage} <= texts
    for slot in find_slots(FLOWS[name]).values():
        assert set(slot.text.split("\n")) - {""} <= texts


def test_text_stays_in_its_slot(drawn):
    """No phrase is wider than the slot it stands in, and none leaves the figure."""
    name, fig, ax = drawn
    slots = {p.get_label(): p for p in ax.patches if p.get_label() in find_slots(FLOWS[name])}
    for text in ax.texts:
        extent = text.get_window_extent()
        if extent.width and text.get_text():
            assert fig.bbox.x0 <= extent.x0 and extent.x1 <= fig.bbox.x1
        if text.get_label() in slots:
            box = slots[text.get_label()].get_window_extent()
            assert box.x0 < extent.x0 and extent.x1 < box.x1, text.get_text()
            assert box.y0 <= extent.y0 and extent.y1 <= box.y1, text.get_text()


def test_a_mechanism_that_is_off_is_dashed(drawn):
    """A slot is drawn with a solid line exactly where the mechanism is on."""
    name, _, ax = drawn
    styles = {p.get_label(): p.get_linestyle() for p in ax.patches}
    for label, slot in find_slots(FLOWS[name]).items():
        assert (styles[label] in ("-", "solid")) == slot.is_on, label


def test_diagrams_have_the_same_geometry():
    """Slots stand in the same place whatever the flow, so that flows compare at a glance."""
    places = []
    for name in ("current", "bm25"):
        fig, ax = draw_flow(name)
        boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
        places.append([(p.get_x(), p.get_y(), p.get_width(), p.get_height()) for p in boxes])
        plt.close(fig)
    assert places[0] == places[1]


def test_equal_diagrams_are_equal_files(tmp_path):
    """Drawing twice gives the same bytes: a rebuilt book changes no figure."""
    contents = []
    for i in range(2):
        fig, _ = draw_flow("current")
        contents.append(save_figure(fig, tmp_path / f"{i}.svg").read_bytes())
        plt.close(fig)
    assert contents[0] == contents[1]


def test_describe_tells_flows_apart():
    """Two flows that differ in a switch differ in words."""
    for (a, first), (b, second) in combinations(FLOWS.items(), 2):
        assert describe(first) != describe(second) or first == second, (a, b)


@pytest.mark.parametrize("switch", [*NAMED, *SIZES])
def test_describe_names_every_switch(switch):
    """Another value of a switch changes the words, in a flow where it acts."""
    base = BASES.get(switch, FLOWS["current"])
    if switch == "first_exposure_window":
        base = FLOWS["kv_only"]
    for value in allowed_values(switch) or (SIZES[switch],):
        if value == getattr(base, switch) or (switch == "library" and not value):
            continue
        changes = {switch: value} | TOGETHER.get(switch, {}).get(value, {})
        assert describe(base.with_overrides(**changes)) != describe(base), (switch, value)


def test_describe_leaves_out_what_cannot_act():
    """Without a swarm the lifecycle comes once, at the end; without a memory nothing is read."""
    assert describe(FLOWS["current"])["Lifecycle"].startswith("consolidation every")
    alone = FLOWS["current"].with_overrides(training="steps")
    assert describe(alone)["Lifecycle"].startswith("consolidation after training")
    words = describe(FLOWS["fine_tune"])
    assert (words["Writing"], words["Similarity"], words["Answer"]) == ("none",) * 2 + (
        "classifier",
    )
    assert list(words) == list(STAGES)


def test_overrides_are_drawn():
    """A reader may draw a flow with other switches."""
    fig, ax = draw_flow("current", n_managers=1, meta_iterations=3)
    assert {"3 rounds", "1 manager × 5 agents"} <= {text.get_text() for text in ax.texts}
    plt.close(fig)


def test_alt_text_says_what_the_diagram_shows():
    """The alternative text holds every stage."""
    text = write_alt_text("hybrid")
    assert text.startswith("Diagram of the flow hybrid. Keys: transformer, 4 layers")
    for stage, words in describe(FLOWS["hybrid"]).items():
        assert f"{stage}: {words}" in text


def test_unknown_flow_is_refused():
    """The nearest name is suggested."""
    for function in (draw_flow, write_alt_text):
        with pytest.raises(ValueError, match="did you mean 'hybrid'"):
            function("hybird")
