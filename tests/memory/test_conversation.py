"""A memory of chats: what is recalled, however it was told, and after a restart."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from hsokv.data.chats import Turn
from hsokv.data.conversations import load_locomo, what_conversations_lack
from hsokv.memory.conversation import ConversationMemory
from hsokv.memory.dialogue import TOKEN_CUES, WORD_CUES
from hsokv.models import tokens
from hsokv.models.sentence import SHA256, load_encoder
from hsokv.training.listwise import fit_listwise
from tests.missing import hide_package

CHAT = [
    Turn("Ana", "How was your holiday?", "2024-05-02", "s1", "1:1"),
    Turn("Bo", "We rented a cabin by Lake Como for a week.", "2024-05-02", "s1", "1:2"),
    Turn("Ana", "Nice! I was stuck repairing my bicycle.", "2024-05-02", "s1", "1:3"),
    Turn("Bo", "My sister adopted a puppy, Biscuit.", "2024-06-09", "s2", "2:1"),
    Turn("Ana", "¡Qué ternura! 🐶 I prefer cats.", "2024-06-09", "s2", "2:2"),
    Turn("Ana", "I passed the exam in chemistry.", "2024-07-01", "s3", "3:1"),
    Turn("Bo", "Congratulations!", "2024-07-01", "s3", "3:2"),
]
QUESTIONS = ["Where did Bo go on holiday?", "Which pet joined Bo's family?", "What did Ana study?",
             "What did Ana do in July?", "¿Ternura?"]  # fmt: skip


def made(turns=CHAT, semantic=True, **settings):
    """A memory that was told turns."""
    memory = ConversationMemory(semantic, **settings)
    memory.remember(turns)
    return memory


@pytest.fixture(scope="module")
def full():
    """A memory of CHAT; do not change it."""
    return made()


def same(one, other):
    """Whether two memories answer alike, but for rounding."""
    assert one.turns == other.turns
    for question in QUESTIONS:
        found, others = one.recall(question), other.recall(question)
        assert [a.turn for a in found] == [b.turn for b in others]
        scores = [[a.score for a in side] for side in (found, others)]
        np.testing.assert_allclose(*scores, atol=0.02)


def test_recall(full):
    """The turn that answers comes first, as it was told; scores fall."""
    found = full.recall(QUESTIONS[0], k=3)
    assert found[0].turn == CHAT[1] and found[0].turn.date == "2024-05-02"
    assert len(found) == 3 and found[0].score > found[1].score > found[2].score
    assert [full.recall(q, 1)[0].turn.id for q in QUESTIONS[1:4]] == ["2:1", "3:1", "3:1"]


@pytest.mark.parametrize("semantic", [True, False])
def test_scores_are_weighted_cues(semantic):
    """And a session's is the log of the sum of its turns' exponentials."""
    memory = made(semantic=semantic)
    cues = memory.cues(QUESTIONS[0])
    assert set(memory.weights) == set(WORD_CUES | TOKEN_CUES if semantic else WORD_CUES)
    assert cues.shape == (7, len(memory.weights))
    scores = cues @ np.array(list(memory.weights.values()))
    found = {f.turn: f.score for f in memory.recall(QUESTIONS[0])}
    assert [found[turn] for turn in memory.turns] == pytest.approx(scores, abs=1e-4)
    sums = np.log([np.exp(scores[a:b]).sum() for a, b in ((0, 3), (3, 5), (5, 7))])
    sessions = memory.sessions(QUESTIONS[0])
    assert {s.session: s.score for s in sessions} == pytest.approx(
        dict(zip(("s1", "s2", "s3"), sums)), abs=1e-4
    )
    assert sessions[0][:2] == ("s1", "2024-05-02") and len(memory.sessions("Ana?", 2)) == 2


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5, 6], [5, 6, 3, 4, 0, 1, 2]])
def test_bit_by_bit(full, order):
    """One turn at a time, with questions between, in any order of sessions."""
    memory = ConversationMemory()
    for i in order:
        assert memory.remember([CHAT[i]]) == 1
        assert memory.recall("Bo?")[0].turn in CHAT
    same(memory, full)


def test_turns_by_their_times():
    """Within a session they are read in order of time, however they came."""
    turns = [Turn("A", text, f"2024-05-01 0{i}:00", "s") for i, text in enumerate("abc")]
    memory = made(turns[::-1], semantic=False)
    assert [turn.text for turn in memory.turns] == ["a", "b", "c"]
    assert memory.turns[0].date == "2024-05-01T00:00:00"


def test_nothing_is_stored_twice():
    """A turn is known by its id, or by all that is known of it."""
    memory = made([*CHAT, *CHAT])
    assert len(memory) == 7 and memory.remember(iter(CHAT)) == 0
    plain = Turn("Ana", "ok")
    assert memory.remember([plain, plain]) == 1 and memory.remember([plain]) == 0
    others = [plain._replace(session="x"), plain._replace(date="2024-05-01"), Turn("Bo", "ok")]
    assert memory.remember(others) == 3 and memory.remember([plain._replace(id="7")]) == 1
    assert memory.remember([CHAT[0]._replace(date="2 May 2024")]) == 0


def test_an_id_of_another():
    """Is refused, in one call or two, and nothing of the call is stored."""
    memory = made(CHAT[:1], semantic=False)
    for turns in ([CHAT[1], CHAT[0]._replace(text="?")], [CHAT[2], CHAT[2]._replace(speaker="Bo")]):
        with pytest.raises(ValueError, match=r"turns\[1\] has the id .* of another, .*give it one"):
            memory.remember(turns)
        assert memory.turns == CHAT[:1]


@pytest.mark.parametrize(
    "turn, message",
    [
        ("hello", r"turns\[1\] is 'hello': expected a Turn"),
        (("Ana", "x", "", "", ""), "expected a Turn"),
        (Turn("Ana", 3), r"turns\[1\]\[1\]=3 is a int: need strings"),
        (Turn("Ana", "\ud800"), "not Unicode text"),
        (Turn("Ana", "x", "soon"), r"turns\[1\]: 'soon' is no date"),
    ],
)
def test_no_turn(turn, message):
    """Is refused by its place, and nothing is stored."""
    memory = ConversationMemory(semantic=False)
    with pytest.raises((TypeError, ValueError), match=message):
        memory.remember([CHAT[0], turn])
    assert len(memory) == 0 and memory.remember([CHAT[0]]) == 1


def test_few_turns_and_none():
    """All there are if k is larger; an empty memory and an empty question say so."""
    memory = ConversationMemory()
    assert memory.turns == [] and memory.remember([]) == 0
    for ask in (memory.recall, memory.sessions):
        with pytest.raises(ValueError, match="the memory is empty: expected turns; remember some"):
            ask("Who?")
    memory.remember([Turn("", "A heron.")])
    [(turn, score)] = memory.recall("heron", k=1000)
    assert turn.text == "A heron." and score == 0
    assert memory.sessions("heron", 5) == [("", "", 0.0)]
    for question, k, error in (("", 1, ValueError), (" ", 1, ValueError), ("x", 0, ValueError),
                               (None, 1, TypeError), ("x", 1.5, TypeError)):  # fmt: skip
        with pytest.raises(error):
            memory.recall(question, k)


def test_without_dates_and_speakers():
    """Notes are found by their words and meaning."""
    notes = [Turn("", turn.text, "", "notes") for turn in CHAT]
    memory = made(notes)
    assert memory.recall("Who has a young dog?", 1)[0].turn.text == CHAT[3].text
    assert memory.recall("¿ternura?", 1)[0].turn.text == CHAT[4].text


def test_roles():
    """'I' is the user."""
    chat = [Turn("user", "I like plums."), Turn("assistant", "Many like plums and figs.")]
    for semantic in (True, False):
        found = made(chat, semantic).recall("Which fruit do I like?")
        assert found[0].turn.speaker == "user"


@pytest.mark.parametrize("semantic", [True, False])
def test_after_a_restart(tmp_path, semantic):
    """A saved memory answers to the bit, knows its turns, and learns on."""
    memory, path = made(CHAT[:5], semantic), tmp_path / "chat.safetensors"
    memory.save(path)
    again = ConversationMemory.load(path)
    assert again.turns == memory.turns and again.weights == memory.weights
    for question in QUESTIONS:
        assert again.recall(question) == memory.recall(question)
        assert again.sessions(question) == memory.sessions(question)
    assert again.remember(CHAT) == 2
    again.save(path)
    same(ConversationMemory.load(path), made(semantic=semantic))
    ConversationMemory(semantic).save(path)
    assert len(ConversationMemory.load(path)) == 0


def test_weights_of_ones_own(tmp_path):
    """Only the cues that are named are read; they are saved."""
    memory = made(semantic=False, weights={"opens": np.float32(2), "who": -1})
    assert memory.recall("Ana?", 1)[0].turn == CHAT[3]
    assert memory.cues("Ana?").shape == (7, 2)
    memory.save(tmp_path / "m")
    assert ConversationMemory.load(tmp_path / "m").weights == {"opens": 2.0, "who": -1.0}


@pytest.mark.parametrize("turns", [None, "hello", {"Ana": "x"}, CHAT[0]])
def test_no_turns(turns):
    """What is no list of turns is refused."""
    with pytest.raises((TypeError, ValueError), match="need|has no order|expected a Turn"):
        ConversationMemory(False).remember(turns)


def test_no_switch():
    with pytest.raises(TypeError, match="semantic='no' is a str: need bool"):
        ConversationMemory("no")


@pytest.mark.parametrize(
    "weights, message",
    [
        ([1.0], "expected cue names with weights"),
        ({"whom": 1.0}, "unknown cue without the encoder 'whom': did you mean 'who'"),
        ({"late": 1.0}, "unknown cue without the encoder 'late'"),
        ({"who": "1"}, "remove the quotes"),
        ({"who": float("nan")}, "expected a finite number"),
    ],
)
def test_no_weights(weights, message):
    """Unknown cues, and those that need the encoder, are refused."""
    with pytest.raises((ValueError, TypeError), match=message):
        ConversationMemory(False, weights)


def damaged(path):
    """Files that are no memory."""
    content = path.read_bytes()
    tensors = load(content)
    header = {"format": "conversation 1"}
    kept = {"settings": '{"semantic": true, "weights": {}, "encoder": "%s"}'}
    for cut in (0, 7, 100, len(content) // 2, len(content) - 1):
        yield content[:cut]
    yield content.replace(b"conversation 1", b"conversation 9")
    yield content.replace(b"53aa51172d14", b"53aa51172d15")
    yield content.replace(b"Biscuit", b"Bis\xffuit")
    yield content.replace(b'"vectors"', b'"victors"')
    yield save(tensors, header)
    yield save(tensors, header | kept)
    kept = header | {"settings": kept["settings"] % SHA256}
    yield save(tensors | {"lengths": tensors["lengths"][:-1]}, kept)
    yield save(tensors | {"vectors": 2 * tensors["vectors"]}, kept)
    yield save(tensors | {"turns": np.frombuffer(b"[[1, 2]]", np.uint8)}, kept)
    yield save({"cues": np.zeros(3)}, {"format": "1"})


def test_damaged_files(tmp_path):
    """Cut short, changed, or of something else: refused with the path and a remedy."""
    path = tmp_path / "chat.safetensors"
    made().save(path)
    for i, content in enumerate(damaged(path)):
        (tmp_path / str(i)).write_bytes(content)
        with pytest.raises(ValueError, match=rf"{i} is no memory of conv.*take a copy of it"):
            ConversationMemory.load(tmp_path / str(i))
    with pytest.raises(FileNotFoundError):
        ConversationMemory.load(tmp_path / "none")


def test_the_encoder_is_optional(monkeypatch):
    """Without its package a memory says what to do; one of words alone does not need it."""
    monkeypatch.setattr(tokens, "load_encoder", load_encoder.__wrapped__)
    hide_package(monkeypatch, "sentence_transformers")
    memory = ConversationMemory()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'hsokv\[semantic\]'.*=False"):
        memory.remember(CHAT)
    assert len(memory) == 0
    found = made(semantic=False).recall("What puppy did Bo's sister adopt?", 1)
    assert found[0].turn == CHAT[3]


def test_words_that_are_shared():
    """By stem; names of speakers and words of no content do not count; an empty memory has none."""
    memory = made(semantic=False)
    assert memory.shares_words("any PUPPIES?") and memory.shares_words("who adopts")
    assert not memory.shares_words("What did Bo and Ana do?") and not memory.shares_words("")
    assert not ConversationMemory(semantic=False).shares_words("puppy")


@pytest.mark.skipif(bool(what_conversations_lack()), reason="needs HSOKV_DATA: LoCoMo")
def test_the_weights_that_ship():
    """Those without the encoder are what is fitted on conversations 1 to 5; they find turns."""
    lists, found = [], []
    for conversation in load_locomo()[:5]:
        memory = made(conversation.turns, semantic=False)
        for asked in conversation.questions:
            if asked.answerable and asked.evidence:
                chosen = np.array([turn.id in asked.evidence for turn in memory.turns])
                cues = memory.cues(asked.text)
                lists.append((cues, chosen))
                scores = cues @ np.array(list(memory.weights.values()))
                found.append(chosen[np.argsort(-scores)[:10]].any())
    assert fit_listwise(lists) == pytest.approx(list(memory.weights.values()), abs=2e-3)
    assert np.mean(found) > 0.87
