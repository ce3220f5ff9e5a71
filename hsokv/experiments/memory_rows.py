"""What rows about a memory at work have in common: conditions, measures, counts of entries."""

from __future__ import annotations

from hsokv.runs.experiment import MEASURED

CONDITIONS = ("verbatim", "recognise", "infer")
MEASURES = ("accuracy", "one_shot_accuracy", "memory_utility", "kv_hit_rate", "top1_key_correct",
            "read_fraction", "gate_mean")  # fmt: skip
MEMORY_COUNTS = ("n_entries", "n_consolidated", "n_forgotten")
COUNTS = ("n_way", "n_test", "n_one_shot", *MEMORY_COUNTS)
TOLERANCES = dict.fromkeys(("kv_hit_rate", "gate_mean"), MEASURED)
