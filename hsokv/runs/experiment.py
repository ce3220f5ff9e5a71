"""What an experiment is: its parameters, trials, rows, selectors, tolerances and figures.

An experiment is a folder of `hsokv.experiments` whose face holds one `Experiment`. What deals with
experiments in general (audit, claims, figures, tests) reads it there and knows none by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.checks import check_keys, check_params
from hsokv.runs.audit import Tolerance
from hsokv.runs.engine import RunTrial, run_trials
from hsokv.runs.proof import Proof
from hsokv.runs.store import ResultsStore, results_dir
from hsokv.runs.trial import Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Why a column that is measured, not counted, may differ on another processor.
MEASURED = Tolerance(
    "a mean of float32 sums, whose last bits depend on the order in which the processor adds; "
    "six digits are stored, and the last may fall on either side",
    absolute=2e-6,
    relative=2e-5,
)
RANKED = Tolerance(
    "two novelties that are closer than float32 rounding may change places: one pair of at least "
    "4 x 30 texts",
    absolute=0.01,
)

# Columns of an experiment's rows: a name, a count, a share, where a learner was trained, a set of
# words (`stats.word_sets`).
NAME = pa.Column(str, pa.Check.str_matches(r"^\w*$"))
COUNT = pa.Column(int, pa.Check.ge(0))
SHARE = pa.Column(float, pa.Check.in_range(0, 1), nullable=True)
DEVICE = pa.Column(str, pa.Check.isin(["cpu", "cuda"]))
WORDS = pa.Column(str, pa.Check.str_matches(r"^0x[0-9a-f]+$"))


class NotebookParams:
    """Base of the dataclasses whose fields are the parameters of an experiment's notebook."""

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Build from notebook parameters; a misspelt name is an error that names the nearest."""
        return check_params(cls, params)

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Build from a notebook's `globals()`, of which the fields' names are taken.

        Raises:
            ValueError: a field is not among the names; every one stands in the parameters cell.
        """
        fields = [field.name for field in dataclasses.fields(cls)]
        missing = [name for name in fields if name not in names]
        if missing:
            raise ValueError(f"{', '.join(missing)} not set: give each a value in the first cells")
        return cls.from_params({name: names[name] for name in fields})

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as a plain dict."""
        return dataclasses.asdict(self)


class Selector(NamedTuple):
    """A column that chooses rows.

    Attributes:
        default: its value where none is given; `...` if one has to be given.
        allowed: the values there are, or a function of all chosen values that returns them; `None`
            where any may stand.
    """

    default: Any = ...
    allowed: Collection | Callable[[Mapping[str, Any]], Collection] | None = None

    def check(self, name: str, chosen: Mapping[str, Any]) -> None:
        """Check this selector's value among all chosen ones.

        Raises:
            ValueError: there is no such value; the message gives the nearest.
        """
        if self.allowed is not None:
            allowed = self.allowed(chosen) if callable(self.allowed) else self.allowed
            check_keys([chosen[name]], allowed, name)


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        name: of its rows, `results/<name>.csv`; it is part of every hash, so it never changes.
        notebook: stem of the notebook that shows it.
        params: its parameters, a dataclass.
        schema: columns of its rows.
        proof: what the rows of a trial must satisfy.
        make_trials: parameters -> trials, cheap ones first.
        run_trial: trial -> rows; a module-level function, since it is sent to worker processes.
        selectors: columns that together with the seed name one row; see `Selector`.
        score: the column whose errors the audit looks at with their signs, a share.
        tolerances: of columns that may differ on another processor, each with its reason.
        unaudited: columns that no audit compares: timings, and the device of the run.
        arrange: stored rows -> rows as its tables want them; `None` leaves them as they are.
        lacks: returns what is not at hand to compute the research rows, '' where all is.
        figures: path in the book without ending -> function that draws it from the rows.
    """

    name: str
    notebook: str
    params: type[NotebookParams]
    schema: pa.DataFrameSchema
    proof: Proof
    make_trials: Callable[[Any], list[Trial]]
    run_trial: RunTrial
    selectors: Mapping[str, Selector]
    score: str = "accuracy"
    tolerances: Mapping[str, Tolerance] = dataclasses.field(default_factory=dict)
    unaudited: tuple[str, ...] = ()
    arrange: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    lacks: Callable[[], str] = str  # nothing
    figures: Mapping[str, Callable[[pd.DataFrame], Figure]] = dataclasses.field(
        default_factory=dict
    )

    def store(self, folder: Path | None = None) -> ResultsStore:
        """Return the store of its rows, by default in `results_dir()`."""
        path = (folder or results_dir()) / f"{self.name}.csv"
        return ResultsStore(path, self.schema, self.proof)

    def read(self, folder: Path | None = None) -> pd.DataFrame:
        """Return its stored rows, arranged."""
        rows = self.store(folder).read()
        return rows if self.arrange is None else self.arrange(rows)

    def run(self, params: Any) -> pd.DataFrame:
        """Return the rows of a run, reading what is stored and computing what is missing."""
        options = {"n_jobs": params.n_jobs, "backend": params.backend}
        return run_trials(self.make_trials(params), self.run_trial, self.store(), **options)


def row_schema(
    experiment: str,
    settings: Mapping[str, pa.Column],
    results: Mapping[str, pa.Column],
    *,
    key: Sequence[str],
) -> pa.DataFrameSchema:
    """Return the schema of an experiment's rows: the engine's own columns around its own.

    Args:
        experiment: name of the experiment.
        settings: columns that say what was run, beside flow and seed.
        results: columns that say what came out.
        key: columns that tell the rows of a trial apart.
    """
    columns = {
        "experiment": pa.Column(str, pa.Check.eq(experiment)),
        "flow": NAME,
        **settings,
        "seed": pa.Column(int, pa.Check.ge(0)),
        **results,
        "settings": pa.Column(str, pa.Check.str_matches(r"^\{.*\}$")),
        "config_hash": pa.Column(str, pa.Check.str_matches(r"^[0-9a-f]{12}$")),
        "code_version": pa.Column(str, pa.Check.str_matches(r"^[\w.+]+$")),
    }
    return pa.DataFrameSchema(columns, unique=["config_hash", *key], strict=True)
