"""A trial: one learner to train and test, named by a hash of what decides its outcome."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from hsokv.boundary.checks import check_seed
from hsokv.runs.provenance import canonical_json, config_hash


@dataclasses.dataclass(frozen=True)
class Trial:
    """One learner to train and test.

    Attributes:
        experiment: name of the experiment.
        flow: name of the learner's configuration.
        seed: seed of everything random in the trial.
        settings: everything else that decides the outcome, as sorted (name, value) pairs.
    """

    experiment: str
    flow: str
    seed: int
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def create(cls, experiment: str, flow: str, seed: int, **settings: Any) -> Trial:
        """Return a trial; lists in the settings become tuples, their order does not matter."""
        pairs = tuple(sorted((name, _frozen(value)) for name, value in settings.items()))
        return cls(experiment, flow, check_seed(seed), pairs)

    @classmethod
    def from_json(cls, experiment: str, flow: str, seed: int, settings_json: str) -> Trial:
        """Return the trial that has these settings.

        Raises:
            ValueError: the settings are not as `settings_json` writes them.
        """
        settings = json.loads(settings_json)
        if not isinstance(settings, dict) or canonical_json(settings) != settings_json:
            raise ValueError("not a JSON object with sorted names and no spaces")
        return cls.create(experiment, flow, seed, **settings)

    @property
    def settings_json(self) -> str:
        """The settings as JSON, as they stand in each of the trial's rows."""
        return canonical_json(dict(self.settings))

    @property
    def config_hash(self) -> str:
        """Twelve hexadecimal digits that name this trial in the results file."""
        named = {"experiment": self.experiment, "flow": self.flow, "seed": self.seed}
        return config_hash(named | {"settings": dict(self.settings)})

    def as_dict(self) -> dict[str, Any]:
        """Return experiment, flow, seed and settings as one flat mapping."""
        named = {"experiment": self.experiment, "flow": self.flow, "seed": self.seed}
        return named | dict(self.settings)

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value
