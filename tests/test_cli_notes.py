"""Chats and notes at the command line: told bit by bit, by several at once, after accidents."""

import json
import os

import pytest
from typer.testing import CliRunner

from hsokv.boundary.files import locked
from hsokv.cli import main, memory_file
from hsokv.cli import remember as remembering
from hsokv.cli.commands import app
from hsokv.data.chats import Turn
from hsokv.memory.conversation import ConversationMemory
from tests.faults import count_steps, die_at_step

CHAT = [
    {"speaker": "Ana", "text": "How was your holiday?", "date": "2024-05-02 18:30"},
    {"speaker": "Bo", "text": "We rented a cabin by a lake.", "date": "2024-05-02 18:31"},
    {"speaker": "Ana", "text": "I was stuck repairing my bicycle.", "date": "2024-05-02 18:32"},
    {"speaker": "Zoë", "text": "¡Qué ternura! 🐶 I prefer cats.", "date": "2024-06-09"},
]
LAKE = "Where did Bo spend his holiday? A cabin?"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of its own, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HSOKV_MEMORY", raising=False)
    return tmp_path


def tell(*args):
    """What a command says, on both ways out."""
    found = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def write(name, messages):
    """Write a chat and return its name."""
    with open(name, "w") as file:
        json.dump(messages, file)
    return name


def remember(*paths, read="words"):
    return tell("remember", *paths, "--read", read)


def kept(path=memory_file.DEFAULT):
    """The texts that a memory holds."""
    return [turn.text for turn in ConversationMemory.load(path).turns]


def test_told_again_and_more():
    """What is known is left alone, to the bit; the summary counts."""
    told = remember(write("chat.json", CHAT[:2]))
    assert told.startswith(
        "2 turns added, 0 already known; remembered.safetensors holds 2 turns in 1 session, "
        "2024-05-02 to 2024-05-02 (--read words); ask: hsokv recall 'a question'\n"
    )
    content = memory_file.DEFAULT.read_bytes()
    assert "0 turns added, 2 already known" in tell("remember", "chat.json", "chat.json")
    assert memory_file.DEFAULT.read_bytes() == content
    told = remember(write("later.json", CHAT))
    assert "2 turns added, 2 already known" in told and "2024-05-02 to 2024-06-09" in told
    assert kept() == [message["text"] for message in CHAT]


def test_answers():
    """A line per turn, the best first: score, date, session, who said what."""
    remember(write("chat.json", CHAT))
    lines = tell("recall", LAKE, "-k", 2).splitlines()
    assert len(lines) == 2
    score, *rest = lines[0].split("\t")
    assert rest == ["2024-05-02 18:31:00", "2024-05-02", "Bo: We rented a cabin by a lake."]
    assert float(score) > float(lines[1].split("\t")[0])
    assert tell("recall", *LAKE.split(), "-k", 2).splitlines() == lines  # without quotes
    assert "Zoë: ¡Qué ternura! 🐶" in tell("recall", "ternura?", "--best", 1)
    sessions = tell("recall", LAKE, "--sessions").splitlines()
    assert [line.split("\t")[1:] for line in sessions] == [
        ["2024-05-02 18:30:00", "2024-05-02"], ["2024-06-09", "2024-06-09"]
    ]  # fmt: skip


def test_turns_around_an_answer():
    """Those of its session, without a score."""
    remember(write("chat.json", CHAT))
    before, answer, after = tell("recall", LAKE, "-k", 1, "-C", 3).splitlines()
    assert before.startswith("\t2024-05-02 18:30:00\t") and "bicycle" in after
    assert not answer.startswith("\t")
    assert tell("recall", LAKE, "-k", 2, "-C", 1).splitlines().count("--") == 1
    [found] = json.loads(tell("recall", LAKE, "-k", 1, "-C", 1, "--json"))
    assert [turn["speaker"] for turn in found["before"] + found["after"]] == ["Ana", "Ana"]


def test_some_turns_only():
    """Of one speaker, in any case, and of some days, both named ones included; or none."""
    remember(write("chat.json", [*CHAT, {"speaker": "Bo", "text": "An undated lake."}]))

    def found(*options):
        return [entry["text"][:8] for entry in json.loads(tell("recall", LAKE, *options, "--json"))]

    assert set(found("--speaker", "bo")) == {"We rente", "An undat"}
    assert found("--since", "2024-05-03") == ["¡Qué ter"]
    assert set(found("--until", "2024-05-02")) == {"How was ", "We rente", "I was st"}
    assert found("--speaker", "Ana", "--until", "2024-05-02", "-k", 1)[0] in {
        "How was ",
        "I was st",
    }
    assert found("--since", "2024-06-09", "--speaker", "zoë") == ["¡Qué ter"]
    told = tell("recall", LAKE, "--speaker", "Bo", "--since", "2024-06-09")
    assert told == "note: no turn is of that speaker and time\n"
    told = tell("recall", "Who plays the accordion?", "-k", 1)
    assert "note: no turn shares a word with the question: these are guesses" in told
    assert "note" not in tell("recall", LAKE)


def test_export():
    """What is printed is remembered again as the same turns, without those that were deleted."""
    remember(write("chat.json", [*CHAT, {"id": 7, "text": 'a\n"lake"\u202e'}]))
    with open("all.json", "w") as file:
        file.write(tell("export"))
    assert "5 turns added" in tell("remember", "all.json", "--read", "words", "-m", "again")
    turns = ConversationMemory.load(memory_file.DEFAULT).turns
    assert ConversationMemory.load("again").turns == turns
    write("less.json", json.loads(tell("export"))[1:])
    tell("remember", "less.json", "--read", "words", "-m", "less")
    assert ConversationMemory.load("less").turns == turns[1:]


def test_json():
    """The same as in Python, whatever is in it."""
    remember(write("chat.json", [*CHAT, {"speaker": "\x1b[31m", "text": 'a\n"lake"\u202e'}]))
    memory = ConversationMemory.load(memory_file.DEFAULT)
    found = json.loads(tell("recall", LAKE, "--json"))
    assert len(found) == 5
    for entry, (turn, score) in zip(found, memory.recall(LAKE, 5)):
        assert Turn(*(entry[name] for name in Turn._fields)) == turn and entry["score"] == score
    sessions = json.loads(tell("recall", LAKE, "--sessions", "--json"))
    assert sessions == [session._asdict() for session in memory.sessions(LAKE)]
    assert tell("recall", LAKE).isprintable() is False  # tabs and line ends
    assert not set(tell("recall", LAKE)) & {"\x1b", "\u202e"}


def test_notes(here):
    """A folder; on another day a note that was edited gives its new wording only."""
    folder = here / "Überall"
    (folder / "trips").mkdir(parents=True)
    (folder / "trips/2024-08-01 köln.txt").write_text("The ferry leaves at 7:40.\n\nTake bread.")
    garden = folder / "garden.md"
    garden.write_text("Pears ripen late.\n\nPrune the roses.")
    os.utime(garden, (1e9, 1e9))
    assert "4 turns added" in remember("Überall")
    garden.write_text("Pears ripen late.\n\nPrune the roses in March.\n\n \n")
    (folder / "photo.JPG").write_bytes(b"\xff")
    (folder / "chat.json").write_text("[]")
    told = remember("Überall")
    assert "1 turn added, 3 already known" in told
    assert "note: 1 known paragraph is not in these notes any more; it is kept" in told
    assert "note: 2 files in folders are no notes and were not read (.jpg, .json)" in told
    dates = {t.text: t.date for t in ConversationMemory.load(memory_file.DEFAULT).turns}
    assert dates["Pears ripen late."] == "2001-09-09" and dates["Prune the roses."] == "2001-09-09"
    assert dates["Prune the roses in March."] > "2024"
    assert "trips/2024-08-01 köln.txt\tThe ferry" in tell("recall", "when does the ferry leave")


def test_ids_of_several_files():
    """Each counts from 1, and a message is edited: nothing is lost, nothing is twice."""
    numbered = [message | {"id": i} for i, message in enumerate(CHAT, start=1)]
    other = [{"id": i, "speaker": "Cy", "text": f"Other {i}", "date": "2023-01-01"} for i in (1, 2)]
    write("a.json", numbered)
    write("b.json", other)
    assert "6 turns added" in remember("a.json", "b.json")
    numbered[0] |= {"text": "How was your trip?"}
    write("a.json", numbered)
    assert "1 turn added, 3 already known" in remember("a.json")
    for _ in range(2):
        assert "0 turns added, 6 already known" in remember("a.json", "b.json")
    assert len(kept()) == 7 and {"How was your holiday?", "How was your trip?"} < set(kept())


def test_a_message_without_text():
    """Is left out."""
    assert "1 turn added" in remember(write("a.json", [{"text": None}, {"text": " "}, CHAT[0]]))


def test_long_paragraphs(monkeypatch):
    """Are noted where the encoder reads."""
    monkeypatch.setattr(memory_file, "load_encoder", lambda: None)
    monkeypatch.setattr(ConversationMemory, "remember", lambda self, turns: len(turns))
    write("a.json", [{"text": "word " * (remembering.LONG + 1)}])
    assert f"note: 1 turn has over {remembering.LONG} words" in remember("a.json", read="meaning")


def test_a_memory_elsewhere(here, monkeypatch):
    """Named by option or environment, in a folder that is made."""
    write("chat.json", CHAT)
    told = tell("remember", "chat.json", "--read", "words", "-m", "my notes/m")
    assert "ask: hsokv recall 'a question' --memory 'my notes/m'" in told
    assert len(kept("my notes/m")) == 4 and not memory_file.DEFAULT.exists()
    monkeypatch.setenv("HSOKV_MEMORY", "my notes/m")
    assert "cabin" in tell("recall", LAKE)
    assert "0 turns added" in tell("remember", "chat.json")
    assert "The score tells an order" in tell("recall", "--help")


@pytest.mark.parametrize(
    "args, message",
    [
        (["recall", "x"], "remembered.safetensors is missing: .*run hsokv remember chat.json, or"),
        (["recall", "x", "-m", "a b"], "run hsokv remember chat.json --memory 'a b'"),
        (["recall", "x", "-m", "."], "is a folder: expected a file; name one"),
        (["recall", "x", "-m", "chat.json"], "chat.json is no memory .*move it away and remember"),
        (["recall", "", "-m", "m"], "question='': expected words"),
        (["recall", " ", "\udcff", "-m", "none"], "none is missing"),
        (["recall", "x", "-m", "m", "--since", "May"], "--since: 'May' is no day: expected one"),
        (["recall", "x", "-m", "m", "--until", "2024-05"], "--until: '2024-05' is no day: expe"),
        (["recall", "x", "-m", "m", "--until", "2024-02-30"], "--until: '2024-02-30' is no date"),
        (["recall", "x", "-m", "m", "--since", "2024-05-03", "--until", "2024-05-02"], "is after"),
        (["recall", "x", "-m", "m", "--speaker", "Anna"], "unknown speaker 'anna': did you mean"),
        (["recall", "x", "--sessions", "-C", "1"], "--sessions names whole sessions: expected no"),
        (["export"], "remembered.safetensors is missing"),
        (["remember", "none.json"], "none.json is missing: expected a chat as JSON, or a folder"),
        (["remember", "empty"], "empty holds no note: expected .txt or .md"),
        (["remember", "empty.json"], "empty.json: expected text to remember, there is none"),
        (["remember", "chat.json", "none.json"], "none.json is missing"),
        (["remember", "chat.pdf"], "chat.pdf is neither a note nor a chat"),
        (["remember", "chat.json", "-m", "chat.json"], "chat.json is no memory"),
        (["remember", "chat.json", "-m", "empty"], "empty is a folder: expected a file"),
        (["remember", "chat.json", "-m", "chat.json/m"], "cannot be written .*expected a place"),
        (["remember", "chat.json", "--read", "word"], "'word': did you mean 'words'"),
        (["remember", "chat.json", "-m", "m", "--read", "meaning"], "m was made with --read words"),
    ],
)
def test_wrong_uses(here, monkeypatch, capsys, args, message):
    """One line, with the remedy; nothing is written."""
    write("chat.json", CHAT)
    write("empty.json", [{"text": ""}])
    (here / "empty").mkdir()
    (here / "chat.pdf").write_bytes(b"%PDF-1.7")
    tell("remember", "chat.json", "-m", "m", "--read", "words")
    before = {path: path.read_bytes() for path in here.iterdir() if path.is_file()}
    monkeypatch.setattr("sys.argv", ["hsokv", *args])
    with pytest.raises(SystemExit) as end:
        main()
    told = capsys.readouterr().err
    assert end.value.code == 1 and told.startswith("error: ") and told.count("\n") == 1
    with pytest.raises(ValueError, match=message):
        raise ValueError(told)
    after = {path: path.read_bytes() for path in before}
    assert after == before


@pytest.mark.parametrize("args", [["remember"], ["recall"], ["recall", "x", "-k", "0"]])
def test_wrong_calls(args):
    """End as the other commands' do."""
    assert CliRunner().invoke(app, args).exit_code == 2


def test_damage(here):
    """A file that was cut short is refused by both, and stays."""
    remember(write("chat.json", CHAT))
    content = memory_file.DEFAULT.read_bytes()
    for cut in (0, 9, len(content) // 2, len(content) - 1):
        memory_file.DEFAULT.write_bytes(content[:cut])
        for command in (["remember", "chat.json"], ["recall", "x"]):
            with pytest.raises(ValueError, match="is no memory .*move it away"):
                tell(*command)
        assert memory_file.DEFAULT.read_bytes() == content[:cut]


@pytest.mark.parametrize("error", [ModuleNotFoundError("x"), OSError("cannot be fetched")])
def test_without_the_encoder(monkeypatch, error):
    """It says how to get it, or to go without; nothing is written."""

    def fail():
        raise error

    monkeypatch.setattr(memory_file, "load_encoder", fail)
    write("chat.json", CHAT)
    with pytest.raises(type(error), match=r"(install|fetched).*or remember with --read words"):
        tell("remember", "chat.json")
    assert not memory_file.DEFAULT.exists()
    remember("chat.json")
    assert "cabin" in tell("recall", LAKE)
    ConversationMemory().save("meaning")
    with pytest.raises(ValueError, match="the memory is empty"):
        tell("recall", LAKE, "-m", "meaning")


def test_with_the_encoder(monkeypatch):
    """It finds what is said in other words; a memory that needs it says so."""
    assert "(--read meaning)" in tell("remember", write("chat.json", CHAT))
    assert "cabin" in tell("recall", "Which lodging did Bo take?", "-k", 1)

    def fail():
        raise ModuleNotFoundError("x")

    monkeypatch.setattr(memory_file, "load_encoder", fail)
    with pytest.raises(ModuleNotFoundError, match="or remember your files in another --memory wi"):
        tell("recall", LAKE)
    write("more.json", [{"text": "more"}])
    with pytest.raises(ModuleNotFoundError, match="or remember in another --memory with --read"):
        tell("remember", "more.json")


def test_death_at_every_step(here, monkeypatch):
    """Whichever disk operation it dies at, the former memory is there, or the new one."""
    write("a.json", CHAT[:1])
    write("b.json", CHAT)
    remember("a.json")
    former, found = memory_file.DEFAULT.read_bytes(), []
    steps = count_steps(lambda: remember("b.json"), monkeypatch)
    assert {"write", "fsync", "replace"} < set(steps)
    for step in range(len(steps)):
        memory_file.DEFAULT.write_bytes(former)
        assert die_at_step(lambda: remember("b.json"), step)
        found.append(len(kept()))
        assert f"{4 - found[-1]} turns added" in remember("b.json")
        assert len(kept()) == 4
    assert found == sorted(found) and set(found) == {1, 4}


def in_child(action):
    """Run an action in a forked process and return its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        action()
        status = 0
    finally:
        os._exit(status)


def test_long_work_is_saved_on_the_way(monkeypatch):
    """A kill loses the turns since the last save; the next run goes on from there."""
    write("chat.json", CHAT)
    monkeypatch.setattr(remembering, "AT_ONCE", 1)
    monkeypatch.setattr(remembering, "SAVE_EVERY_S", -1)
    real = ConversationMemory.remember

    def die_at_third(self, turns):
        if len(self) == 2:
            os._exit(9)
        return real(self, turns)

    def killed():
        monkeypatch.setattr(ConversationMemory, "remember", die_at_third)
        remember("chat.json")

    child = in_child(killed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(kept()) == 2
    assert "2 turns added, 2 already known" in remember("chat.json")


def test_stopped_by_hand(monkeypatch, capfd):
    """What was read until then is saved, and told."""
    write("chat.json", CHAT)
    monkeypatch.setattr(remembering, "AT_ONCE", 1)
    real = ConversationMemory.remember

    def stop_at_third(self, turns):
        if len(self) == 2:
            raise KeyboardInterrupt
        return real(self, turns)

    monkeypatch.setattr(ConversationMemory, "remember", stop_at_third)
    monkeypatch.setattr("sys.argv", ["hsokv", "remember", "chat.json", "--read", "words"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code and "stopped: 2 of 4 turns are saved" in capfd.readouterr().err
    assert len(kept()) == 2


def test_several_at_once(monkeypatch):
    """Each waits for the one before, says so, and nothing that any of them was told is lost."""
    told, said = os.pipe()
    wait, go_on = os.pipe()
    names = [write(f"{i}.json", [{"text": f"turn {i}"}]) for i in range(4)]

    def hold():
        with locked(memory_file.DEFAULT):
            os.write(said, b"!")
            os.read(wait, 1)

    def run(name):
        def act():
            monkeypatch.setattr(
                memory_file.typer, "echo", lambda text, err=False: os.write(said, b".")
            )
            remember(name)

        return act

    children = [in_child(hold)]
    assert os.read(told, 1) == b"!"
    children += [in_child(run(name)) for name in names]
    for _ in names:
        assert os.read(told, 1) == b"."  # it waits
    assert not memory_file.DEFAULT.exists()
    os.write(go_on, b"!")
    for child in children:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for end in (told, said, wait, go_on):
        os.close(end)
    assert sorted(kept()) == [f"turn {i}" for i in range(4)]
