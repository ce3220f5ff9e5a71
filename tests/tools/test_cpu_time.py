"""CPU times: groups of trials that cost alike, timed one by one, scaled where long, and told."""

import dataclasses
import subprocess
import sys
import time

import pandas as pd
import pandera.pandas as pa
import pytest

from hsokv.experiments.registry import list_experiments
from hsokv.runs.experiment import Experiment, NotebookParams
from hsokv.runs.proof import Proof
from hsokv.runs.trial import Trial
from tools import cpu_measure, cpu_time, reproduce_page
from tools.audit import research_trials
from tools.cpu_groups import PLANS, Group, Plan, list_groups
from tools.cpu_measure import UNKNOWN, Cost, measure, measure_apart, time_trial

SPIN_S = 0.02
KEPT: set[str] = set()


def spin(seconds: float) -> None:
    """Use so many seconds of CPU time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def run_trial(trial: Trial) -> list[dict]:
    """Use CPU time in proportion to the trial's size; leave in this process what others need."""
    settings = dict(trial.settings)
    if settings["size"] < 0:
        raise ValueError("a size below zero")
    if trial.flow not in KEPT:
        spin(10 * SPIN_S)
        KEPT.add(trial.flow)
    spin(SPIN_S * settings["size"])
    return [{"accuracy": 1.0}]


def trials_of(flow: str, size: int, n: int = 4) -> list[Trial]:
    return [Trial.create("fake", flow, seed, size=size, switches="x") for seed in range(n)]


def by_name(found) -> dict[str, Cost]:
    return {group.name: cost for group, cost in found}


def group_of(name: str, size: int, n: int = 4, **options) -> Group:
    trials = tuple(trials_of("a", size, n))
    return Group(name, "one", trials, work=float(size), **options)


@pytest.fixture
def fake(monkeypatch):
    """The only experiment there is: two flows at two sizes."""
    KEPT.clear()
    trials = [t for flow in ("a", "b") for size in (1, 2) for t in trials_of(flow, size)]
    experiment = Experiment(
        "fake", "00_fake", NotebookParams, pa.DataFrameSchema({"config_hash": pa.Column(str)}),
        Proof((), lambda trial: []), lambda params: trials, run_trial, {},
    )  # fmt: skip
    use(monkeypatch, experiment, trials)
    return experiment


def use(monkeypatch, experiment: Experiment, trials: list[Trial]) -> None:
    for module in (cpu_time, reproduce_page):
        monkeypatch.setattr(module, "list_experiments", lambda: {"fake": experiment})
    monkeypatch.setattr(cpu_time, "research_trials", lambda experiment: trials)
    for name in (*cpu_time.THREAD_VARIABLES, "HSOKV_DEVICE"):
        monkeypatch.setenv(name, "1")  # so that what the command sets is undone


def test_groups_by_all_that_may_decide(fake):
    """Without a plan every setting but the seed and the hash of switches tells groups apart."""
    groups = list_groups(fake, fake.make_trials(None))
    assert [group.name for group in groups] == [
        f"flow={flow}, size={size}" for flow in "ab" for size in (1, 2)
    ]
    assert [group.process for group in groups] == [""] * 4
    assert all(len(group.trials) == 4 and group.work == 0 for group in groups)


def test_groups_by_a_plan(fake):
    """A plan names what counts, how many are timed, and the work; the draw is always the same."""
    plan = Plan(
        lambda s: {"size": s["size"]}, lambda s: {"of": s["size"]}, 3, True, lambda s: 7 * s["size"]
    )
    trials = fake.make_trials(None)
    groups = list_groups(fake, trials, plan)
    assert [(g.name, g.process, g.work) for g in groups] == [
        ("size=1", "of=1", 7), ("size=2", "of=2", 14),
    ]  # fmt: skip
    assert all(g.sample == 3 and g.cached and len(g.trials) == 8 for g in groups)
    assert groups == list_groups(fake, trials, plan)
    assert list(groups[0].trials) != [t for t in trials if dict(t.settings)["size"] == 1]


def test_rows_tell_the_work(fake, monkeypatch, tmp_path):
    """Where rows hold counted FLOPs, these are a group's work."""
    trials = fake.make_trials(None)
    rows = pd.DataFrame({"config_hash": [t.config_hash for t in trials], "flops": 5.0})
    schema = pa.DataFrameSchema({"config_hash": pa.Column(str), "flops": pa.Column(float)})
    store = type("Store", (), {"read": lambda self: rows})
    monkeypatch.setattr(Experiment, "store", lambda self: store())
    groups = list_groups(dataclasses.replace(fake, schema=schema), trials)
    assert {group.work for group in groups} == {5.0}


def test_every_research_trial_has_a_group():
    """Plans name settings that there are, each in an experiment that there is."""
    assert set(PLANS) <= set(list_experiments())
    for experiment in list_experiments().values():
        trials = research_trials(experiment)
        groups = list_groups(experiment, trials)
        assert sum(len(group.trials) for group in groups) == len(set(trials))
        assert len({group.name for group in groups}) == len(groups)


def test_cpu_seconds_are_measured():
    """Time spent waiting costs nothing, and a trial that takes too long is stopped."""
    trial = trials_of("a", 1)[0]

    def work(seconds):
        def run(trial):
            time.sleep(0.3)
            spin(seconds)

        return run

    assert 0.1 <= time_trial(work(0.1), trial, 10.0) < 0.3
    assert time_trial(work(30.0), trial, 0.1) is None


def test_processes_that_a_trial_starts_count():
    """What a trial has computed elsewhere is part of what it costs."""
    busy = "import time\nwhile time.process_time() < 0.3: pass"

    def run(trial):
        subprocess.run([sys.executable, "-c", busy], check=True)

    assert time_trial(run, trials_of("a", 1)[0], 10.0) >= 0.3


def test_what_a_process_loads_is_counted_once(fake):
    """The first trial's surplus stands apart; of a later group no further trial is run."""
    costs = by_name(measure(run_trial, [group_of("x=1", 1), group_of("x=2", 2, 3)], {}, 10.0))
    first, second = costs["x=1"], costs["x=2"]
    assert 8 * SPIN_S < first.once < 14 * SPIN_S and SPIN_S <= first.each < 3 * SPIN_S
    assert second.once == 0 and 2 * SPIN_S <= second.each < 5 * SPIN_S
    assert (first.timed, first.n_timed, second.n_timed) == ("yes", 1, 1)


def test_cached_groups_pay_each(fake):
    """Where a group leaves something for its own trials, each group's first one is set apart."""
    ran = []

    def run(trial):
        ran.append(trial)
        return [{}]

    groups = [group_of("x=1", 1, cached=True), group_of("x=2", 2, cached=True, sample=2)]
    costs = by_name(measure(run, groups, {}, 10.0))
    assert len(ran) == 5 and [cost.n_timed for cost in costs.values()] == [1, 2]


def test_a_group_of_one_trial_is_timed_by_it(fake):
    """There is no other trial to compare it with, so nothing is set apart."""
    [(_, cost)] = measure(run_trial, [group_of("x=1", 1, 1)], {}, 10.0)
    assert cost.once == 0 and cost.each >= 11 * SPIN_S and cost.n_timed == 1


def test_long_groups_are_scaled(monkeypatch):
    """A group that is expected to take long is not run; its time follows from the most alike."""
    monkeypatch.setattr(cpu_measure, "LONG_S", 1.0)
    monkeypatch.setattr(cpu_measure, "SHORT_S", 0.0)
    ran, seconds = [], {"x=1, y=1": 0.5, "x=1, y=2": 0.25}

    def fake_time(run, trial, limit_s):
        ran.append(trial.flow)
        return seconds[trial.flow]

    def group(name, n, work):
        own = tuple(Trial.create("fake", name, seed) for seed in range(n))
        return Group(name, "one", own, work=work)

    monkeypatch.setattr(cpu_measure, "time_trial", fake_time)
    long, short, most = (
        group("x=9, y=2", 1, 40.0),
        group("x=1, y=2", 2, 4.0),
        group("x=1, y=1", 3, 4.0),
    )
    costs = by_name(measure(run_trial, [long, short, most], {}, 10.0))
    assert ran == ["x=1, y=1", "x=1, y=2"]  # most trials first
    assert costs[long.name] == Cost(0.0, 2.5, "scaled", 0)  # ten times that with the same y
    known = {most: Cost(0.0, 0.3, "yes", 1), short: Cost(0.0, 9.0, "scaled", 0)}
    assert by_name(measure(run_trial, [long], known, 10.0))[long.name].each == pytest.approx(3.0)
    assert len(ran) == 2  # a scaled group is nothing to scale from


def test_a_trial_over_the_limit_is_scaled(fake):
    """A trial that was expected to be short and is stopped has the time that was expected."""
    KEPT.add("a")
    groups = [group_of("x=1", 1, 4), group_of("x=500", 500, 3)._replace(work=3.0)]
    costs = by_name(measure(run_trial, groups, {}, 0.5))
    assert costs["x=500"] == Cost(0.0, pytest.approx(3 * costs["x=1"].each), "scaled", 0)


def test_what_exceeds_the_limit_is_not_timed(fake):
    """A trial is stopped at the limit; with nothing to scale it from, its time stays empty."""
    KEPT.add("a")
    [(_, cost)] = measure(run_trial, [group_of("x=1", 500)], {}, 0.1)
    assert cost == UNKNOWN


def test_a_fresh_process_measures():
    """What this process has loaded saves nothing there."""
    KEPT.add("a")
    [(group, cost)] = measure_apart(run_trial, [group_of("x=1", 1)], {}, 30.0)
    assert group.name == "x=1" and cost.once > 5 * SPIN_S and cost.each < 5 * SPIN_S


def test_a_failing_trial_is_an_error_and_keeps_what_is_timed(fake, tmp_path, monkeypatch, capfd):
    """The message says which experiment; its groups before it stand in the table."""
    path = tmp_path / "table.csv"
    use(monkeypatch, fake, trials_of("a", 1) + trials_of("a", -1, 2))
    assert cpu_time.main(["--table", str(path)]) == 1
    said = capfd.readouterr().err
    assert "a trial failed while fake was timed" in said and "a size below zero" in said
    assert list(cpu_time.read_costs(path)["timed"]) == ["yes", "no"]


def test_a_second_run_times_what_is_missing(fake, tmp_path, monkeypatch, capsys):
    """Known groups keep their times, counts are brought up to date, vanished groups go."""
    path = tmp_path / "table.csv"
    table = [
        ("fake", "flow=a, size=1", 3, 0.0, 3600.0, "yes", 1),
        ("fake", "flow=a, size=2", 3, 0.0, None, "no", 0),
        ("fake", "flow=a, size=9", 3, 0.0, 1.0, "yes", 1),
    ]
    pd.DataFrame(table, columns=cpu_time.COLUMNS).to_csv(path, index=False)
    use(monkeypatch, fake, trials_of("a", 1) + trials_of("a", 2))
    assert cpu_time.main(["--table", str(path)]) == 0
    rows = cpu_time.read_costs(path)
    assert list(rows["group"]) == ["flow=a, size=1", "flow=a, size=2"]
    assert list(rows["n_trials"]) == [4, 4] and list(rows["timed"]) == ["yes", "yes"]
    assert rows["cpu_s_per_trial"][0] == 3600 and 0 < rows["cpu_s_per_trial"][1] < 1
    assert capsys.readouterr().out.endswith("fake: about 4 CPU-hours\n")
    before = path.read_bytes()
    assert cpu_time.main(["--table", str(path)]) == 0  # nothing is left to time
    assert path.read_bytes() == before


def test_what_is_known_serves_to_scale(fake, tmp_path, monkeypatch):
    """Groups that are timed already are handed to the process that times others of theirs."""
    path, seen = tmp_path / "table.csv", []
    groups = [group_of(f"x={size}", size) for size in (1, 2)]
    groups.append(group_of("x=3", 3)._replace(process="another"))
    table = [("fake", name, 4, 0.0, 1.0, "yes", 1) for name in ("x=1", "x=3")]
    pd.DataFrame(table, columns=cpu_time.COLUMNS).to_csv(path, index=False)
    monkeypatch.setattr(cpu_time, "list_groups", lambda experiment, trials: groups)

    def measured(run_trial, missing, known, limit_s):
        seen.extend((missing, known))
        return iter([])

    monkeypatch.setattr(cpu_time, "measure_apart", measured)
    cpu_time.time_experiment(fake, path, 1.0)
    assert seen == [groups[1:2], {groups[0]: Cost(0.0, 1.0, "yes", 1), groups[1]: UNKNOWN}]
    assert list(cpu_time.read_costs(path)["timed"]) == ["yes", "no", "yes"]  # none left out


def test_what_lacks_data_is_told_as_not_timed(fake, tmp_path, monkeypatch):
    """Nothing is run; a time that is known stays."""
    path = tmp_path / "table.csv"
    lacking = dataclasses.replace(fake, lacks=lambda: "no data")
    use(monkeypatch, lacking, trials_of("a", -1) + trials_of("a", 1))
    table = [("fake", "flow=a, size=1", 4, 0.0, 1.0, "yes", 1)]
    pd.DataFrame(table, columns=cpu_time.COLUMNS).to_csv(path, index=False)
    assert cpu_time.main(["--table", str(path)]) == 0
    rows = cpu_time.read_costs(path)
    assert list(rows["timed"]) == ["no", "yes"] and rows["cpu_s_per_trial"].isna()[0]
    assert cpu_time.hours("fake", rows) is None and cpu_time.told("fake", rows) == "not timed"
    assert cpu_time.told("another", rows) == "not timed"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, "not timed"), (0.01, "under a CPU-minute"), (1 / 60, "about 1 CPU-minute"),
        (0.1, "about 6 CPU-minutes"), (0.37, "about 20 CPU-minutes"),
        (1.2, "about 70 CPU-minutes"), (3.2, "about 3 CPU-hours"), (38.0, "about 40 CPU-hours"),
        (1234.0, "about 1,235 CPU-hours"),
    ],
)  # fmt: skip
def test_hours_are_told_rounded(hours, words):
    """Minutes below an hour and a half, then hours; from ten on in steps of five."""
    assert cpu_time.tell_hours(hours) == words


def test_damage_is_refused(tmp_path):
    """A table that is not one is named with what to do."""
    path = tmp_path / "table.csv"
    for content in ("experiment,group\n", "", "a\nb,c\n"):
        path.write_text(content)
        with pytest.raises(ValueError, match="move it away"):
            cpu_time.read_costs(path)


def test_the_page_has_a_line_per_experiment(fake):
    """Counts, the share that is scaled, and the sum."""
    table = [
        ("fake", "x=1", 10, 3600.0, 360.0, "yes", 2),
        ("fake", "x=2", 10, 0.0, 720.0, "scaled", 0),
    ]
    rows = pd.DataFrame(table, columns=cpu_time.COLUMNS)
    said = reproduce_page.render_costs(rows).splitlines()
    costs = "20 | 2 | 50 % | about 4 CPU-hours |"
    assert said[2:] == [f"| {{doc}}`../notebooks/00_fake` | {costs}", f"| all | {costs}"]
    unknown = reproduce_page.render_costs(rows.iloc[:0]).splitlines()
    assert unknown[2].endswith("| 0 | 0 | none | not timed |")


def test_the_page_needs_its_mark(tmp_path, monkeypatch):
    """A page without the line that says where the table belongs is refused."""
    monkeypatch.setattr(reproduce_page, "BOOK", tmp_path)
    (tmp_path / "reproduce.md").write_text("# Reproduce\n")
    with pytest.raises(ValueError, match="% cpu time"):
        reproduce_page.render_reproduce()
    (tmp_path / "reproduce.md").write_text("# Reproduce\n\n% cpu time\n\nEnd\n")
    page = reproduce_page.render_reproduce()
    assert page.startswith("# Reproduce\n\n| page |") and page.endswith("\n\nEnd\n")


def test_the_committed_times_are_of_the_research_trials():
    """Each experiment that is timed has its groups, and as many trials as there are."""
    rows = cpu_time.read_costs()
    assert set(rows["experiment"]) == set(list_experiments())
    for experiment in list_experiments().values():
        groups = list_groups(experiment, research_trials(experiment))
        own = rows[rows["experiment"] == experiment.name]
        counts = dict(zip(own["group"], own["n_trials"]))
        assert counts == {group.name: len(group.trials) for group in groups}, experiment.name
