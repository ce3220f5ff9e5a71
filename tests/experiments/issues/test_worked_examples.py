"""The sources' worked examples: what agrees, what slips, and that the package computes the same."""

import math

import pytest
import torch

from hsokv.experiments.issues.worked_examples import (
    AGREES,
    EXAMPLES,
    NOT_IN_CODE,
    NOT_PRINTED,
    SLIP,
    Step,
    count_verdicts,
    number_text,
    surprise,
    transformer_parameters,
    utility,
    worked_table,
)
from hsokv.memory.forgetting import utility as entry_utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import read_weights, similarity


def value_of(issue: str, what: str) -> float:
    """The recomputed value of one step."""
    return next(step.value for step in EXAMPLES[issue]() if step.what == what)


@pytest.mark.parametrize(
    "printed, value, verdict",
    [
        ("0.59", 0.586, AGREES),
        ("0.48", 0.475, AGREES),
        ("0.0", 0.25, SLIP),
        ("500", 500, AGREES),
        ("", 1.0, NOT_PRINTED),
    ],
)
def test_verdict_of_a_step(printed, value, verdict):
    """A printed number agrees when it is the value, rounded to the printed digits."""
    assert Step("w", "f", value, printed).verdict == verdict


def test_the_code_is_no_slip():
    """A printed number that the code contradicts is told apart from wrong arithmetic."""
    assert Step("w", "f", 0.95, "0.48", by_code=True).verdict == NOT_IN_CODE


@pytest.mark.parametrize(
    "issue, what, expected",
    [
        ("1_2", "utility when fresh", 0.552),
        ("1_2", "confidence after 20 reads", 0.0),
        ("1_2", "utility after 20 reads", 0.27),
        ("1_3", "confidence after 20 reads", 0.25),
        ("2_2", "mean of the five similarities", 0.586),
        ("2_3", "memory 1, other domain", 0.475),
        ("2_3", "memory 2, same domain", 1.05),
        ("3_1", "steps of one iteration", 500),
        ("3_2", "loss at 70 % for the right answer", 0.3567),
        ("3_2", "60 % on a wrong answer (walkthrough)", 0.9163),
        ("1_1", "reads that succeed before 0.5 exceeds 0.85", 8),
    ],
)
def test_values(issue, what, expected):
    """The arithmetic, worked out by hand."""
    assert value_of(issue, what) == pytest.approx(expected, abs=1e-4)


def test_which_steps_slip():
    """Issues 1.2 and 1.3 contradict one another; the stated decay does not fit its window."""
    slips = {(k, s.what) for k in EXAMPLES for s in EXAMPLES[k]() if s.verdict == SLIP}
    assert slips == {
        ("1_2", "confidence by issue 1.3's formula"),
        ("1_3", "the same in issue 1.2"),
        ("1_3", "decay that ends with the window"),
    }
    assert count_verdicts()[SLIP] == 3 and count_verdicts(["2_2"])[SLIP] == 0


def test_package_gives_the_same_utility():
    """The lifecycle's utility of such an entry is the recomputed number."""
    memory = KeyValueMemory(2, 2)
    memory.write(torch.eye(2), torch.zeros(2, 0), confidence=torch.tensor([0.75, 0.05]),
                 retrieval_count=torch.tensor([1, 20]),
                 success_count=torch.tensor([1, 10]))  # fmt: skip
    fresh, late = entry_utility(memory, step=0).tolist()
    assert fresh == pytest.approx(utility(0.75, 0.01, 1.0, 1.0))
    assert late == pytest.approx(utility(0.05, 0.20, 0.5, 1.0))


def test_package_gives_the_same_similarities_and_weights():
    """Cosine, dot product and the weights of a read are those of the table."""
    strong, weak = torch.tensor([[10.0, 0, 0]]), torch.tensor([[1.0, 0, 0]])
    assert similarity(weak, strong, "cosine").item() == value_of("2_1", "cosine of vec1 and vec2")
    dot = similarity(weak, strong, "dot").item()
    assert dot == value_of("2_1", "dot product of vec2 with vec1")
    scores = torch.tensor([[0.95, 0.75, 0.45, 0.40, 0.38]])
    _, _, soft = read_weights(scores, torch.arange(5), "softmax", 5, 0.1, 0.0)
    assert soft[0, 0].item() == pytest.approx(
        value_of("2_2", "its weight in a softmax at 0.1"), abs=1e-6
    )


def test_parameters_are_those_of_such_a_network():
    """The count agrees with PyTorch's own layers."""
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32)
    n = 10 * 16 + 2 * sum(p.numel() for p in layer.parameters()) + 2 * 16 + 3 * 16 + 3
    assert transformer_parameters(10, 16, 32, 2, 3) == n
    assert transformer_parameters(283, 256, 512, 4, 20) == 2_186_516


def test_tables_are_complete():
    """Every issue has steps, every cell a text; an unknown issue is refused."""
    for issue in EXAMPLES:
        table = worked_table(issue)
        assert len(table) >= 3 and (table["recomputed"] != "").all()
    with pytest.raises(KeyError):
        worked_table("9_9")


def test_numbers_as_text():
    """Few decimals, no trailing zeros, no minus zero."""
    texts = [number_text(x) for x in (0.0, -0.0, 0.25, 2186516, 0.0125, -0.375, 54662.9)]
    assert texts == ["0", "0", "0.25", "2,186,516", "0.0125", "-0.375", "54,662.9"]
    assert surprise(1) == 0 and math.isclose(surprise(0.5), math.log(2))
