"""The glossary: words of the report, learners and questions, each told in a sentence.

The Sphinx extension `hover` shows the same sentences where a word is first mentioned on a page.
"""

from functools import cache
from typing import NamedTuple

from hsokv.boundary.yaml_file import read_yaml
from hsokv.data.stories import CONDITIONS, SENSE
from hsokv.flows.display import DISPLAY
from hsokv.flows.named import NOTES
from tools.markdown import table
from tools.paths import BOOK

PAGE = "book/glossary"
INTRO = (
    "The words of this report, each in a sentence: what its texts say, how its learners are "
    "called, and what they are asked."
)
WORDS = BOOK / "glossary.yaml"
#: What a test text holds, by the name of the question.
QUESTIONS = CONDITIONS | {SENSE: "a new sentence with one of two senses of a common word"}


class Term(NamedTuple):
    """A word of the report.

    Attributes:
        name: as it stands on the page.
        text: what it means, without markup.
        also: other forms of it.
        is_code: whether it is a name in code.
    """

    name: str
    text: str
    also: tuple[str, ...] = ()
    is_code: bool = False

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        kind = "name" if self.is_code else "term"
        return f"{kind}-{self.name.lower().replace(' ', '-').replace('_', '-')}"


@cache
def read_words() -> list[Term]:
    """Return the words of `book/glossary.yaml`."""
    return [Term(e["term"], e["text"], tuple(e.get("also", ()))) for e in read_yaml(WORDS)]


def list_learners() -> list[Term]:
    """Return the names of flows in code."""
    return [Term(name, f"{DISPLAY[name]}: {NOTES[name].title}.", (), True) for name in DISPLAY]


def list_questions() -> list[Term]:
    """Return the names of test conditions in code."""
    return [Term(name, f"A test text holds {text}.", (), True) for name, text in QUESTIONS.items()]


def list_terms() -> list[Term]:
    """Return all terms."""
    return read_words() + list_learners() + list_questions()


def render_glossary() -> str:
    """Return the page."""
    parts = [f"# Glossary\n\n{INTRO}\n"]
    for title, terms in (
        ("Words", read_words()),
        ("Learners, by their names in code", list_learners()),
        ("Questions: what a test text holds", list_questions()),
    ):
        rows = [[_name(term), term.text] for term in terms]
        parts.append(f"## {title}\n\n{table(['term', 'meaning'], rows)}\n")
    return "\n".join(parts)


def _name(term: Term) -> str:
    shown = f"`{term.name}`" if term.is_code else term.name
    return f'<span id="{term.anchor}"></span>{shown}'
