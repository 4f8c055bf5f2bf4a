"""`enumerate_env`: the tables of environments that have none, MiniGrid's rooms among them."""

import itertools
import math
import random
from collections import Counter
from fractions import Fraction
from functools import cache
from typing import Any

import gymnasium as gym
import gymnasium.envs.toy_text.blackjack as toy_blackjack
import minigrid  # noqa: F401
import numpy as np
import pygame
import pytest
from minigrid.envs.dynamicobstacles import DynamicObstaclesEnv

import gridworld_env  # noqa: F401
import planners
from tests.oracles.chance import ALARM, hoeffding
from tests.oracles.examples import THOROUGH
from tests.oracles.minigrid_rooms import largest_difference, paid, room_of, seen

WHOLE_DECK = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10)
WHOLE = pytest.param(WHOLE_DECK, marks=pytest.mark.skipif(not THOROUGH, reason="takes minutes: make test-thorough"))


def pose(room: Any, _: Any) -> tuple[int, int, int]:
    """All that matters in an empty room."""
    return int(room.agent_pos[0]), int(room.agent_pos[1]), int(room.agent_dir)


def reached(_: Any, reward: float) -> float:
    """1 for the goal; MiniGrid's own reward depends on the number of steps, which is no part of the pose."""
    return float(reward > 0)


def turns_and_steps(room: Any) -> int:
    """Fewest actions from the upper left, facing right, to the goal at the lower right: there, one turn, down."""
    return 2 * (room.width - 3) + 1


@pytest.mark.long
@pytest.mark.parametrize("size", [5, 6, 8])
def test_an_empty_minigrid_room(size: int) -> None:
    env = gym.make(f"MiniGrid-Empty-{size}x{size}-v0")
    model, keys = planners.enumerate_env(env, key=pose, reward=reached)
    squares = (size - 2) ** 2
    assert model.num_states == 4 * (squares - 1)  # four directions; the goal is left out, the episode is over there
    assert keys[0] == (1, 1, 0)
    plan = planners.solve(model, discount=0.9)
    assert plan.values[0] == pytest.approx(0.9 ** (turns_and_steps(env.unwrapped) - 1), abs=1e-9)


def test_minigrids_own_reward_is_not_a_table(rng: np.random.Generator) -> None:
    with pytest.raises(planners.InvalidModelError, match="the key does not tell all that matters"):
        planners.enumerate_env(gym.make("MiniGrid-Empty-5x5-v0"), key=pose)


def test_the_plan_plays_in_minigrid() -> None:
    env = gym.make("MiniGrid-Empty-6x6-v0")
    model, keys = planners.enumerate_env(env, key=pose, reward=reached)
    policy, number = planners.solve(model, discount=0.9).policy, {key: index for index, key in enumerate(keys)}
    env.reset(seed=0)
    for step in range(1, 100):
        _, reward, terminated, _, _ = env.step(int(policy.act(number[pose(env.unwrapped, None)])))
        if terminated:
            assert float(reward) > 0
            assert step == turns_and_steps(env.unwrapped)
            return
    pytest.fail("the plan does not reach the goal")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:The system font:UserWarning")  # MiniGrid's
def test_minigrid_and_gridworld_draw_beside_each_other() -> None:
    """Both are on pygame-ce: one process draws both, and ours goes on when MiniGrid ends all of pygame."""
    room, world = (gym.make(name, render_mode="human") for name in ("MiniGrid-Empty-5x5-v0", "GridWorld-v0"))
    room.reset(seed=0)
    world.reset(seed=0)
    assert pygame.display.get_surface() is not None  # MiniGrid's window
    room.close()
    assert not pygame.display.get_init()
    for action in (0, 0, 1, 1):
        world.step(action)
    picture = gym.make("GridWorld-v0", render_mode="rgb_array")
    picture.reset(seed=0)
    assert np.asarray(picture.render()).std() > 0
    world.close()


@pytest.mark.long
def test_samples_estimate_a_slippery_lake(rng: np.random.Generator) -> None:
    lake: Any = gym.make("FrozenLake-v1")
    samples = 150
    model, keys = planners.enumerate_env(lake, samples=samples, seed=int(rng.integers(2**31)))
    exact = planners.TabularMDP.from_env(lake)
    states = np.array(keys)
    assert len(states) == 11  # of 16; the four holes and the goal end the episode
    expected = np.asarray(exact.rewards)[states]
    spread = hoeffding(samples, alarm=ALARM / (11 * 4 * 12))  # for each of 44 rows: 11 frequencies and a mean reward
    assert np.abs(np.asarray(model.rewards) - expected).max() < spread
    dense = model.transitions.toarray().reshape(len(states), 4, len(states))
    truth = exact.transitions.toarray().reshape(exact.num_states, 4, exact.num_states)[
        np.ix_(states, np.arange(4), states)
    ]
    assert np.abs(dense - truth).max() < spread
    assert not np.array_equal(dense, truth)
    assert np.allclose(dense.sum(axis=2) + model.termination, 1.0)


def test_samples_that_cannot_be_used() -> None:
    with pytest.raises(planners.InvalidOptionError, match="samples is 0; expected a whole number"):
        planners.enumerate_env(gym.make("FrozenLake-v1"), samples=0)


def same_tables(env: Any) -> float:
    """The largest difference between what is enumerated and the environment's own P."""
    model, keys = planners.enumerate_env(env)
    assert model.initial is not None
    own, states = planners.TabularMDP.from_env(env), np.array(keys)
    size, actions = len(states), model.num_actions
    found = model.transitions.toarray().reshape(size, actions, size)
    expected = own.transitions.toarray().reshape(own.num_states, actions, -1)[states][:, :, states]
    assert np.allclose(model.initial, np.asarray(own.initial)[states], rtol=0, atol=1e-14)
    return max(
        np.abs(found - expected).max(),
        np.abs(model.termination - own.termination[states]).max(),
        np.abs((model.rewards - own.rewards[states]) / 100).max(),
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("FrozenLake-v1", {}),
        ("FrozenLake-v1", {"is_slippery": False, "map_name": "8x8"}),
        ("CliffWalking-v1", {"is_slippery": True}),
        ("Taxi-v4", {"is_rainy": True}),
        ("GridWorld-v0", {"map_name": "lecture", "slip": 0.2}),
    ],
)
def test_tables_of_environments_that_have_their_own(name: str, options: dict[str, Any]) -> None:
    assert same_tables(gym.make(name, **options)) < 2e-16


class Walk(gym.Env[Any, Any]):
    """A walk to the right on five squares, whose steps are drawn in one way or another."""

    observation_space = gym.spaces.Discrete(5)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, draw: Any) -> None:
        self.draw, self.square, self.visited, self.noise = draw, 0, [0], {"seen": np.zeros(3)}

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self.square, self.visited = 0, [0]
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.visited.append(self.square)  # in place
        self.square = min(self.square + int(self.draw(self)) * int(action), 4)
        return self.square, float(self.square == 4), self.square == 4, False, {}


def test_a_walk_by_hand() -> None:
    env = Walk(lambda walk: 1 + walk.np_random.binomial(2, 0.5))
    model, keys = planners.enumerate_env(env, key=lambda walk, seen: seen)
    assert keys == [0, 1, 2, 3]
    rows = model.transitions.toarray().reshape(4, 2, 4)
    assert rows[:, 1].tolist() == [[0, 0.25, 0.5, 0.25], [0, 0, 0.25, 0.5], [0, 0, 0, 0.25], [0, 0, 0, 0]]
    assert model.termination[:, 1].tolist() == model.rewards[:, 1].tolist() == [0, 0.25, 0.75, 1]


@pytest.mark.parametrize(
    "draw",
    [
        lambda walk: 1 + (random.random() < 0.5),
        lambda walk: 1 + walk.old.randint(2),
        lambda walk: 1 + np.random.randint(2),  # noqa: NPY002
        lambda walk: 1 + walk.own.randrange(2),
    ],
)
def test_generators_of_other_kinds_are_refused(draw: Any) -> None:
    walk: Any = Walk(draw)
    walk.old, walk.own = np.random.RandomState(0), random.Random(0)
    with pytest.raises(planners.InvalidModelError, match="draws random numbers by another generator than NumPy's"):
        planners.enumerate_env(walk)


def test_generators_of_other_kinds_may_draw_what_does_not_matter() -> None:
    model, _ = planners.enumerate_env(Walk(lambda walk: random.random() >= 0))
    assert model.num_states == 4


def test_a_continuous_draw_is_refused_in_words() -> None:
    with pytest.raises(planners.InvalidModelError, match=r"in state 0, action 0 uses the number that normal\(\) drew"):
        planners.enumerate_env(Walk(lambda walk: walk.np_random.normal()))


def test_an_attribute_that_changes_late_is_copied_after_all() -> None:
    """Copies share what the first steps did not change; this step changes an array only from square 3 on."""

    def draw(walk: Any) -> int:
        if walk.square == 3:
            walk.noise["seen"][0] += 1
        return 1 + (walk.noise["seen"][0] > 1)

    def squares(walk: Any, _: int) -> tuple[int, float]:
        return walk.square, min(walk.noise["seen"][0], 2.0)

    model, keys = planners.enumerate_env(Walk(draw), key=squares)
    assert keys == [(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]
    assert model.transitions.toarray().reshape(6, 2, 6)[3, 0].tolist() == [0, 0, 0, 0, 1, 0]


class Guess(gym.Env[Any, Any]):
    """A card lies face down; the second action turns it over and takes it, and the first draws another beside it."""

    observation_space = gym.spaces.Discrete(4)
    action_space = gym.spaces.Discrete(2)
    hidden, shown = 0, 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self.hidden, self.shown = int(self.np_random.choice([1, 2, 2])), int(self.np_random.integers(1, 3))
        self.suit = self.np_random.integers(4)  # so that the first that come to a state have the same hidden card
        return self.shown, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        if action:
            return 0, float(self.hidden > self.shown), True, False, {}
        self.shown = int(self.np_random.integers(1, 4))
        return self.shown, 0.0, False, False, {}


def test_a_hidden_card() -> None:
    with pytest.raises(planners.InvalidModelError, match=r"the key does not tell all that matters.*hidden="):
        planners.enumerate_env(Guess())
    one, _ = planners.enumerate_env(Guess(), seed=0)  # in this world the card is known
    assert set(one.rewards[:, 1].tolist()) <= {0.0, 1.0}

    def deal(game: Any) -> None:
        game.hidden = int(game.np_random.choice([1, 2, 2]))

    model, keys = planners.enumerate_env(Guess(), hidden=deal)
    assert model.initial is not None
    assert dict(zip(keys, model.initial.tolist(), strict=True)) == {1: 0.5, 2: 0.5, 3: 0}
    assert dict(zip(keys, model.rewards[:, 1].tolist(), strict=True)) == pytest.approx({1: 2 / 3, 2: 0, 3: 0})


def best_blackjack(deck: tuple[int, ...], *, naturals_win: bool) -> Fraction:
    """The value of blackjack at the deal by recursion over totals, in fractions."""
    cards = {card: Fraction(deck.count(card), len(deck)) for card in set(deck)}

    def total(hard: int, ace: bool) -> int:
        return hard + 10 if ace and hard + 10 <= 21 else hard

    @cache
    def dealer(hard: int, ace: bool, held: int) -> Counter[tuple[int, bool]]:
        end: Any = Counter()
        if total(hard, ace) >= 17:
            end[total(hard, ace) * (total(hard, ace) <= 21), held == 2 and total(hard, ace) == 21] = Fraction(1)
            return end
        for card, p in cards.items():
            for result, q in dealer(hard + card, ace or card == 1, held + 1).items():
                end[result] += p * q
        return end

    def stick(mine: int, natural: bool, shown: int) -> Fraction:
        ends = dealer(shown, shown == 1, 1).items()
        wins = lambda his, his_natural: 1 if naturals_win and natural and not his_natural else np.sign(mine - his)  # noqa: E731
        return Fraction(sum(p * int(wins(*result)) for result, p in ends))

    @cache
    def value(hard: int, ace: bool, natural: bool, shown: int) -> Fraction:
        if total(hard, ace) > 21:
            return Fraction(-1)
        hits = (p * value(hard + card, ace or card == 1, False, shown) for card, p in cards.items())
        return max(stick(total(hard, ace), natural, shown), sum(hits, Fraction(0)))

    deals = itertools.product(cards, cards, cards)
    chance = lambda *dealt: math.prod((cards[card] for card in dealt), start=Fraction(1))  # noqa: E731
    return sum((chance(*d) * value(d[0] + d[1], 1 in d[:2], {*d[:2]} == {1, 10}, d[2]) for d in deals), Fraction(0))


@pytest.mark.parametrize("deck", [(1, 9, 10), (6, 9, 10, 10), WHOLE])
def test_blackjack(deck: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_blackjack, "deck", list(deck))

    def deal(table: Any) -> None:
        table.dealer[1] = toy_blackjack.draw_card(table.np_random)

    def key(table: Any, seen: Any) -> tuple[Any, ...]:
        return *seen, sorted(table.player) == [1, 10]

    for naturals_win, told in ((True, key), (False, None)):
        game: Any = gym.make("Blackjack-v1", sab=naturals_win)
        model, _ = planners.enumerate_env(game, key=told, hidden=deal)
        plan = planners.solve(model, discount=1)
        exact = float(best_blackjack(deck, naturals_win=naturals_win))
        assert plan.values @ np.asarray(model.initial) == pytest.approx(exact, abs=1e-12)
    if 1 in deck and deck != WHOLE_DECK:  # the observation does not tell a natural from three cards that make 21
        with pytest.raises(planners.InvalidModelError, match="the key does not tell all that matters"):
            planners.enumerate_env(gym.make("Blackjack-v1"), hidden=deal)


def test_seed_chooses_one_world_and_none_is_all_of_them() -> None:
    taxi: Any = gym.make("Taxi-v4")
    model, keys = planners.enumerate_env(taxi)
    one, first = planners.enumerate_env(taxi, seed=3)
    assert [np.count_nonzero(np.asarray(each.initial)) for each in (model, one)] == [300, 1]
    assert taxi.reset(seed=3)[0] == first[0]
    plan, other = planners.solve(model, discount=0.9), planners.solve(one, discount=0.9)
    assert plan.values[keys.index(first[0])] == pytest.approx(other.values[0], abs=1e-5)


@pytest.mark.long
def test_rooms_that_reset_draws_again_and_again_come_from_the_seed() -> None:
    """A key, a door and a goal; other rooms are in benchmarks/minigrid_tables.py."""
    env = gym.make("MiniGrid-DoorKey-5x5-v0")
    model, keys = planners.enumerate_env(env, key=seen, reward=paid)
    plan = planners.solve(model, discount=0.9)
    env.reset(seed=0)
    room = room_of(env.unwrapped)
    assert keys[0] == room.start
    assert largest_difference(model, keys, room.tables()) < 1e-12
    policy, states, steps = plan.policy, model.states, 0
    assert states is not None
    while True:
        _, _, terminated, _, _ = env.step(int(policy.act(states.seen(env, None))))
        steps += 1
        if terminated:
            break
    assert plan.values[0] == pytest.approx(0.9 ** (steps - 1), abs=1e-6)


class DrawnWhereItFits(DynamicObstaclesEnv):
    """Balls whose next squares are drawn among those that are free, rather than until one is free."""

    def place_obj(
        self, obj: Any, top: Any = None, size: Any = None, reject_fn: Any = None, max_tries: Any = math.inf
    ) -> Any:
        if top is None or obj is None or obj.cur_pos is None:
            return super().place_obj(obj, top, size, reject_fn, max_tries)  # pyright: ignore
        squares = list(itertools.product(*(range(max(at, 0), min(at + 3, 5)) for at in top)))
        free = [at for at in squares if self.grid.get(at[0], at[1]) is None and at != tuple(self.agent_pos)]
        never = (1 - len(free) / len(squares)) ** (max_tries + 1)
        if not free or (never > 2**-60 and self.np_random.random() < never):  # rarer draws are left out anyway
            raise RecursionError
        at = free[self.np_random.integers(len(free))]
        self.grid.set(at[0], at[1], obj)
        obj.cur_pos = at
        return at


@pytest.mark.long
def test_moving_obstacles() -> None:
    env: Any = DrawnWhereItFits(size=5, n_obstacles=1)
    model, keys = planners.enumerate_env(env, key=seen, reward=paid)
    env.reset(seed=0)
    assert model.num_actions == 3
    assert largest_difference(model, keys, room_of(env).tables()) < 1e-12
