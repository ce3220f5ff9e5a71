"""The validity guard: does a protocol measure what it claims to measure?"""

from hsokv.validity.measures import items_for
from hsokv.validity.protocol import (
    EXPECTED,
    PRECISION,
    RUN,
    check_predecessor,
    check_protocol,
    check_rare_words,
)
from hsokv.validity.report import Check, Report, side_by_side

__all__ = [
    "Check",
    "EXPECTED",
    "PRECISION",
    "RUN",
    "Report",
    "check_predecessor",
    "check_protocol",
    "check_rare_words",
    "items_for",
    "side_by_side",
]
