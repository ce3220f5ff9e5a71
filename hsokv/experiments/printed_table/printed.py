"""The predecessor's table as printed, and what its code calls its numbers."""

from __future__ import annotations

from collections.abc import Sequence

SOLVED = 0.8  # validation accuracy that the table calls converged
INVENTED = 0.3  # factor by which two columns of the table were made from another
# The table as printed in the source documents, in their order of rows, which is that of the code.
PRINTED = {
    "h_sokv": {"one_shot": 0.60, "retention": 0.93, "kv_hit_rate": 0.09},
    "baseline_1": {"one_shot": 0.29, "retention": 0.98, "kv_hit_rate": 0.0},
    "baseline_2": {"one_shot": 0.92, "retention": 0.28, "kv_hit_rate": 0.0},
    "baseline_3": {"one_shot": 0.86, "retention": 0.87, "kv_hit_rate": 0.15},
}


def first_solved(curve: Sequence[float], threshold: float = SOLVED) -> int:
    """Return the table's "convergence": the first place, from 1, at or above it; -1 if none.

    The table puts four different units into this one column: meta-iterations of the swarm, epochs
    of Baseline-1, a single look at the test accuracy for Baseline-3 (so 1 or -1), and -1 for
    Baseline-2 whatever it does.
    """
    return next((i for i, value in enumerate(curve, start=1) if value >= threshold), -1)


def printed_scores(arm: str, accuracy: float, one_shot: float, retention: float) -> dict:
    """Return what the table would print under "one-shot" and "retention".

    Args:
        arm: 'h_sokv' or a row name that begins with 'baseline_1', 'baseline_2' or 'baseline_3'.
        accuracy: share of all test texts answered rightly.
        one_shot: the same over the texts of words with one training text.
        retention: the same over the retention texts.

    Raises:
        ValueError: another arm.
    """
    shown = {
        "h_sokv": (one_shot, retention),
        "baseline_1": (INVENTED * accuracy, retention),
        "baseline_2": (accuracy, INVENTED * accuracy),
        "baseline_3": (accuracy, retention),
    }
    row = next((name for name in shown if arm.startswith(name)), None)
    if row is None:
        raise ValueError(f"arm={arm!r}: expected one of {', '.join(shown)}; name a printed row")
    return dict(zip(("printed_one_shot", "printed_retention"), shown[row]))
