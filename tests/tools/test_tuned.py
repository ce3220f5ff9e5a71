"""The tuned forms are what the committed rows of tuning say, and nothing else."""

import shutil

import pytest
import yaml

from hsokv.flows.named import FLOWS
from hsokv.flows.readings import (
    TUNED,
    list_documented,
    list_readings,
    read_flow,
    read_tuned,
    tuned_switches,
)
from hsokv.flows.tuning import list_candidates
from tools import tuned


def test_the_file_is_what_the_rows_say(capsys):
    """Chosen from the rows, one of the candidates of its flow each."""
    assert tuned.main([]) == 0, capsys.readouterr().out
    for flow, switches in tuned_switches().items():
        assert switches in list_candidates(flow)
        assert read_flow(flow, TUNED) == FLOWS[flow].with_overrides(**switches)
        assert list_readings(flow) == [*list_documented(flow), TUNED]
    assert TUNED not in list_readings("headword_lookup")


def test_another_choice_is_noticed_and_written(monkeypatch, tmp_path, capsys):
    """A file that the rows do not bear out is named; writing mends it."""
    folder = tuned.ROOT / "_build" / tmp_path.name
    monkeypatch.setattr(tuned, "FOLDER", folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / "tuned.yaml").write_text(yaml.safe_dump({"first_redesign": {"d_model": 64}}))
        assert tuned.main([]) == 1 and "--write" in capsys.readouterr().out
        assert tuned.main(["--write"]) == 0 and tuned.main([]) == 0
        for file in tuned.FILES:
            assert yaml.safe_load((folder / file.name).read_text()) == read_tuned(file.name)
    finally:
        shutil.rmtree(folder)


def test_an_unknown_reading_is_answered_with_the_nearest():
    """A flow without a tuned form has no such reading."""
    with pytest.raises(ValueError, match="reading of headword_lookup"):
        read_flow("headword_lookup", TUNED)
