"""What a question to a memory of conversations costs, by words alone or with the sentence encoder.

The turns are made up: the study's sentences about rare words among common words, by two speakers,
as long as chats are. What they say does not matter to the time, their number and length do.

Axes: N turns.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hsokv.data.chats import Turn
from hsokv.data.lexicon import load_lexicon
from hsokv.data.stories import draw_filler
from hsokv.experiments.cost_and_scale.timing import UNASKED, summarise, time_calls
from hsokv.memory.conversation import ConversationMemory
from hsokv.models.tokens import encode_tokens
from hsokv.seeds import numpy_rng

STORIES = "stories"
WORDS, MEANING = "words", "meaning"
READERS = (WORDS, MEANING)
QUESTION, ENCODER = "question", "encoder"
SPEAKERS = ("Ana", "Bo")
PER_SESSION = 20  # turns of a day
FILLER = (2, 24)  # words before a sentence, both ends included
N_QUESTIONS = 40
N_TIMED = 4  # questions timed in a turn


def list_methods(reader: str) -> tuple[str, ...]:
    """Return what is timed of a kind of memory."""
    return (QUESTION, ENCODER) if reader == MEANING else (QUESTION,)


def draw_turns(n: int, seed: int) -> list[Turn]:
    """Return turns of two speakers, a session a day, (N,)."""
    rng, sentences = numpy_rng(seed, "turns"), _sentences()
    turns = []
    for i in range(n):
        text = f"{draw_filler(FILLER, rng)}. {sentences[rng.integers(len(sentences))]}"
        day = date(2020, 1, 1) + timedelta(days=i // PER_SESSION)
        turns.append(Turn(SPEAKERS[i % 2], text, day.isoformat(), day.isoformat()))
    return turns


def run_asking(reader: str, n: int, n_rounds: int, seed: int) -> dict[str, dict]:
    """Return what questions to a memory of N turns cost, by method; ratios are to the encoder's.

    Bytes are those of the file.

    Raises:
        ModuleNotFoundError, OSError: meaning is read, and the encoder is not here.
    """
    memory = ConversationMemory(semantic=reader == MEANING)
    memory.remember(draw_turns(n, seed))
    rng, sentences = numpy_rng(seed, "questions"), _sentences()
    asked = [
        f"When did {SPEAKERS[i % 2]} say that {sentences[rng.integers(len(sentences))]}?"
        for i in range(N_QUESTIONS)
    ]
    calls = {QUESTION: lambda i: memory.recall(asked[i % N_QUESTIONS])}
    if reader == MEANING:
        calls[ENCODER] = lambda i: encode_tokens([asked[i % N_QUESTIONS]])
    times = time_calls(calls, n_rounds, N_TIMED, numpy_rng(seed, "order"))
    with tempfile.TemporaryDirectory(prefix="hsokv-") as folder:
        path = Path(folder) / "memory.safetensors"
        memory.save(path)
        known = UNASKED | {"n_bytes": path.stat().st_size}
    floor = times[list(calls)[-1]]
    return {name: known | summarise(took, floor) for name, took in times.items()}


def _sentences() -> list[str]:
    return load_lexicon()[[f"usage_{i}" for i in range(1, 5)]].to_numpy().ravel().tolist()
