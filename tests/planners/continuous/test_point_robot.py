"""The robot on a map: its steps, the probabilities between cells, and the bounds of what noise makes of its moves."""

import copy
import pickle
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import ndtr

import planners
from planners import Status
from planners.continuous import Interval, Noise, PointRobot, StochasticPlan, box, reachability, solve
from planners.continuous.cells import Cells
from planners.continuous.expected_values import Task
from planners.continuous.interval import truth
from planners.continuous.step_probabilities import moves_of, walls_of
from planners.kernels.expectations import back_up

LECTURE = ["...+", ".#.-", "S..."]
GAP = ["S#", "#+"]


def hoeffding(count: int, alarm: float = 1e-8) -> float:
    """How far the mean of so many draws from [0, 1] is from its expectation, but for a chance of `alarm`."""
    return float(np.sqrt(np.log(1.0 / alarm) / (2.0 * count)))


@pytest.fixture(scope="module")
def plan() -> StochasticPlan:
    return reachability(PointRobot(LECTURE, noise=0.2), cells=(16, 12), steps=40)


@pytest.mark.parametrize(
    ("state", "action", "noise", "after"),
    [
        ((0.5, 0.5), 0, (0.0, 0.0), (0.5, 1.0)),
        ((0.5, 0.5), 3, (0.0, 0.0), (0.5, 0.5)),  # the edge of the map is a wall
        ((0.5, 0.5), 3, (0.25, 0.0), (0.25, 0.5)),  # which may be touched
        ((0.75, 1.5), 1, (0.0, 0.0), (0.75, 1.5)),  # the wall in the middle
        ((0.75, 0.75), 4, (0.0, 0.0), (0.75, 0.75)),  # and its corner
        ((0.5, 2.5), 1, (0.25, 0.0), (1.25, 2.5)),
        ((0.5, 1.5), 1, (1.5, 0.0), (0.5, 1.5)),  # a jump over the wall, to where the robot could be
    ],
)
def test_a_step_does_not_take_place_where_it_meets_a_wall(state: Any, action: int, noise: Any, after: Any) -> None:
    robot = PointRobot(LECTURE)
    assert robot.step(state, action, noise) == after
    found = robot.step(tuple(np.full(3, x) for x in state), np.full(3, action), noise)
    assert [x.tolist() for x in found] == [[x] * 3 for x in after]


def test_the_gap_between_two_walls_is_closed() -> None:
    assert PointRobot(GAP, radius=0.0, step=1.0).step((0.9, 1.1), 5) == (0.9, 1.1)


@pytest.mark.parametrize("directions", [8, None])
@pytest.mark.parametrize("noise", [None, Noise("bounded", (0.2, 0.1))])
def test_boxes_hold_every_step_from_within_them(directions: Any, noise: Any, rng: np.random.Generator) -> None:
    robot, count = PointRobot(LECTURE, directions=directions, noise=noise, radius=0.2), 20_000
    for scale in (1e-6, 0.01, 0.3, 2.0):
        low = rng.uniform(0.0, robot.high, (count, 2)).T
        high = np.minimum(low + scale * rng.random(low.shape), np.array(robot.high)[:, None])
        point = tuple(low + (high - low) * rng.random(low.shape))
        action = rng.integers(0, 8, count) if directions else rng.uniform(-1.0, 1.0, count)
        wide = action if directions else Interval(action - 0.03 * scale, action + 0.03 * scale)
        drawn = rng.uniform(-1.0, 1.0, (2, count)) * np.array(noise.sizes if noise else (0.0, 0.0))[:, None]
        after, images = robot.step(point, action, (drawn[0], drawn[1])), robot.box_step(box(low, high), wide)
        assert all(np.all((x.low <= y) & (y <= x.high)) for x, y in zip(images, after, strict=True))
        rewards, reward = robot.reward(point, wide, images), robot.reward(point, action, after)
        assert np.all((rewards.low <= reward) & (reward <= rewards.high))
        end, ended = truth(robot.ended(images)), robot.ended(after)
        assert not np.any(end.surely & ~ended)
        assert not np.any(ended & ~end.possibly)


def test_probabilities_of_cells_hold_the_exact_ones(rng: np.random.Generator) -> None:
    """Of 1,000 cells, from 1,000 points, in 30 digits; and they are attained at the ends of the cell."""
    robot = PointRobot(LECTURE, noise=Noise("gaussian", (0.1, 0.23)))
    cells = Cells(robot, (32, 12))
    moves = moves_of(robot, cells, list(range(8)))
    with mpmath.workdps(30):
        for _ in range(500):
            action, axis = int(rng.integers(8)), int(rng.integers(2))
            at, n = rng.random() * cells.side[axis], int(rng.integers(moves.number[action, axis]))
            middle = mpmath.mpf(at) + mpmath.mpf(robot.displacement(action)[axis])
            border = [mpmath.mpf((moves.first[action, axis] + n + k) * cells.side[axis]) for k in (0, 1)]
            size = mpmath.mpf(robot.noise.sizes[axis])  # pyright: ignore[reportOptionalMemberAccess]
            passing = [mpmath.ncdf((middle - b) / size) for b in border]
            large, small = moves.large[action, axis], moves.small[action, axis]
            for k in (0, 1):
                assert small[n + k] <= passing[k] <= large[n + k]
            assert small[n] - large[n + 1] <= passing[0] - passing[1] <= large[n] - small[n + 1]
            begins = middle - mpmath.mpf(at)
            assert abs(mpmath.ncdf((begins - border[0]) / size) - small[n]) < 1e-11


def test_the_distribution_function_is_as_close_as_is_said(rng: np.random.Generator) -> None:
    with mpmath.workdps(30):
        points = rng.uniform(-8.0, 8.0, 2000)
        assert max(abs(mpmath.ncdf(mpmath.mpf(x)) - ndtr(x)) for x in points) < 1e-14


def exact_worth(robot: PointRobot, cells: Cells, worth: Any, point: Any, action: int) -> float:
    """The expectation by brute force: of all cells of the map and beyond, by a step that is meant for their middle."""
    total = 0.0
    move, sizes = robot.displacement(action), robot.noise.sizes  # pyright: ignore[reportOptionalMemberAccess]
    ranges = [range(-2 * count, 3 * count) for count in cells.shape]
    mass = [
        [np.diff(ndtr((np.array([n, n + 1]) * side - x - d) / size))[0] for n in numbers]
        for numbers, side, x, d, size in zip(ranges, cells.side, point, move, sizes, strict=True)
    ]
    for (k, i), (n, j) in product(enumerate(ranges[0]), enumerate(ranges[1])):
        if mass[0][k] * mass[1][n] > 1e-12:
            target = (i + 0.5) * cells.side[0], (j + 0.5) * cells.side[1]
            noise = [t - x - d for t, x, d in zip(target, point, move, strict=True)]
            after = robot.step(tuple(point), action, (noise[0], noise[1]))
            total += (
                mass[0][k] * mass[1][n] * worth[tuple(int(x / side) for x, side in zip(after, cells.side, strict=True))]
            )
    return total


@pytest.mark.parametrize("radius", [0.25, 0.0])
def test_one_backup_holds_the_exact_expectation(radius: float, rng: np.random.Generator) -> None:
    """From points of cells whose surroundings are worth anything; the radius is a multiple of the cells."""
    robot = PointRobot(LECTURE, noise=Noise("gaussian", (0.15, 0.1)), radius=radius)
    cells = Cells(robot, (16, 12))
    task = Task.of(robot, cells, robot.squares.rewards, 0.9, None)
    moves = moves_of(robot, cells, list(range(8)))
    worth = np.where(task.wholly, np.nan, rng.random(cells.shape) ** 4)
    bounds = []
    for sign, rest in ((-1.0, 0.0), (1.0, 1.0)):
        bounds.append(np.zeros(cells.shape))
        chosen = np.zeros(cells.shape, dtype=np.int16)
        back_up(worth, rest, moves, walls_of(task.partly, task.wholly, moves), task.live, sign, bounds[-1], chosen)
    places = np.argwhere(task.live)
    for place in places[rng.choice(len(places), 8, replace=False)]:
        point = (place + rng.choice([0.0, 1.0, rng.random()], 2) * 0.999_999 + 1e-7) * cells.side
        most = max(exact_worth(robot, cells, worth, point, action) for action in range(8))
        assert bounds[0][tuple(place)] - 1e-9 <= most <= bounds[1][tuple(place)] + 1e-9
    assert np.mean((bounds[1] - bounds[0])[task.live]) < 0.9


def test_the_bounds_are_within_those_of_the_interval_mdp() -> None:
    """The same cells as an `IntervalMDP`, whose probabilities are products of two intervals, which is less close.

    Entering a terminal cell pays what the cell itself pays on leaving it for the end, and its discount is taken back.
    """
    robot, discount = PointRobot(["S.", "-+"], noise=0.2, radius=0.0, directions=4), 0.9
    cells = Cells(robot, (8, 8))
    plan: Any = solve(robot, cells=cells.shape, discount=discount)
    moves, count = moves_of(robot, cells, [0, 1, 2, 3]), cells.count
    low, high = np.zeros((2, count + 1, 4, count + 1))
    low[:, :, count] = high[:, :, count] = 1.0  # where every episode ends
    over = np.flatnonzero(robot.ended(tuple(x.middle for x in cells.boxes(np.arange(count)))))
    rewards = np.full((count + 1, 4), robot.step_reward)
    rewards[count], rewards[over] = 0.0, (np.where(over < 4 * 8, -1.0, 1.0)[:, None] - robot.step_reward) / discount
    for state, action in product(np.flatnonzero(~np.isin(np.arange(count), over)), range(4)):
        place, small, large = np.array(divmod(int(state), 8)), moves.small[action], moves.large[action]
        low[state, action] = high[state, action] = 0.0
        for k, n in np.ndindex(*moves.number[action]):
            i, j = place + moves.first[action] + (k, n)
            to = i * 8 + j if 0 <= i < 8 and 0 <= j < 8 else state
            least = (small[axis, m] - large[axis, m + 1] for axis, m in ((0, k), (1, n)))
            low[state, action, to] += np.prod([max(x, 0.0) for x in least])
            high[state, action, to] += np.prod([large[axis, m] - small[axis, m + 1] for axis, m in ((0, k), (1, n))])
    model = planners.IntervalMDP.from_arrays(low, np.minimum(high, 1.0), rewards, rewards)
    wider: Any = planners.solve(model, discount=discount)
    live = plan.live
    assert np.all(wider.lower[:count][live] <= plan.lower[live] + 1e-3)
    assert np.all(wider.upper[:count][live] >= plan.upper[live] - 1e-3)
    assert np.mean((wider.upper - wider.lower)[:count][live]) > 1.1 * plan.mean_gap
    assert np.all(plan.lower[live] <= plan.upper[live])


def played(plan: StochasticPlan, policy: StochasticPlan, start: Any, count: int, seed: int) -> list[float]:
    """What episodes earn, of rewards as the plan has them, by a policy."""
    rng, totals, robot = np.random.default_rng(seed), [], policy.system
    for _ in range(count):
        state, total, policy_steps = tuple(start), 0.0, plan.steps or 60
        policy.reset()
        for k in range(policy_steps):
            action = policy.action(state)
            state = robot.sample(state, action, rng)
            reward = float(robot.reward(state, action, state))
            total += plan.discount**k * (float(reward > 0.0) if plan.steps else reward)
            if robot.ended(state):
                break
        totals.append(total)
    return totals


def test_the_policy_reaches_the_goal_as_often_as_is_proven(plan: StochasticPlan) -> None:
    """False alarms: below 1e-7 in all. A policy of finer cells is better, and does not beat the upper bound."""
    finer = reachability(PointRobot(LECTURE, noise=0.2), cells=(32, 24), steps=40)
    count = 120
    for start in ([0.5, 0.5], [2.5, 1.5]):
        lower, upper = plan.bounds(start)
        assert np.mean(played(plan, plan, start, count, 1)) >= lower - hoeffding(count)
        assert np.mean(played(plan, finer, start, count, 2)) <= upper + hoeffding(count)
        assert finer.bounds(start)[0] > lower
        assert finer.bounds(start)[0] <= upper
        assert finer.bounds(start)[1] >= lower
    assert finer.mean_gap < plan.mean_gap
    assert plan.bounds([3.5, 2.5]) == (1.0, 1.0)
    assert plan.bounds([3.5, 1.5]) == (0.0, 0.0)
    assert 0.0 <= np.nanmin(plan.lower) <= np.nanmax(plan.upper) <= 1.0


@pytest.mark.parametrize(
    ("noise", "directions"),
    [(0.1, 4), (Noise("bounded", (0.2, 0.2)), 8), (0.1, None)],
    ids=["normal", "even", "angles"],
)
def test_discounted_bounds_hold_what_the_policy_earns(noise: Any, directions: Any) -> None:
    """Totals are between -1.6 and 1; false alarms below 1e-7."""
    robot = PointRobot(LECTURE, noise=noise, directions=directions)
    plan: Any = solve(robot, cells=(32, 24), discount=0.9, actions=17)
    for start in ([0.5, 0.5], [2.5, 2.5]):
        (lower, upper), earned = plan.bounds(start), np.mean(played(plan, plan, start, 150, 3))
        assert lower - 2.6 * hoeffding(150) <= earned <= upper + 2.6 * hoeffding(150)
    assert plan.bounds([3.5, 2.5]) == (0.0, 0.0)
    assert plan.mean_gap < 0.4
    assert isinstance(plan.act(np.array([0.5, 0.5])), int if directions else np.ndarray)


def test_cells_that_are_blocked_in_part_only_widen_the_bounds(plan: StochasticPlan) -> None:
    robot = PointRobot(LECTURE, noise=0.2, radius=0.22)
    wider = reachability(robot, cells=(16, 12), steps=40)
    lower, upper = wider.bounds([0.5, 0.5])
    assert np.mean(played(wider, wider, [0.5, 0.5], 100, 4)) >= lower - hoeffding(100)
    assert lower < upper


def test_a_limit_of_steps_counts() -> None:
    robot = PointRobot(["S..+"], noise=Noise("bounded", (0.05, 0.05)), radius=0.2)
    plans = [reachability(robot, cells=(20, 5), steps=steps) for steps in (4, 5, 40)]
    assert plans[0].bounds([0.25, 0.5])[1] < 1e-4  # 2.75 to go, at most 0.55 in a step
    assert plans[1].bounds([0.25, 0.5])[1] > 0.01
    assert plans[2].bounds([0.25, 0.5])[0] > 0.95
    assert [plan.chosen.shape[0] for plan in plans[:2]] == [4, 5]


def test_without_noise_it_is_planned_on_as_any_system() -> None:
    robot = PointRobot(["...+", ".#.-", "S..."], directions=4)
    plan = solve(robot, cells=(32, 24))
    lower, upper = plan.bounds([0.5, 0.5])
    assert lower <= 1.0 - 0.04 * 8 <= upper  # 4 steps up, the fifth of 5 to the right arrives
    assert plan.status is Status.CONVERGED


def test_copies_files_and_pictures(plan: StochasticPlan) -> None:
    for other in (copy.deepcopy(plan), pickle.loads(pickle.dumps(plan))):
        assert other.bounds([0.5, 0.5]) == plan.bounds([0.5, 0.5])
        assert other.action([0.5, 0.5]) == plan.action([0.5, 0.5])
        plan.reset()
    assert "probability of a goal, within 40 steps" in repr(plan)
    assert len(plan.figure().axes) == 8
    robot = PointRobot(LECTURE, noise=0.2)
    assert pickle.loads(pickle.dumps(robot)).step((0.5, 0.5), 0) == (0.5, 1.0)


@pytest.mark.parametrize("when", [1, 3, 45])
def test_what_was_known_at_ctrl_c_is_valid(when: int, plan: StochasticPlan) -> None:
    calls = []

    def press(stage: Any) -> None:
        calls.append(stage)
        if len(calls) == when:
            raise KeyboardInterrupt

    stopped = reachability(PointRobot(LECTURE, noise=0.2), cells=(16, 12), steps=40, progress=press)
    assert stopped.status is Status.INTERRUPTED
    live = stopped.live
    assert np.all(stopped.lower[live] <= plan.lower[live])
    assert np.all(stopped.upper[live] >= plan.lower[live])
    assert np.all(stopped.upper[live] <= 1.0)
    assert stopped.action([0.5, 0.5]) in range(8)


def test_bad_input_is_refused_in_words() -> None:
    noisy = PointRobot(LECTURE, noise=0.1)
    for call, words in (
        (lambda: PointRobot("map"), "desc is 'map'; expected a list of strings"),
        (lambda: PointRobot(["..", "."]), "of one length"),
        (lambda: PointRobot([".?"]), r"desc has '\?' in row 0, column 1; expected # \(wall\)"),
        (lambda: PointRobot(["#+"]), "no square to be on"),
        (lambda: PointRobot(LECTURE, radius=0.5), "radius is 0.5; expected a number of 0 or more, below 0.5"),
        (lambda: PointRobot(LECTURE, step=True), "step is True"),
        (lambda: PointRobot(LECTURE, directions=5), "directions is 5"),
        (lambda: PointRobot(LECTURE, noise=-1), "noise is -1; expected a number"),
        (lambda: PointRobot(LECTURE, noise=Noise("bounded", (0.1,))), "noise is Noise"),
        (lambda: PointRobot(LECTURE, rewards=np.zeros((2, 2))), r"rewards is an array of float64 of shape \(2, 2\)"),
        (lambda: PointRobot(LECTURE, rewards=np.full((3, 4), np.inf)), "rewards has an infinite number"),
        (lambda: noisy.checked_state([1.5, 1.5]), "overlaps no wall"),
        (lambda: noisy.checked_state([0.1, 0.5]), "the edge of the map is one"),
        (lambda: noisy.checked_state([0.5, 9.0]), "y; expected a number from 0 to 3"),
        (lambda: solve(noisy, cells=(16, 12)), "planners.continuous.reachability"),
        (lambda: solve(noisy, cells=(16, 13), discount=0.9), "multiples of the map's 4 columns and 3 rows"),
        (lambda: solve(noisy, discount=0.9, actions=10**6), "actions is 1000000; expected at most 1000"),
        (lambda: reachability(PointRobot(LECTURE)), "expected a PointRobot with noise"),
        (lambda: reachability(noisy, steps=0), "steps is 0"),
        (lambda: reachability(PointRobot(["S-"], noise=0.1)), "the map has no goal"),
        (lambda: reachability(noisy, progress=3), "progress is 3"),  # pyright: ignore[reportArgumentType]
        (lambda: noisy.box_step(box([0.5], [0.6]) * 2, 0), "no box holds every next state"),
    ):
        with pytest.raises(planners.InvalidOptionError, match=words):
            call()
    with pytest.raises(planners.NotEnoughMemoryError, match="Use fewer cells"):
        reachability(noisy, cells=(4 * 10**6, 3 * 10**6))


def test_maps_as_arrays_are_the_same() -> None:
    walls = np.array([[glyph == "#" for glyph in row] for row in LECTURE])
    rewards = np.full((3, 4), np.nan)
    rewards[0, 3], rewards[1, 3] = 1.0, -1.0
    robot = PointRobot(walls, rewards=rewards, terminal=np.isfinite(rewards))
    for name in ("walls", "terminal", "rewards"):
        assert np.array_equal(getattr(robot.squares, name), getattr(PointRobot(LECTURE).squares, name))
