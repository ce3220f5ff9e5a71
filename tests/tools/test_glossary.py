"""The glossary: every learner and question is in it, each term once, told in a short sentence."""

from collections import Counter

from hsokv.data.stories import CONDITIONS, SENSE
from hsokv.flows.named import FLOWS
from tools.glossary_page import list_terms, read_words, render_glossary


def test_each_term_is_told_once():
    """No two have an anchor or a form in common; a sentence has at most thirty words."""
    terms = list_terms()
    assert len({term.anchor for term in terms}) == len(terms)
    forms = Counter(form.lower() for term in read_words() for form in (term.name, *term.also))
    assert max(forms.values()) == 1
    assert all(term.text.endswith(".") and len(term.text.split()) <= 30 for term in terms)


def test_names_in_code_are_all_there():
    """Flows and conditions, with their anchors."""
    page = render_glossary()
    for name in [*FLOWS, *CONDITIONS, SENSE]:
        assert f"`{name}` |" in page
    assert page.count("<span id=") == len(list_terms())
