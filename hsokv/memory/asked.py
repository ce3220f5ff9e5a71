"""What a question says of the turn it asks for: who spoke, and when.

Axes: N turns, D dates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hsokv.models.tokens import FUNCTION_WORDS

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
USER, ASSISTANT = {"user", "human", "me", "i"}, {"assistant", "ai", "bot", "model", "chatbot"}
DAYS = 30.4  # of a month
WITHIN = 7.0  # days after which what happened is told less often, by a factor of e
AFTERWARDS = 0.4  # how well the month after fits, of 1
_I = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours)\b", re.I)
_YOU = re.compile(
    r"\b(?:your|yours|did you|have you|had you|you (?:said|told|gave|wrote|made|listed|"
    r"recommend\w*|suggest\w*|mention\w*|provid\w*|explain\w*))\b",
    re.I,
)
_ANY_MONTH = "|".join(MONTHS)
_DAY = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?:{_ANY_MONTH})\b|"
    rf"\b(?:{_ANY_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)"
)
_MAY = r"\bmay,? \d|in may\b|of may\b"  # the month and not the verb


class Speakers:
    """Who speaks, and whom a question names.

    A speaker is named by a word of the name; one that is also a function word ('Will') must begin
    with a capital. In chats of a user and an assistant, 'I' and 'my' are the user, 'your' and 'you
    said' the assistant.

    Args:
        speakers: of each turn, (N,); '' is nobody.
    """

    def __init__(self, speakers: Sequence[str]):
        self.names = sorted(set(speakers) - {""})
        numbers = {name: i for i, name in enumerate(["", *self.names])}
        self._of = np.array([numbers[name] for name in speakers])
        parts = {name: re.findall(r"[^\W_]+", name) for name in self.names}
        self._patterns = [_pattern(parts[name], name) for name in self.names]
        self._assistant = [name.lower() in ASSISTANT for name in self.names]
        #: Words of names, in lower case; those of roles are words like others.
        self.words = frozenset(
            part.lower()
            for name in self.names
            if name.lower() not in USER | ASSISTANT
            for part in parts[name]
        )

    def named(self, question: str) -> np.ndarray:
        """Return, (N,), 1 where the speaker is named first, 0.5 if named later, 0 if not at all.

        What the assistant said is asked for more plainly than whom it was told to, so 'you said'
        is first wherever it stands.
        """
        found = [pattern.search(question) for pattern in self._patterns]
        places = {
            i: -1 if self._assistant[i] and _YOU.search(question) else match.start()
            for i, match in enumerate(found)
            if match
        }
        value = np.zeros(len(self.names) + 1)
        first = min(places.values(), default=0)
        for i, place in places.items():
            value[i + 1] = 1.0 if place == first else 0.5
        return value[self._of]


def _pattern(parts: list[str], name: str) -> re.Pattern:
    """Return what names a speaker in a question."""
    choices = []
    for part in parts:
        is_word = part.lower() in FUNCTION_WORDS
        choices.append(re.escape(part.capitalize()) if is_word else f"(?i:{re.escape(part)})")
    pattern = rf"\b(?:{'|'.join(choices)})\b" if choices else r"(?!)"
    if name.lower() in USER:
        pattern += f"|(?i:{_I.pattern})"
    if name.lower() in ASSISTANT:
        pattern += f"|(?i:{_YOU.pattern})"
    return re.compile(pattern)


def date_match(question: str, dates: Sequence[str]) -> np.ndarray:
    """Return how well each date meets the one that a question names, (D,), 0 to 1.

    A question names a month, perhaps with day or year; without a month nothing is met. Of a month,
    that month meets it fully and the next one in part; of a day, that day and the weeks after, when
    what happened on it is told.

    Args:
        question: English, with months in full.
        dates: ISO, (D,).
    """
    lower, met = question.lower(), np.zeros(len(dates))
    named = [
        i + 1
        for i, name in enumerate(MONTHS)
        if re.search(_MAY if name == "may" else rf"\b{name}\b", lower)
    ]
    if not named or not len(dates):
        return met
    year, month, day = np.array([date.split("-") for date in dates], int).T
    day_named = _DAY.search(lower)
    for wanted in named:
        if day_named:
            late = (month - wanted) * DAYS + day - int(day_named[1] or day_named[2])
            meets = np.where(late >= -1, np.exp(-np.abs(late) / WITHIN), 0)
        else:
            meets = np.select([month == wanted, (month - wanted) % 12 == 1], [1, AFTERWARDS], 0.0)
        met = np.maximum(met, meets)
    years = [int(found) for found in re.findall(r"\b(?:19|20)\d\d\b", lower)]
    return met * np.isin(year, years) if years else met
