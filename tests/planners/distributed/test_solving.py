"""Solving in parts: many processes against one, bit by bit; bytes sent, killed processes, folders, refusals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env.maps import slices
from gridworld_env.maps.files import read_map_file
from planners import InvalidModelError, InvalidOptionError, InvalidPlanFileError, MissingModelError
from planners.__main__ import main
from planners.distributed import Rows, Source, solve_in_parts
from planners.distributed.blocks import Blocks
from planners.distributed.processes import Alone
from planners.distributed.sources import dealt, evenly, in_turn
from planners.models.convert import as_model
from tests.oracles.once import once
from tests.planners.distributed import job

JOB = Path(job.__file__)
ROOT = Path(__file__).resolve().parents[3]
PARTS = 64


def launch(processes: int, *arguments: object, restarts: int = 0, seconds: float = 240.0) -> str:
    """Run the job under torchrun, with its whole family dead at the end; what it printed."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += [f"--max-restarts={restarts}", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as running:  # fmt: skip
        try:
            said, _ = running.communicate(timeout=seconds)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == 0, said[-4000:]
    return said


@pytest.fixture
def together(tmp_path_factory: pytest.TempPathFactory, run_seed: int) -> tuple[Path, int]:
    """The folder that two processes wrote, and the seed of their models."""
    print(f"models of seed {run_seed} (replay with --seed {run_seed})")
    return once(tmp_path_factory, "together", lambda folder: launch_suite(folder, run_seed)), run_seed


def launch_suite(folder: Path, seed: int) -> None:
    launch(2, JOB, "suite", folder, seed)


def test_two_processes_and_one_have_the_same_bits(together: tuple[Path, int]) -> None:
    """Values, bounds, policies and the number of sweeps; and the values are right, by another method."""
    folder, seed = together
    halves = [np.load(folder / f"rank-{rank}.npz") for rank in range(2)]
    facts = json.loads((folder / "rank-0.json").read_text(encoding="ascii"))
    for name, (model, discount) in job.models(folder, seed).items():
        alone = solve_in_parts(model, discount=discount)
        order = np.argsort(np.concatenate(states_of_processes(model, len(alone.values), 2)))
        for what in ("values", "lower", "upper", "actions"):
            expected = alone.policy.actions if what == "actions" else getattr(alone, what)
            found = np.concatenate([half[f"{name}/{what}"] for half in halves])[order]
            np.testing.assert_array_equal(found, expected, name)
        assert (facts[name]["error"], facts[name]["sweeps"]) == (alone.error_bound, alone.iterations), name
        truth = planners.solve(whole_model(folder, name, model), discount=discount, tolerance=1e-9)
        assert (alone.lower <= truth.upper).all(), name
        assert (truth.lower <= alone.upper).all(), name
        allowed = 1.1e-6 * np.abs(truth.values).max()
        assert np.abs(alone.values - truth.values).max() <= alone.error_bound + truth.error_bound <= allowed, name


def test_bytes_sent_in_a_sweep_are_those_predicted_from_the_tables(together: tuple[Path, int]) -> None:
    """Each process is sent one float64 for each state of the other that some pair of its own may lead to."""
    folder, seed = together
    facts = [json.loads((folder / f"rank-{rank}.json").read_text(encoding="ascii")) for rank in range(2)]
    in_all = 0
    for name, (model, _) in job.models(folder, seed).items():
        mdp = whole_model(folder, name, model)
        own = states_of_processes(model, mdp.num_states, 2)
        feasible = [np.isin(np.arange(mdp.num_states), states)[:, None] & mdp.feasible for states in own]
        read = [np.unique(mdp.transitions[np.flatnonzero(pairs)].indices) for pairs in feasible]
        wanted = [int(np.isin(read[1 - rank], own[rank]).sum()) for rank in range(2)]
        for rank in range(2):
            exchanges = facts[rank][name]["sweeps"] + (name == "walled in")  # once more, to set states apart
            assert facts[rank][name]["sent"] == 8 * wanted[rank] * exchanges, (name, rank)
        in_all += sum(wanted)
    assert in_all > 100


def whole_model(folder: Path, name: str, model: Any) -> planners.TabularMDP:
    """The tables of a model of the job, read in some other way than in parts."""
    if name == "rows":
        P, R, termination = job.ladder(0, job.LADDER)
        return planners.TabularMDP(P, termination, np.array(R), np.ones(R.shape, dtype=bool))
    if isinstance(model, Source):
        given: dict[str, Any] = {"slip": 0.2} if name == "map.txt" else {"slip": 0.1}
        places: dict[str, Any] = {} if name == "map.txt" else {"goal": (0, 0)}
        return as_model(gym.make("GridWorld-v0", **read_map_file(folder / name, **places), **given)).tabular
    return as_model(model).tabular


def states_of_processes(model: Any, states: int, processes: int) -> list[np.ndarray]:
    """The states of each process: parts of equal size, in states or in rows of a map, are dealt in turn."""
    if isinstance(model, slices.MapSlices):
        rows = read_map_file(model.path, goal=(0, 0) if model.movingai else None)["desc"]
        before = np.cumsum([0, *(sum(glyph != "#" for glyph in row) for row in rows)])
        cuts = [len(rows) * part // min(PARTS, len(rows)) for part in range(min(PARTS, len(rows)) + 1)]
        borders = [int(before[cut]) for cut in cuts]
    else:
        borders = [states * part // min(PARTS, states) for part in range(min(PARTS, states) + 1)]
    part = np.searchsorted(borders, np.arange(states), side="right") - 1
    return [np.flatnonzero(part % processes == rank) for rank in range(processes)]


def test_solve_gives_every_process_the_whole_plan(together: tuple[Path, int]) -> None:
    folder, seed = together
    model, discount = job.models(folder, seed)["entangled"]
    alone = planners.solve(model, discount=discount)
    for rank in range(2):
        facts = json.loads((folder / f"rank-{rank}.json").read_text(encoding="ascii"))["whole"]
        arrays = np.load(folder / f"rank-{rank}.npz")
        assert facts["converged"]
        assert np.abs(arrays["whole/values"] - alone.values).max() <= 2e-6
        assert facts["optimal"] >= len(alone.values)
        assert arrays["whole/actions"].shape == alone.values.shape


def test_what_one_process_finds_all_are_told(together: tuple[Path, int]) -> None:
    folder, _ = together
    told = [json.loads((folder / f"rank-{rank}.json").read_text(encoding="ascii"))["failures"] for rank in range(2)]
    for name, parts in {
        "wrong row": ["InvalidModelError: process 1 of 2", f"state {job.LADDER - 7}, action 0", "sum to 1.5"],
        "no memory": ["NotEnoughMemoryError: process 0 of 2", "its 1496 states", "Unable to allocate 3 GiB"],
        "little memory": ["NotEnoughMemoryError: process 1 of 2", "its 1504 states", "241.0 MB", "100.0 kB are free"],
        "another discount": ["the processes do not agree: discount is 0.9 on process 0 of 2, and 0.95"],
        "another tolerance": [
            "tolerance is Tolerance(absolute=1e-06, relative=0.0) on process 0 of 2, and Tolerance(absolute=0.001"
        ],
        "no such tolerance": ["process 1 of 2, looking at its options: tolerance is -1.0"],
        "another map": ["the processes do not agree: the model is 3 x 3 squares, SHA-256"],
        "other rules": ["slip=0.2", "slip=0.3"],
        "another model": ["the processes do not agree: the model is 1 states and 1 actions, SHA-256"],
        "another folder": ["process 1 of 2, looking into", "is not the folder that process 0 writes to"],
        "no folder": ["process 0 of 2, making the folder", "map.txt"],
    }.items():
        assert told[0][name] == told[1][name]
        for part in parts:
            assert part in told[0][name]
    assert told[0]["silence"].startswith("LostProcessError: process 0 of 2 waited for another one")


def test_a_plan_of_many_processes_is_read_lazily_with_its_model(together: tuple[Path, int]) -> None:
    folder, seed = together
    for name in ("lecture", "arena.map", "entangled", "rows"):
        model = job.models(folder, seed)[name][0]
        mdp = model if name in ("lecture", "entangled") else whole_model(folder, name, model)
        if name == "arena.map":
            mdp = as_model(gym.make("GridWorld-v0", **read_map_file(folder / name, goal=(0, 0)), slip=0.1))
        plan = planners.load_plan(folder / "plans" / name, mdp)
        assert isinstance(plan.values, np.memmap)
        assert isinstance(plan.policy.actions, np.memmap)
        assert plan.optimal_actions[np.arange(len(plan.values)), plan.policy.actions].all()
        assert planners.is_optimal(mdp, plan.policy, discount=plan.discount, tolerance=2e-6).optimal
        with pytest.raises(MissingModelError):
            _ = planners.load_plan(folder / "plans" / name).action_values


@pytest.mark.long
def test_a_killed_process_changes_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    """Three processes, one of them killed: torchrun starts them again, and they go on from the last checkpoint."""
    rows = ["".join(row) for row in np.where(rng.random((40, 30)) < 0.1, "#", ".")]
    (tmp_path / "map.txt").write_text("\n".join(["+" + rows[0][1:], *rows[1:]]) + "\n", encoding="ascii")
    source = slices.open_map(str(tmp_path / "map.txt"), **job.KILLED)
    alone = solve_in_parts(source, out=tmp_path / "alone", **job.KILLED_OPTIONS)
    sweep, delay = int(rng.integers(6, alone.iterations // 2)), float(rng.choice([0.0, 0.002, 0.01]))
    launch(3, JOB, "killed", tmp_path, sweep, int(rng.integers(3)), delay, int(signal.SIGKILL), restarts=1)
    assert (tmp_path / "killed").exists()
    plan = planners.load_plan(tmp_path / "plan")
    for what in ("values", "lower", "upper"):
        np.testing.assert_array_equal(getattr(plan, what), getattr(alone, what))
    np.testing.assert_array_equal(plan.policy.actions, alone.policy.actions)
    assert (plan.iterations, plan.error_bound) == (alone.iterations, alone.error_bound)
    assert len(plan.history) < plan.iterations  # the sweeps before the checkpoint were not done again
    assert not (tmp_path / "plan" / "checkpoint").exists()


def test_a_script_may_enter_a_group_twice(together: tuple[Path, int]) -> None:
    folder, _ = together
    for number in ("0", "1"):
        assert planners.load_plan(folder / "groups" / number).converged


def test_parts_dealt_in_turn_all_have_work_while_the_values_are_on_their_way(tmp_path: Path) -> None:
    """The larger share of two processes is nearly half of each sweep; of two halves of the map it is more."""
    squares = np.full((96, 96), ".")
    squares[0, 0] = "+"
    (tmp_path / "map.txt").write_text("\n".join(map("".join, squares)) + "\n", encoding="ascii")
    blocks = Blocks(slices.open_map(str(tmp_path / "map.txt"), slip=0.2), 0.99, Alone(), 32)
    busy = []
    while not blocks.advance(1e-7):
        busy.append(blocks.worked.astype(int))
    work = np.sum(busy)
    assert work > 1.9 * sum(max(each[dealt(32, 2, rank)].sum() for rank in range(2)) for each in busy)
    assert work < 1.75 * sum(max(each[:16].sum(), each[16:].sum()) for each in busy)


def ladder() -> Rows:
    return Rows(job.ladder, job.LADDER, 2)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"discount": 1.0}, "discount is 1, and in parts only discounts below 1 are solved"),
        ({"discount": 0.9, "parts": 0}, "parts is 0; expected a whole number of at least 1"),
        ({"discount": 0.9, "checkpoint_every": 5}, "checkpoint_every needs a folder"),
        ({"discount": 0.9, "distributed": True}, "needs an initialised process group, and there is none"),
        ({"discount": 0.9, "distributed": True, "timeout": -1.0}, "timeout is -1.0"),
    ],
)
def test_options_are_refused(options: dict[str, Any], found: str) -> None:
    with pytest.raises(InvalidOptionError, match=found):
        solve_in_parts(ladder(), **options)


def test_an_interrupted_run_goes_on_and_a_torn_or_foreign_checkpoint_does_not_count(tmp_path: Path) -> None:
    alone = solve_in_parts(ladder(), discount=0.99, parts=32)
    options: dict[str, Any] = {"discount": 0.99, "out": tmp_path, "checkpoint_every": 4, "parts": 32}

    def stop(step: planners.Iteration) -> None:
        if step.iteration == 10:
            raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError, match="the power is gone"):
        solve_in_parts(ladder(), progress=stop, **options)
    sets = sorted(folder.name for folder in (tmp_path / "checkpoint").iterdir())
    assert sets == ["sweep-00000004", "sweep-00000008"]
    with pytest.raises(InvalidPlanFileError, match=r"no plan, or one that was not finished"):
        planners.load_plan(tmp_path)
    with pytest.raises(InvalidOptionError, match=r"another run: its discount is 0\.99, and this one's 0\.9"):
        solve_in_parts(ladder(), **{**options, "discount": 0.9})
    (tmp_path / "checkpoint" / "sweep-00000012").mkdir()  # torn: nothing says that it is complete
    plan = solve_in_parts(ladder(), **options)
    assert plan.iterations == alone.iterations
    assert len(plan.history) == plan.iterations - 8
    np.testing.assert_array_equal(plan.values, alone.values)
    np.testing.assert_array_equal(planners.load_plan(tmp_path).upper, alone.upper)
    with pytest.raises(InvalidPlanFileError, match="a plan of another model"):
        planners.load_plan(tmp_path, planners.TabularMDP.from_gym_dict({0: {0: [(1.0, 0, 1.0, False)]}}))


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path: Path) -> None:
    """And a run that ends at a limit saves where it stands; only one that is done deletes its checkpoints."""
    options: dict[str, Any] = {"discount": 0.99, "out": tmp_path, "checkpoint_every": 4, "parts": 32}
    stopped = solve_in_parts(ladder(), max_iterations=9, throw=False, **options)
    assert stopped.iterations == 9
    sets = tmp_path / "checkpoint"
    assert sorted(folder.name for folder in sets.iterdir()) == ["sweep-00000008", "sweep-00000009"]
    newest = sets / "sweep-00000009" / "part-00001.f64"
    whole = newest.read_bytes()
    newest.write_bytes(whole[:-8] + bytes(8))
    with pytest.warns(UserWarning, match=r"part-00001\.f64 is damaged: .* Going on from an older one"):
        again = solve_in_parts(ladder(), max_iterations=2, throw=False, **options)
    assert again.iterations == 8 + 2
    assert {folder.name for folder in sets.glob("sweep*")} == {"sweep-00000008", "sweep-00000010"}
    for part in sets.glob("sweep*/part-00002.f64"):
        part.write_bytes(part.read_bytes()[8:])
    with (
        pytest.warns(
            UserWarning, match=r"part-00002\.f64 is damaged: its checksum is wrong\. Going on from an older one"
        ),
        pytest.warns(UserWarning, match="Going on from the beginning, as there is no older one"),
    ):
        plan = solve_in_parts(ladder(), **options)
    assert plan.converged
    assert len(plan.history) == plan.iterations
    assert not sets.exists()


def test_a_finished_plan_is_kept_where_the_next_one_is_not_finished(tmp_path: Path) -> None:
    done = solve_in_parts(ladder(), discount=0.9, out=tmp_path)
    with pytest.warns(UserWarning, match="holds a finished plan, which is kept; this one is not finished"):
        solve_in_parts(ladder(), discount=0.99, out=tmp_path, max_iterations=3, throw=False)
    np.testing.assert_array_equal(planners.load_plan(tmp_path).values, done.values)
    solve_in_parts(ladder(), discount=0.99, out=tmp_path)
    assert planners.load_plan(tmp_path).discount == 0.99


def test_sigterm_saves_where_the_run_stands(tmp_path: Path) -> None:
    """As a scheduler sends it before it takes the machine away."""
    options: dict[str, Any] = {"discount": 0.99, "out": tmp_path, "checkpoint_every": 1000}

    def end(step: planners.Iteration) -> None:
        if step.iteration == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    stopped = solve_in_parts(ladder(), progress=end, **options)
    assert (stopped.status, stopped.iterations) == (planners.Status.INTERRUPTED, 6)
    assert [folder.name for folder in (tmp_path / "checkpoint").iterdir()] == ["sweep-00000006"]
    plan = solve_in_parts(ladder(), **options)
    np.testing.assert_array_equal(plan.values, solve_in_parts(ladder(), discount=0.99).values)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.txt", "..+\n..\n...\n", "a.txt line 2: 2 squares; expected 3"),
        ("a.txt", "..+\n.X.\n", r"a.txt line 2: unknown glyph 'X' in column 1"),
        ("a.txt", "###\n", "every square is a wall"),
        ("a.map", "type octile\nheight 2\nwidth 2\nmap\n..\n.@\n", r"\(row 1, column 1\) is blocked in a.map"),
        ("a.map", "type octile\nheight 3\nwidth 2\nmap\n..\n..\n", "a.map line 7: 0 squares; expected 2"),
    ],
)
def test_what_is_no_map_is_named(name: str, text: str, found: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="ascii")
    options = {"goal": "1,1"} if name.endswith(".map") else {}
    with pytest.raises(ValueError, match=found):
        solve_in_parts(slices.open_map(str(tmp_path / name), **options), discount=0.9)


def test_the_command_plans_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.txt").write_text("...+\n.#.-\nS...\n", encoding="ascii")
    model = str(tmp_path / "map.txt")
    assert main([model, "--discount", "0.9", "--slip", "0.2", "--out", str(tmp_path / "plan")]) == 0
    assert "within the tolerance" in capsys.readouterr().out
    truth = planners.solve(gym.make("GridWorld-v0", map_name="lecture", slip=0.2), discount=0.9)
    plan = planners.load_plan(tmp_path / "plan")
    assert np.abs(plan.values - truth.values).max() <= plan.error_bound + truth.error_bound
    assert main(["tests.planners.distributed.job:ladder_model", "--rungs", "30", "--discount", "0.5"]) == 0
    assert main([model, "--max-iterations", "2"]) == 3
    for arguments, found in (
        ([model, "--sleep", "0.2"], "a map has no option 'sleep'"),
        ([model, "--slip"], "cannot read the options --slip; expected pairs"),
        (["tests.planners.distributed.job:nothing"], "there is no tests.planners.distributed.job:nothing"),
        (["tests.planners.distributed.job:ladder_model", "--steps", "3"], "does not take these options"),
    ):
        assert main(arguments) == 2
        assert found in capsys.readouterr().err


def test_parts_are_dealt_in_turn() -> None:
    for parts, size in ((64, 1), (64, 3), (64, 64), (5, 8), (1, 2)):
        share = [list(dealt(parts, size, rank)) for rank in range(size)]
        assert in_turn(share) == list(range(parts))
        assert max(map(len, share)) - min(map(len, share)) <= 1
    assert evenly(3, 64).tolist() == [0, 1, 2, 3]


def test_rows_that_are_no_mdp_are_named() -> None:
    def without_an_end(first: int, last: int) -> tuple[Any, ...]:
        P, R, termination = job.ladder(first, last)
        return P, R, termination * 0.0

    with pytest.raises(InvalidModelError, match=r"state 0, action 0 is no action of an MDP: .* sum to 0"):
        solve_in_parts(Rows(without_an_end, job.LADDER, 2), discount=0.9)
    with pytest.raises(InvalidModelError, match=r"P of rows\(0, 46\) has shape \(92, 3000\); expected \(138, 3000\)"):
        solve_in_parts(Rows(job.ladder, job.LADDER, 3), discount=0.9)
