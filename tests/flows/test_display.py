"""Plain names of flows: one for each, none twice, and of arms in words."""

from hsokv.flows.display import DISPLAY, display_name, full_name
from hsokv.flows.named import FLOWS


def test_each_flow_has_a_name_of_its_own():
    """In the order of the flows."""
    assert list(DISPLAY) == list(FLOWS) and len(set(DISPLAY.values())) == len(FLOWS)


def test_arms_are_told_in_words():
    """Readings and trainings are spelt out; what is no flow stays as it is."""
    assert display_name("current (last, full)") == "H-SOKV (last token, long)"
    assert display_name("class_mean (tuned)") == "class means (tuned)"
    assert full_name("lexical") == "our word memory · lexical"
    assert full_name("current (mean)") == "H-SOKV (mean) · current"
    assert display_name("class_mean (tuned) − bm25, infer") == "class means (tuned) − BM25, infer"
    assert display_name("nearest cue") == full_name("nearest cue") == "nearest cue"
