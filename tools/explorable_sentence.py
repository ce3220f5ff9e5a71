"""The explorable that answers a typed sentence: what its script needs, and how it compares.

The script is the flow `lexical` without two of its parts: it knows a word in its exact form alone,
and declines by the nats of the best entry alone. So it is `lexical` under `SIMPLIFIED`, which tests
compare with what the script answers. It has learned the first draw of the rare-word task.
"""

from __future__ import annotations

from hsokv.data.english import RAREST, surprisal
from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import RareWordTask, labels_of, make_rare_word_task
from hsokv.data.stories import CONDITIONS
from hsokv.data.tokenizer import split_words
from hsokv.experiments.evaluate import fit_task, right_answers
from hsokv.flows.base import Flow
from hsokv.flows.display import display_name
from hsokv.flows.make import make_flow
from hsokv.flows.named import FLOWS
from hsokv.memory.lexical import LEAST_GAIN
from tools.markdown import table

#: What the script leaves out: no form of a word is near another, no unknown word is held against.
SIMPLIFIED = {"form_cost": 50.0, "unknown_share": 0.0}


def make_task() -> RareWordTask:
    """Return the draw of the rare-word task that the script has learned: all words, seed 0."""
    return make_rare_word_task(len(labels_of("recognise")), seed=0)


def fit_learners() -> dict[str, Flow]:
    """Return `lexical`, the same simplified, and the lookup, all fitted to the task."""
    learners = {
        "lexical": make_flow("lexical"),
        "simplified": make_flow("lexical", **SIMPLIFIED),
        "headword_lookup": make_flow("headword_lookup"),
    }
    task = make_task()
    for learner in learners.values():
        fit_task(learner, task)
    return learners


def sentence_data() -> dict:
    """Return the stories, how rare each of their words is in English, and the prices of words."""
    task, config = make_task(), FLOWS["lexical"]
    stories = list(dict.fromkeys(zip(task.train.labels, task.train.texts)))
    words = {word: None for story in stories for told in story for word in split_words(told)}
    return {
        "entries": stories,
        "surprisal": {word: round(surprisal(word), 3) for word in words},
        "rarest": RAREST,
        "costs": [config.word_cost, config.title_cost],
        "least": LEAST_GAIN,
        "novel_nats": config.novel_nats,
        "example": load_lexicon()["usage_4"][0],
    }


def sentence_table() -> str:
    """Return the share of the task's test texts that each learner answers rightly."""
    learners, task, lines = fit_learners(), make_task(), []
    for condition in CONDITIONS:
        stories = task.test(condition)
        right = [
            right_answers(learner, learner.answer(stories.texts), stories)
            for learner in learners.values()
        ]
        alike = learners["lexical"].predict(stories.texts) == learners["simplified"].predict(
            stories.texts
        )
        shares = [f"{100 * found.mean():.1f}" for found in (*right, alike)]
        lines.append([f"`{condition}`", *shares, str(len(stories.texts))])
    heads = [display_name(name) for name in learners]
    return table(["right, in %", *heads, "simplified answers as the whole", "n"], lines)
