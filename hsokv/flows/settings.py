"""Settings of a flow in scikit-learn's conventions: stored as given, checked when it learns.

A switch that was set is an attribute of its own name; all others are those of the named flow. What
a fitted flow has learned with stands in `config_`, whatever is set afterwards.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from hsokv.boundary.checks import check_jobs, check_keys, check_seed, shown
from hsokv.config import READING, FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.models.device import pick_device

OWN_PARAMS = ("flow", "seed", "n_jobs", "device")  # what is no switch of the configuration
SWITCHES = {field.name: field.type for field in fields(FlowConfig)}  # in their order


class FlowSettings(BaseEstimator):
    """What `make_flow` was given, and what a fitted flow has learned with; see `Flow`.

    As in scikit-learn the constructor checks no values; `fit` does. `make_flow` checks at once.
    """

    encoders = ("transformer", "embedding")  # of the flows that this class makes

    def __init__(
        self,
        flow: str = "lexical",
        seed: int = 0,
        n_jobs: int = 1,
        device: str = "cpu",
        **settings: Any,
    ):
        check_keys(settings, SWITCHES, "flow setting")
        self.flow, self.seed, self.n_jobs, self.device = flow, seed, n_jobs, device
        vars(self).update(settings)

    def _overrides(self) -> dict:
        """Return the switches that were set, as they were given."""
        return {name: value for name, value in vars(self).items() if name in SWITCHES}

    @property
    def config(self) -> FlowConfig:
        """The configuration that the present settings make and the next `fit` learns with.

        Raises:
            ValueError, TypeError: an unknown flow, a wrong value, or a flow of the other class.
        """
        check_keys([self.flow], FLOWS, "flow")
        config = FLOWS[self.flow].with_overrides(**self._overrides())
        if config.encoder not in self.encoders:
            raise ValueError(
                f"flow={self.flow!r} with encoder={config.encoder!r}: this object is made for "
                f"encoder={' or '.join(map(repr, self.encoders))} and does not turn into another "
                "kind; call make_flow with the flow you want"
            )
        return config

    def checked(self) -> Self:
        """Return this flow, if its settings are valid; `fit` checks them too.

        Raises:
            ValueError, TypeError: unknown flow, device or value, a value out of range or of another
                type, or a device that is not there.
        """
        check_seed(self.seed)
        check_jobs(self.n_jobs)
        pick_device(self.device)
        self.config  # noqa: B018, builds and so checks it
        return self

    def get_params(self, deep: bool = True) -> dict:
        """Return flow, seed, n_jobs, device and every switch of the configuration."""
        own = {name: getattr(self, name) for name in OWN_PARAMS}
        is_named = isinstance(self.flow, str) and self.flow in FLOWS
        return own | (FLOWS[self.flow].as_dict() if is_named else {}) | self._overrides()

    def set_params(self, **params: Any) -> Self:
        """Change settings; a new `flow` starts from its switches.

        On a fitted flow those of `hsokv.config.READING` act at once, all others from the next
        `fit`, which checks them.

        Raises:
            ValueError: an unknown name.
            ValueError, TypeError: on a fitted flow, a wrong value of a setting that acts at once.
        """
        check_keys(params, (*OWN_PARAMS, *SWITCHES), "flow setting")
        present = vars(self)
        if not _same(params.get("flow", self.flow), self.flow):
            present = {name: value for name, value in present.items() if name not in SWITCHES}
        reading = {name: value for name, value in params.items() if name in READING}
        learned = self._read_by(reading) if reading and hasattr(self, "cost_") else {}
        self.__dict__ = present | params | learned
        return self

    def changed_settings(self) -> list[str]:
        """Return the settings that are no longer those that the flow learned with.

        `predict` goes on with what was learned, `fit` learns with the present ones; until then the
        flow cannot learn further.

        Raises:
            sklearn.exceptions.NotFittedError: nothing has been learned yet.
        """
        self._check_fitted()
        now = self.get_params()
        learned = self._learned_as | self.config_.as_dict()
        return [name for name, value in learned.items() if not _same(now.get(name), value)]

    def _refuse_changed(self, what_for: str, remedy: str) -> None:
        """Refuse to do something with a flow whose settings are no longer what it learned with.

        Raises:
            ValueError: they are not.
        """
        changed = self.changed_settings()
        if changed:
            now, learned = self.get_params(), self._learned_as | self.config_.as_dict()
            raise ValueError(
                "; ".join(
                    f"{name}={shown(now.get(name))}, but this flow has learned with "
                    f"{name}={learned[name]!r}"
                    for name in changed[:3]
                )
                + f": expected the same {what_for}; {remedy}"
            )

    def _check_fitted(self) -> None:
        if not hasattr(self, "cost_"):
            name = shown(self.flow)
            raise NotFittedError(f"this {name} flow has learned nothing: call fit first")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cost_")

    def _reset(self) -> None:
        """Begin from nothing under the present settings, which are valid."""
        self.config_ = self.config
        self._learned_as = {"flow": self.flow, "seed": self.seed}

    def _read_by(self, changes: dict) -> dict:
        """Return the fitted attributes that switches of reading change, with their new values."""
        return {"config_": self.config_.with_overrides(**changes)}


def _same(a: Any, b: Any) -> bool:
    """Whether two settings are the same; what is no plain value is the same as itself only."""
    plain = (str, int, float, np.generic)
    return a is b or (isinstance(a, plain) and isinstance(b, plain) and bool(a == b))
