"""Every promise of the book names a test that exists, and the trials that this test makes."""

import ast
import re

import pytest

from tests import nasty_texts, test_api_inputs
from tests.flows import saved, test_all_or_nothing, test_saving_faults
from tests.runs import test_kills, test_proof
from tests.tools import test_damage
from tools.paths import BOOK, ROOT

ROWS = re.findall(
    r"^- (.+)\\\n  \*(.+):\* `(.+)::(test_\w+)`$",
    (BOOK / "promises.md").read_text("utf8"),
    re.MULTILINE,
)
N_PLACES = [n for _, n in test_all_or_nothing.FLOWS.values()]
COUNTS = {
    "test_every_flipped_bit_is_found": [test_proof.N_FLIPPED * len(test_proof.EXPERIMENTS)],
    "test_every_deleted_row_is_found": [
        sum(len(lines) for _, lines in test_proof.SAMPLES.values())
    ],
    "test_a_forged_value_contradicts_the_row": [len(test_proof.FORGERIES)],
    "test_killed_runs_resume_to_the_same_rows": [test_kills.KILLS_ALONE + 1],
    "test_tree_agrees_with_its_pins": [len(test_proof.EXPERIMENTS)],
    "test_sixty_kills": [test_saving_faults.N_KILLS],
    "test_two_savers_and_a_reader": [test_saving_faults.N_ROUNDS],
    "test_flipped_bits_and_truncations": [
        len(saved.KINDS) * 4 * (test_saving_faults.N_FLIPS + test_saving_faults.N_CUTS)
    ],
    "test_tampered": [len(test_saving_faults.TAMPERED)],
    "test_interrupted_learning": [len(N_PLACES), min(N_PLACES), max(N_PLACES) + max(N_PLACES) // 4],
    "test_input": [len(test_api_inputs.ROWS)],
    "test_a_damaged_copy_or_record_is_named_and_made_again": [
        len(test_damage.COPY) + len(test_damage.RECORD),
        len(test_damage.TREE),
    ],
    "test_a_yaml_error_is_one_line": [len(test_damage.BAD_YAML)],
    "test_markdown_shows_the_text_and_nothing_else": [len(nasty_texts.NASTY)],
}


def test_every_promise_is_read():
    """No promise escapes these tests by another way of writing it."""
    text = (BOOK / "promises.md").read_text("utf8")
    assert text.count("::test_") == len(ROWS) >= 19


@pytest.mark.parametrize(("promise", "trials", "file", "test"), ROWS, ids=[r[3] for r in ROWS])
def test_a_promise_is_tested_as_it_says(promise, trials, file, test):
    """The test is there, and counts what the page says it counts."""
    tree = ast.parse((ROOT / file).read_text("utf8"))
    assert test in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if test in COUNTS:
        assert [int(n) for n in re.findall(r"\d+", trials)] == COUNTS[test]
