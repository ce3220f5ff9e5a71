"""What a question says of who spoke and when, by hand."""

import math

import numpy as np
import pytest

from hsokv.memory.asked import Speakers, date_match


@pytest.mark.parametrize(
    "question, named",
    [
        ("What did Ana say?", [1, 0, 0]),
        ("what does bo think of ana's hat?", [0.5, 1, 0]),
        ("Did Müller call?", [0, 0, 1]),
        ("Did Zoë call?", [0, 0, 1]),
        ("Was it a banana from Bob?", [0, 0, 0]),
        ("What did I say, and you?", [0, 0, 0]),
        ("", [0, 0, 0]),
    ],
)
def test_names(question, named):
    """The one named first, then the others, as whole words in any case, by any part of a name."""
    speakers = Speakers(["Ana", "Bo", "Zoë Müller"])
    assert speakers.named(question).tolist() == named
    assert speakers.words == {"ana", "bo", "zoë", "müller"}


def test_any_number_of_speakers():
    """Nobody, one, or the same one often; two who share a name are both named."""
    assert Speakers(["", ""]).named("who?").tolist() == [0, 0]
    assert Speakers(["Ana", "", "Ana", "🙂"]).named("ANA?").tolist() == [1, 0, 1, 0]
    family = Speakers(["Ana Roe", "Bo Roe", "Cy"])
    assert family.named("What do the Roe children do with Cy?").tolist() == [1, 1, 0.5]


def test_names_that_are_words():
    """They need their capital."""
    speakers = Speakers(["Will", "May", "Ana"])
    assert speakers.named("what will ana do?").tolist() == [0, 0, 1]
    assert speakers.named("Does May know Will?").tolist() == [0.5, 1, 0]


@pytest.mark.parametrize(
    "question, named",
    [
        ("What is my dog called?", [1, 0]),
        ("Where did I leave it?", [1, 0]),
        ("What did you suggest to me?", [0.5, 1]),
        ("Can you remind me which book you recommended?", [0.5, 1]),
        ("Can you remind me of the bill?", [1, 0]),
        ("What did the assistant tell the user?", [0.5, 1]),
        ("Which island is this?", [0, 0]),
    ],
)
def test_roles(question, named):
    """'I' and 'my' are the user, 'you said' the assistant; their names are words like others."""
    for roles in (["user", "assistant"], ["USER", "Assistant"]):
        speakers = Speakers(roles)
        assert speakers.named(question).tolist() == named
        assert speakers.words == frozenset()
    assert Speakers(["Me", "Ana"]).named("What did I tell Ana?").tolist() == [1, 0.5]


DATES = ["2023-05-02", "2023-05-30", "2023-06-05", "2022-05-09", "2023-01-01"]


@pytest.mark.parametrize(
    "question, met",
    [
        ("What happened in June 2023?", [0, 0, 1, 0, 0]),
        ("What happened in May?", [1, 1, 0.4, 1, 0]),
        ("What happened in December?", [0, 0, 0, 0, 0.4]),
        ("What may have happened?", [0, 0, 0, 0, 0]),
        ("What happened in 2023?", [0, 0, 0, 0, 0]),
        ("What happened in June 1999?", [0, 0, 0, 0, 0]),
        (
            "On 29 May, 2023?",
            [0, math.exp(-1 / 7), math.exp(-6.4 / 7), 0, 0],
        ),
        ("on May 29th, 2023", [0, math.exp(-1 / 7), math.exp(-6.4 / 7), 0, 0]),
        (
            "on the 3rd of May, 2023",
            [math.exp(-1 / 7), math.exp(-27 / 7), math.exp(-32.4 / 7), 0, 0],
        ),
    ],
)
def test_dates(question, met):
    """A month and a part of the next; a day, the day before it, and less and less after it."""
    np.testing.assert_allclose(date_match(question, DATES), met, atol=1e-9)


def test_no_dates():
    assert date_match("in June", []).shape == (0,)
