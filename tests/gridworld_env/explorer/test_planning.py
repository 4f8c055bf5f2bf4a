"""Planning a step at a time, against the tables of the environment, textbooks and closed forms."""

import threading
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import planners
from gridworld_env import WORLDS, GridWorldEnv, random_map
from gridworld_env.explorer import handlers
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.planning import Planning
from gridworld_env.explorer.session import Session
from planners.models.backups import backup, backup_state, greedy_actions
from tests.oracles.chance import check_counts


def explorer_of(name: str = "lecture", **rules: Any) -> Session:
    discount = rules.pop("discount", 0.9)
    return Session(make_document({"map_name": name, **rules}, discount), seed=1)


def finish(session: Session) -> None:
    while session.job is not None:
        session.job.paced = False
        session.advance(0.0)


def looped_backup(name: str, values: np.ndarray, discount: float) -> np.ndarray:
    """(S, A) by Python loops over the table that Gymnasium's users read."""
    env = gym.make("GridWorld-v0", map_name=name).unwrapped
    assert isinstance(env, GridWorldEnv)
    return np.array(
        [
            [
                sum(
                    p * (r + (0.0 if ends or discount == 0 else discount * values[to]))
                    for p, to, r, ends in env.P[s][a]
                )
                for a in range(env.mdp.num_actions)
            ]
            for s in range(env.mdp.num_states)
        ]
    )


@pytest.mark.parametrize(
    "name", ["aima-4x3-3e", "frozenlake-4x4", "sutton-barto-3.5", "sutton-barto-6.10", "cliffgrid"]
)
def test_a_backup_is_that_of_the_table(name: str, rng: np.random.Generator) -> None:
    planning = Planning(make_document({"map_name": name}))
    values = rng.normal(size=len(planning.values))
    expected = looped_backup(name, values, 0.9)
    np.testing.assert_allclose(backup(planning.mdp, values, 0.9), expected, atol=1e-12)
    for state in rng.integers(len(values), size=5):
        one = backup_state(planning.mdp, int(state), values, 0.9)
        np.testing.assert_allclose(one, expected[state], atol=1e-12)


def test_infinite_values_make_every_action_infinite_that_can_reach_them() -> None:
    planning = Planning(make_document({"desc": ["S.+", "###", "..."], "slip": 0.2}, 1.0))
    values = np.array([0.0, 0.0, 0.0, -np.inf, -np.inf, -np.inf])
    q = backup(planning.mdp, values, 1.0)
    assert np.isfinite(q[:3]).all()
    assert (q[3:] == -np.inf).all()
    for state in range(6):
        np.testing.assert_allclose(backup_state(planning.mdp, state, values, 1.0), q[state], rtol=1e-14)
    assert np.isfinite(backup(planning.mdp, values, 0.0)).all()


def test_sweeps_are_those_of_algorithm_4() -> None:
    planning, values = Planning(make_document({"map_name": "aima-4x3"})), np.zeros(11)
    for _ in range(25):
        values = looped_backup("aima-4x3", values, 0.9).max(axis=1)
        planning.sweep()
        np.testing.assert_allclose(planning.values, values, atol=1e-12)
    assert planning.counts.sweeps == 25


def test_running_finds_the_values_of_the_book() -> None:
    session = explorer_of("aima-4x3", discount=1.0)
    handlers.toggle(session, "run")
    finish(session)
    book = [0.8516, 0.9078, 0.9578, 0.0, 0.8016, 0.7003, 0.0, 0.7453, 0.6953, 0.6514, 0.4279]  # AIMA, 4th edition
    np.testing.assert_allclose(session.planning.values, book, atol=5e-5)
    assert "settled" in session.status[0]


def test_evaluating_the_uniform_policy_prints_sutton_and_bartos_table() -> None:
    session = explorer_of("sutton-barto-4.1", discount=1.0)
    handlers.evaluate(session)
    # Figure 4.1, k = infinity; the two terminal squares are states here.
    book = [0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]
    np.testing.assert_allclose(session.planning.values, book, atol=1e-9)


def test_visits_of_the_policy_are_shown() -> None:
    session = explorer_of("lecture")
    session.planning.solve()
    session.show("visited")
    shown, planning = session.scene.values, session.planning
    assert shown is not None
    assert not session.problem
    per_step = (planning.mdp.rewards * planning._exact_policy().probabilities).sum(axis=1)  # V: visits times rewards
    assert shown @ per_step == pytest.approx(float(planning.values @ np.asarray(planning.mdp.initial)), abs=1e-6)


def test_evaluating_by_sweeps_ends_where_the_linear_system_does(rng: np.random.Generator) -> None:
    document = make_document({"desc": random_map(9, 9, seed=int(rng.integers(10**6))), "slip": 0.3}, 0.95)
    direct, swept = Planning(document), Planning(document)
    direct.evaluate()
    assert list(swept.evaluation_sweeps())
    np.testing.assert_allclose(swept.values, direct.values, atol=1e-8)


@pytest.mark.parametrize("name", ["lecture", "discountgrid", "four-rooms", "frozenlake-8x8", "sutton-barto-3.5"])
def test_policy_iteration_and_solving_and_sweeps_agree(name: str) -> None:
    found = []
    for job in ("run", "policy iteration"):
        session = explorer_of(name)
        handlers.toggle(session, job)
        finish(session)
        assert not session.status[1]
        found.append(session.planning.values)
    solved = explorer_of(name)
    solved.solve()
    plan = planners.value_iteration(gym.make("GridWorld-v0", map_name=name), discount=0.9, tolerance=1e-9)
    for values in (*found, solved.planning.values):
        np.testing.assert_allclose(values, plan.values, atol=1e-8)


def test_one_backup_changes_one_square() -> None:
    session = explorer_of()
    session.use([(0, 2)], "backup")
    assert session.planning.values[2] == 1.0
    assert np.count_nonzero(session.planning.values) == 1
    assert session.planning.policy[2].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert session.planning.counts.backups == 1


def test_an_improvement_leaves_the_values_alone() -> None:
    session = explorer_of()
    handlers.evaluate(session)
    before = session.planning.values
    handlers.improve(session)
    np.testing.assert_array_equal(session.planning.values, before)
    q = looped_backup("lecture", before, 0.9)
    assert (session.planning.policy.argmax(axis=1) == q.argmax(axis=1)).all()


def test_ties_share_the_policy() -> None:
    assert greedy_actions(np.array([[1.0, 1.0 + 1e-13, 0.5, 0.0]])).tolist() == [[True, True, False, False]]
    assert greedy_actions(np.full((1, 4), -np.inf)).tolist() == [[True] * 4]
    planning = Planning(make_document({"desc": ["S..", "..+"]}))
    planning.sweep()
    planning.sweep()
    assert planning.policy[[0, 2]].tolist() == [[0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 1.0, 0.0]]


@pytest.mark.parametrize("size", [1e-7, 1.0, 1e5])
def test_the_window_shows_the_plans_set_of_optimal_actions(size: float, rng: np.random.Generator) -> None:
    """Maps of ties that are worth little or much."""
    for _ in range(10):
        desc = random_map(*rng.integers(3, 9, size=2).tolist(), seed=int(rng.integers(10**6)))
        rules = {"slip": float(rng.choice([0.0, 0.2, 0.5])), "step_reward": -size * float(rng.choice([0.0, 0.04]))}
        legend = {"+": {"terminal": True, "reward": size}}
        session = Session(make_document({"desc": desc, "legend": legend, **rules}, float(rng.choice([0.5, 0.9, 1.0]))))
        session.solve()
        planning, living = session.planning, ~session.document.grid.terminal
        model, discount = planning.mdp, session.document.discount
        plan = planners.solve(model, discount=discount, tolerance=1e-9 * size)
        np.testing.assert_array_equal(planning.policy[living] > 0, plan.optimal_actions[living])
        np.testing.assert_array_equal(planning.possible_actions()[living], plan.optimal_actions[living])


@pytest.mark.parametrize("name", WORLDS)
def test_actions_are_ruled_out_one_by_one_and_never_a_best_one(name: str) -> None:
    planning = Planning(make_document({"map_name": name}))
    plan = planners.policy_iteration(gym.make("GridWorld-v0", map_name=name), discount=0.9)
    best = plan.action_values >= plan.action_values.max(axis=1, keepdims=True) - 1e-12
    before = possible = np.ones(best.shape, dtype=bool)
    for _ in range(12):
        before, possible = possible, planning.possible_actions()
        assert (possible | ~best).all()
        proof = planning.certify()
        assert (proof.lower <= plan.upper).all()
        assert (proof.upper >= plan.lower).all()
        planning.sweep()
    assert possible.sum() <= before.sum()
    planning.solve()
    terminal = planning.document.grid.terminal
    np.testing.assert_array_equal(planning.possible_actions()[~terminal], plan.optimal_actions[~terminal])


def test_the_policy_flips_where_paper_and_pencil_say() -> None:
    """At discount g, below -1 in the lower right corner: up at once, -1, against left, up, up, right.

    r (1 + g + g^2) + g^3 = -1. Beside the -1, right at once against up and right: r + g = -1.
    """
    g, session = 0.9, explorer_of()
    corner, beside = -(1 + g**3) / (1 + g + g**2), -(1 + g)
    handlers.toggle(session, "flip")
    rewards, corners, besides = [], [], []
    while session.job is not None:
        session.job.paced = False
        try:
            next(session.job.steps)
        except StopIteration:
            break
        rewards.append(session.document.rules.step_reward)
        corners.append(bool(session.planning.policy[10, 0] == 1))
        besides.append(bool(session.planning.policy[5, 1] == 1))
    assert corners == [reward < corner for reward in rewards]
    assert besides == [reward < beside for reward in rewards]
    assert (rewards[0], rewards[-1]) == (-0.0109, -2.0)
    found = session.status[0].split(", at ")[1].split(", ")
    assert f"{corner:.4g}" in found  # and not the first step reward that was tried after it
    assert f"{beside:.4g}" in found
    assert (f"{corner:.4g}", f"{beside:.4g}") == ("-0.638", "-1.9")
    session.undo()
    assert session.document.rules.step_reward == -0.04  # the whole scan is one change


def test_kept_solved_every_change_is_answered_and_marked() -> None:
    session = explorer_of()
    handlers.keep_solved(session)
    session.set_rule(step_reward=-0.7)
    assert np.flatnonzero(session.marks).tolist() == [10]
    for reward in (-2.0, -0.5, -0.04):
        session.set_rule(step_reward=reward)
        plan = planners.policy_iteration(gym.make("GridWorld-v0", step_reward=reward), discount=0.9)
        living = ~session.document.grid.terminal
        np.testing.assert_array_equal(session.planning.policy[living] > 0, plan.optimal_actions[living])
    session.use([(0, 2)], "wall")
    assert session.planning.values[0] < 0.0  # the +1 is cut off


def test_values_stay_with_their_squares_when_walls_come_and_go() -> None:
    session = explorer_of()
    session.solve()
    values = session.planning.values
    session.use([(0, 0), (2, 1)], "wall")
    np.testing.assert_array_equal(session.planning.values, values[[1, 2, 3, 4, 5, 6, 7, 9, 10]])
    session.undo()
    np.testing.assert_array_equal(session.planning.values, np.where(np.isin(np.arange(11), [0, 8]), 0.0, values))


def test_reward_without_an_end_is_said() -> None:
    session = Session(make_document({"desc": ["S.."], "step_reward": 1.0}, 1.0))
    assert "no terminal square" in session.status[0]
    assert not session.attempt(session.solve)
    assert "reward can be collected for ever" in session.status[0]
    np.testing.assert_array_equal(session.planning.values, 0.0)


def test_the_walk_goes_on_when_the_rules_change() -> None:
    session = explorer_of()
    session.solve()
    handlers.step(session)
    session.set_rule(slip=0.5)
    session.set_rule(discount=0.8)
    assert session.agent.steps == 1
    assert len(session.agent.trail) == 2


def test_a_run_without_an_end_gives_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "MOST_SWEEPS", 50)
    session = Session(make_document({"desc": ["S.."]}, 1.0))
    handlers.toggle(session, "run")
    finish(session)
    assert session.status[1]
    assert "lower the discount" in session.status[0]


def test_bounds_of_what_can_be_collected_for_ever_are_infinite() -> None:
    session = Session(make_document({"desc": ["S.+", "###", "..."]}, 1.0))
    session.solve()
    session.show("lower")
    assert session.problem == ""
    session.set_rule(step_reward=1.0)
    assert session.problem == ""
    shown = np.asarray(session.scene.values)
    assert np.isinf(np.delete(shown, 2)).all()
    assert abs(shown[2]) < 1e-300  # the terminal square


def test_the_agent_walks_as_the_tables_say() -> None:
    """The share of slips of 4000 first steps, within five standard deviations."""
    session = explorer_of("aima-4x3")
    session.solve()
    slips = 0
    for _ in range(4000):
        session.agent.drop(8)  # where right is best
        move = session.agent.step(session.planning)
        assert move.intended == 1
        assert move.made in (0, 1, 2)
        slips += move.made != move.intended
    check_counts([slips], 4000, [0.2])


def test_a_walk_ends_at_an_end_and_its_total_is_what_it_earned() -> None:
    session = explorer_of()
    session.solve()
    handlers.toggle(session, "walk")
    finish(session)
    assert session.agent.done
    assert session.agent.steps == 5
    assert session.agent.total == pytest.approx(1 - 4 * 0.04)
    assert "the end" in session.status[0]


def test_the_agent_is_taken_away_when_its_square_becomes_a_wall() -> None:
    session = explorer_of()
    session.use([(2, 2)], "agent")
    session.use([(0, 0)], "wall")
    assert session.agent.state == 8  # the same square under another number
    session.use([(2, 2)], "wall")
    assert session.agent.state is None
    assert not session.attempt(lambda: session.use([(2, 2)], "agent"))
    assert "walls are not states" in session.status[0]


def test_marks_stay_until_the_policy_changes_again() -> None:
    session = explorer_of()
    handlers.keep_solved(session)
    session.set_rule(step_reward=-0.7)
    session.set_rule(step_reward=-0.75)  # nothing changes
    assert np.flatnonzero(session.marks).tolist() == [10]
    session.set_rule(step_reward=-1.95)  # below -(1 + 0.9): into the -1 from beside it, and from the start too
    assert np.flatnonzero(session.marks).tolist() == [5, 7, 9]


def test_flips_between_two_step_rewards_are_where_the_optimal_actions_change(rng: np.random.Generator) -> None:
    document = make_document({"desc": random_map(4, 5, seed=int(rng.integers(10**6))), "slip": 0.2}, 0.9)
    planning, living = Planning(document), ~document.grid.terminal

    def optimal(reward: float) -> bytes:
        other = document.with_rules(step_reward=reward)
        plan = planners.policy_iteration(Planning(other).mdp, discount=0.9, tolerance=1e-11)
        return plan.optimal_actions[living].tobytes()

    flips = planning.flips_between(-0.05, -1.5)
    borders = [-0.05, *flips, -1.5]
    for before, flip, after in zip(borders, flips, borders[2:], strict=False):
        assert optimal(flip + min(1e-4, (before - flip) / 2)) != optimal(flip - min(1e-4, (flip - after) / 2))
    assert (optimal(-0.05) == optimal(-1.5)) or flips


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Solving in a thread does not begin before it is set."""
    event, solve = threading.Event(), planners.solve

    def held(*model: Any, **options: Any) -> planners.Plan:
        if threading.current_thread() is not threading.main_thread():
            event.wait(60.0)
        return solve(*model, **options)

    monkeypatch.setattr(planners, "solve", held)
    yield event
    event.set()


def test_a_large_map_is_solved_beside_the_window_and_can_be_stopped(let_go: threading.Event) -> None:
    session = Session(make_document({"desc": random_map(60, 60, seed=3)}, 0.99))
    session.solve()
    assert "Escape stops it" in session.status[0]
    session.advance(0.0)
    session.stop()
    let_go.set()
    assert session.job is None
    assert (session.planning.values == 0).all()
    session.solve()
    finish(session)
    plan = planners.solve(session.planning.mdp, discount=0.99, tolerance=1e-9)
    np.testing.assert_allclose(session.planning.values, plan.values, atol=3e-9)
    assert session.status[0].startswith("solved, error at most")
    assert session.planning.counts.solutions == 1
    assert len(session.recording.frames) == 1


def test_a_map_that_changes_while_it_is_solved_is_solved_as_it_is(let_go: threading.Event) -> None:
    session = Session(make_document({"desc": random_map(60, 60, seed=3)}, 0.99))
    session.solve()
    session.advance(0.0)
    session.set_rule(step_reward=-0.5)
    let_go.set()
    finish(session)
    plan = planners.solve(session.planning.mdp, discount=0.99, tolerance=1e-9)
    np.testing.assert_allclose(session.planning.values, plan.values, atol=3e-9)
