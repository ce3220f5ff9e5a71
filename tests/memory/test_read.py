"""Similarities, boosts and read-outs, by hand."""

import math

import pytest
import torch

from hsokv.memory.read import Context, read_weights, similarity

QUERIES = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
KEYS = torch.tensor([[3.0, 4.0], [6.0, 8.0], [0.0, -1.0]])
SCORES = torch.tensor([[0.2, 0.9, 0.6, 0.5]])
LABELS = torch.tensor([7, 0, 1, 1])


def read(read_out, top_k=3, temperature=0.1, cut=0.0, scores=SCORES):
    """Slots and weights of the first query as lists."""
    slots, top, weights = read_weights(scores, LABELS, read_out, top_k, temperature, cut)
    torch.testing.assert_close(top, scores.gather(1, slots))
    return slots[0].tolist(), weights[0]


@pytest.mark.parametrize(
    "kind, expected",
    [
        ("cosine", [[1.0, 1.0, -0.8], [0.8, 0.8, -1.0]]),
        ("dot", [[25.0, 50.0, -4.0], [8.0, 16.0, -2.0]]),
        (
            "euclidean",
            [[0.0, -5.0, -math.sqrt(34)], [-math.sqrt(13), -math.sqrt(72), -3.0]],
        ),
    ],
)
def test_similarity(kind, expected):
    """Cosine ignores length, dot product does not, Euclidean is the negative distance."""
    torch.testing.assert_close(
        similarity(QUERIES, KEYS, kind), torch.tensor(expected), atol=1e-4, rtol=1e-5
    )


def test_a_zero_vector_is_like_nothing():
    """The cosine of a zero vector is 0, not NaN."""
    assert similarity(torch.zeros(1, 2), KEYS, "cosine").tolist() == [[0.0, 0.0, 0.0]]


def test_unknown_similarity():
    """A misspelt similarity is refused."""
    with pytest.raises(ValueError, match="similarity='cosin': expected 'cosine', 'dot'"):
        similarity(QUERIES, KEYS, "cosin")


def test_top1_reads_the_best():
    """One entry, weight 1, whatever top_k says."""
    slots, weights = read("top1", top_k=3)
    assert slots == [1] and weights.tolist() == [1.0]


def test_mean_is_uniform_over_the_top_k():
    """Three entries of a third each, best first."""
    slots, weights = read("mean")
    assert slots == [1, 2, 3]
    torch.testing.assert_close(weights, torch.full((3,), 1 / 3))


def test_weighted_is_proportional_to_the_score():
    """0.9, 0.6, 0.5 out of 2.0; a negative score counts as next to nothing."""
    torch.testing.assert_close(read("weighted")[1], torch.tensor([0.45, 0.3, 0.25]))
    weights = read("weighted", scores=torch.tensor([[-0.5, 1.0, -0.1, -0.2]]))[1]
    torch.testing.assert_close(weights, torch.tensor([1, 1e-4, 1e-4]) / 1.0002)


def test_softmax_of_the_top_k():
    """Differences of 0.3 and 0.4 at temperature 0.1 are factors of e^-3 and e^-4."""
    expected = torch.tensor([1.0, math.exp(-3), math.exp(-4)])
    torch.testing.assert_close(read("softmax")[1], expected / expected.sum())


def test_vote_adds_scores_of_a_label():
    """Label 1 has 0.6 + 0.5 against 0.9 of label 0: its two entries answer; one alone does not."""
    assert read("vote")[1].tolist() == [0.0, 0.5, 0.5]
    assert read("vote", top_k=2)[1].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("read_out", ["top1", "mean", "weighted", "softmax", "vote"])
def test_fewer_entries_than_top_k(read_out):
    """With four entries, top-10 reads at most four and weights sum to one."""
    slots, weights = read(read_out, top_k=10)
    assert len(slots) == (1 if read_out == "top1" else 4)
    assert weights.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(
    "cut, expected",
    [(0.0, [1 / 3] * 3), (0.55, [0.5, 0.5, 0.0]), (0.6, [0.5, 0.5, 0.0]), (0.95, [0.0] * 3)],
)
def test_cut_takes_weight_away(cut, expected):
    """Below the cut there is no weight; nothing left means a zero read, not NaN; 0 keeps all."""
    torch.testing.assert_close(read("mean", cut=cut)[1], torch.tensor(expected))


def documented(queries, keys, age, scores=None):
    """Boosted scores with projections by hand: domain 0 is axis 0, emotion is axis 2."""
    context = Context("documented", 3, torch.Generator().manual_seed(0))
    context.domains = torch.zeros(3, 6)
    context.domains[0, 0] = context.domains[1, 1] = 1.0
    context.emotion = torch.tensor([0.0, 0.0, 1.0])
    scores = torch.ones(len(queries), len(keys)) if scores is None else scores
    return context.apply(scores, queries, keys, torch.tensor(age))


def test_context_domain():
    """Same domain 1.5, another 0.5."""
    queries, keys = torch.eye(3)[:1], torch.eye(3)[:2]
    torch.testing.assert_close(documented(queries, keys, [0, 0]), torch.tensor([[1.5, 0.5]]))


def test_context_recency():
    """0.95 per hundred steps of age, on top of the domain."""
    queries, keys = torch.eye(3)[:1], torch.eye(3)[:1].expand(3, 3)
    expected = torch.tensor([[1.5, 1.5 * 0.95, 1.5 * 0.95**2.5]])
    torch.testing.assert_close(documented(queries, keys, [0, 100, 250]), expected)


def test_context_emotion():
    """Equal feelings add, opposite ones take away, at most 0.3; without feeling nothing."""
    feeling = torch.tensor([[0.0, 0.0, 2.0]])
    keys = torch.tensor([[0.0, 0.0, 5.0], [0.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    boosted = documented(feeling, keys, [0, 0, 0], torch.zeros(1, 3))
    strength = 0.3 * math.tanh(1.0) ** 2
    torch.testing.assert_close(boosted, torch.tensor([[strength, -strength, 0.0]]))


def test_context_emotion_is_bounded():
    """Random states never move a score by more than 0.3."""
    generator = torch.Generator().manual_seed(1)
    context = Context("documented", 32, generator)
    states = 100 * torch.randn(50, 32, generator=generator)
    moved = context.apply(torch.zeros(50, 50), states, states, torch.zeros(50))
    assert moved.abs().max() <= 0.3 and moved.abs().max() > 0.1


def test_context_as_shipped_is_one_factor_per_query():
    """1.3, or 1.95 where int(1000 mean|q|) is a multiple of six; negatives become zero."""
    context = Context("as_shipped", 2, torch.Generator().manual_seed(0))
    queries = torch.tensor([[0.0125, 0.0125], [0.0135, 0.0135]])  # 12 and 13
    scores = torch.tensor([[0.5, -0.5], [0.5, -0.5]])
    boosted = context.apply(scores, queries, queries, torch.zeros(2))
    torch.testing.assert_close(boosted, torch.tensor([[0.975, 0.0], [0.65, 0.0]]))


def test_context_projections_are_seeded():
    """The same generator seed gives the same boosts."""
    first, second = (Context("documented", 8, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first.domains, second.domains)
    assert torch.equal(first.emotion, second.emotion)
