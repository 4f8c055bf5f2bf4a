"""The native vector environment against SyncVectorEnv, given the same uniform numbers."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_match import check_environments_match
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import NormalizeReward, RecordEpisodeStatistics

import gridworld_env  # noqa: F401 - registers the environments
from gridworld_env import MapError
from gridworld_env.dynamics import vector_sampler

NUMBER, STEPS, LIMIT = 7, 120, 9
WORLDS: list[dict[str, Any]] = [
    {"map_name": "lecture", "slip": 0.4},
    {"map_name": "sutton-barto-6.10"},
    {"map_name": "frozenlake-4x4"},
    {"desc": ["ST.+", ".z.-"], "legend": {"T": {"start": True, "start_weight": 2.0}, "z": {"slip": 0.9}}, "slip": 0.2},
    {
        "desc": ["Sd.+", ".D.-"],
        "legend": {"d": {"reward": [(0.3, 1), (0.7, -2)]}, "D": {"reward": [(0.6, 5), (0.4, 0)]}},
    },
]


class Dealt:
    """A generator that deals numbers from a list, one for `random()` and n for `random(n)`."""

    def __init__(self, numbers: list[float]) -> None:
        self.numbers = numbers

    def random(self, size: int | None = None) -> Any:
        return self.numbers.pop(0) if size is None else np.array([self.numbers.pop(0) for _ in range(size)])


def sync_step(envs: SyncVectorEnv, actions: np.ndarray, numbers: np.ndarray, spare: np.ndarray) -> Any:
    """A step in which environment i draws numbers[i] for its move and spare[i] for a new start."""
    mode, began = envs.autoreset_mode, envs._autoreset_envs.copy()
    for i, env in enumerate(envs.envs):
        begins = mode is AutoresetMode.NEXT_STEP and began[i]
        env.unwrapped.np_random = Dealt([spare[i]] if begins else [numbers[i], spare[i]])  # pyright: ignore
    return envs.step(actions)


@pytest.mark.parametrize("world", WORLDS, ids=["slip", "gusts", "lake", "kinds", "drawn"])
@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)
def test_equal_to_sync(world: dict[str, Any], mode: AutoresetMode, rng: np.random.Generator) -> None:
    ours = gym.make_vec("GridWorld-v0", NUMBER, autoreset_mode=mode, max_episode_steps=LIMIT, **world)
    made = [lambda: gym.make("GridWorld-v0", max_episode_steps=LIMIT, **world)] * NUMBER
    theirs = SyncVectorEnv(made, autoreset_mode=mode)
    first = rng.random(NUMBER)
    ours.np_random = Dealt(list(first))  # pyright: ignore[reportAttributeAccessIssue]
    for env, number in zip(theirs.envs, first, strict=True):
        env.unwrapped.np_random = Dealt([number])  # pyright: ignore[reportAttributeAccessIssue]
    check_same(ours.reset(), theirs.reset())
    for _ in range(STEPS):
        actions = rng.integers(ours.single_action_space.n, size=NUMBER)  # pyright: ignore[reportAttributeAccessIssue]
        numbers, spare = rng.random(NUMBER), rng.random(NUMBER)
        began = theirs._autoreset_envs.copy()
        expected = sync_step(theirs, actions, numbers, spare)
        ended = expected[2] | expected[3]
        anew = began if mode is AutoresetMode.NEXT_STEP else ended if mode is AutoresetMode.SAME_STEP else ended & False
        ours.np_random = Dealt([*numbers, *spare[anew]])  # pyright: ignore[reportAttributeAccessIssue]
        check_same(ours.step(actions), expected)
        if mode is AutoresetMode.DISABLED and ended.any():
            for env, number in zip(theirs.envs, spare, strict=True):
                env.unwrapped.np_random = Dealt([number])  # pyright: ignore[reportAttributeAccessIssue]
            ours.np_random = Dealt(list(spare[ended]))  # pyright: ignore[reportAttributeAccessIssue]
            check_same(*(envs.reset(options={"reset_mask": ended.copy()}) for envs in (ours, theirs)))


def check_same(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> None:
    for left, right in zip(ours[:-1], theirs[:-1], strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
    check_info(ours[-1], theirs[-1])


def check_info(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    for name, right in theirs.items():
        if isinstance(right, dict):
            check_info(ours[name], right)
        else:
            assert ours[name].dtype == right.dtype, name
            if right.dtype == object:
                assert ours[name].tolist() == right.tolist()
            else:
                np.testing.assert_allclose(ours[name], right, atol=1e-15)


@pytest.mark.parametrize("world", WORLDS, ids=["slip", "gusts", "lake", "kinds", "drawn"])
@pytest.mark.parametrize("mode", list(AutoresetMode), ids=lambda mode: mode.value)
def test_gymnasium_finds_no_difference(world: dict[str, Any], mode: AutoresetMode, rng: np.random.Generator) -> None:
    """One environment draws from one stream in either form: the same episodes, infos and pictures, of one seed."""
    ours, theirs = pair_of_one(mode, world, "ansi")
    check_environments_match(theirs, ours, num_steps=200, seed=int(rng.integers(2**31)))  # pyright: ignore


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.DISABLED], ids=lambda mode: mode.value)
def test_statistics_and_normalized_rewards_are_those_of_sync(mode: AutoresetMode, rng: np.random.Generator) -> None:
    seed, actions = int(rng.integers(2**31)), rng.integers(4, size=(200, 1))
    runs = []
    for envs in pair_of_one(mode, {"map_name": "frozenlake-4x4"}):
        statistics = RecordEpisodeStatistics(envs)
        wrapped, seen = NormalizeReward(statistics), []
        wrapped.reset(seed=seed)
        for row in actions:
            _, rewards, terminated, truncated, _ = wrapped.step(row)
            seen.append((rewards.tolist(), statistics.episode_count))
            if mode is AutoresetMode.DISABLED and (ended := terminated | truncated).any():
                wrapped.reset(options={"reset_mask": ended})
        runs.append((seen, list(statistics.return_queue), list(statistics.length_queue)))
    assert runs[0] == runs[1]
    assert len(runs[0][1]) > 5  # 26 on average; 10 or fewer in 3 of a million runs, by the exact distribution


def pair_of_one(mode: AutoresetMode, world: dict[str, Any], render: str | None = None) -> tuple[Any, SyncVectorEnv]:
    options: dict[str, Any] = {"max_episode_steps": LIMIT, "render_mode": render, **world}
    ours = gym.make_vec("GridWorld-v0", 1, autoreset_mode=mode, **options)
    made = [lambda: gym.make("GridWorld-v0", **options)]
    return ours, SyncVectorEnv(made, autoreset_mode=mode)


def test_episodes_without_a_limit() -> None:
    envs = gym.make_vec("GridWorld-v0", 2, max_episode_steps=-1)  # as gym.make
    envs.reset(seed=0)
    assert not any(envs.step(np.array([3, 2]))[3].any() for _ in range(1100))


def test_a_seed_for_each_environment() -> None:
    envs: Any = gym.make_vec("GridWorld-v0", 3, slip=0.5, desc=["....+"])
    first = [envs.reset(seed=seeds)[0].tolist() for seeds in ([1, 2, 3], (1, 2, 3), [1, None, 3])]
    assert first[0] == first[1]
    with pytest.raises(MapError, match="seed has 2 numbers; expected one, or 3"):
        envs.reset(seed=[1, 2])
    for wrong in ([1, 2.5, 3], [1, -2, 3], [1, "a", 3]):
        with pytest.raises(MapError, match=r"seed\[1\] is .*; expected a whole number of at least 0, or None"):
            envs.reset(seed=wrong)


def test_the_same_seed_gives_the_same_episodes() -> None:
    runs = []
    for _ in range(2):
        envs = gym.make_vec("GridWorld-v0", 50, slip=0.5)
        states, _ = envs.reset(seed=7)
        seen = [states]
        for _ in range(30):
            seen.append(envs.step(np.ones(50, dtype=np.int64))[0])
        runs.append(np.array(seen))
    np.testing.assert_array_equal(*runs)


def test_what_is_returned_is_not_changed_later() -> None:
    envs = gym.make_vec("GridWorld-v0", 3, slip=0.2)
    first, info = envs.reset(seed=1)
    kept, mask = first.copy(), info["action_mask"].copy()
    second, *_, later = envs.step(np.zeros(3, dtype=np.int64))
    kept_later = second.copy(), later["prob"].copy()
    envs.step(np.ones(3, dtype=np.int64))
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(info["action_mask"], mask)
    np.testing.assert_array_equal(second, kept_later[0])
    np.testing.assert_array_equal(later["prob"], kept_later[1])


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_wrappers(mode: AutoresetMode) -> None:
    envs = RecordEpisodeStatistics(NormalizeReward(gym.make_vec("GridWorld-v0", 4, autoreset_mode=mode)))
    envs.reset(seed=2)
    lengths = []
    for _ in range(300):
        *_, info = envs.step(envs.action_space.sample())
        lengths += info["episode"]["l"][info["_episode"]].tolist() if "episode" in info else []
    assert len(lengths) > 3
    assert min(lengths) >= 4  # the nearer end is four moves away


def test_pictures() -> None:
    envs = gym.make_vec("GridWorld-v0", 2, render_mode="ansi")
    envs.reset(seed=0, options={"state": [0, 7]})
    pictures = envs.render()
    assert pictures is not None
    assert len(pictures) == 2
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0, 0], r"int64 of shape \(2,\); expected integers of shape \(3,\)"),
        ([0.0, 1.0, 2.0], "actions are float64"),
        ([0, 4, 1], "the action of environment 1 is 4; expected 0 to 3"),
        ([0, 1, -1], "the action of environment 2 is -1"),
    ],
)
def test_wrong_actions(actions: list[Any], message: str) -> None:
    envs = gym.make_vec("GridWorld-v0", 3)
    envs.reset(seed=0)
    with pytest.raises(InvalidAction, match=message):
        envs.step(np.array(actions))


def test_wrong_use() -> None:
    with pytest.raises(MapError, match="num_envs is 0"):
        gym.make_vec("GridWorld-v0", 0)
    with pytest.raises(MapError, match="autoreset_mode is 'later'; expected an AutoresetMode or one of 'NextStep'"):
        gym.make_vec("GridWorld-v0", 2, autoreset_mode="later")
    envs = gym.make_vec("GridWorld-v0", 2, autoreset_mode="Disabled", max_episode_steps=1)
    with pytest.raises(ResetNeeded, match=r"step\(\) before reset\(\)"):
        envs.step(np.zeros(2, dtype=np.int64))
    envs.reset(seed=0)
    envs.step(np.zeros(2, dtype=np.int64))
    with pytest.raises(ResetNeeded, match=r"environments \[0, 1\] have ended"):
        envs.step(np.zeros(2, dtype=np.int64))
    with pytest.raises(MapError, match=r"reset_mask is .*expected a bool array"):
        envs.reset(options={"reset_mask": np.array([False, False])})
    with pytest.raises(MapError, match="has 3 places; expected 1 or 2"):
        envs.reset(options={"state": [1, 2, 3]})


@pytest.mark.parametrize("world", WORLDS, ids=["slip", "gusts", "lake", "kinds", "drawn"])
def test_large_maps_step_like_small_ones(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Without the tables of results, which large maps have no room for, the steps are the same."""
    small = gym.make_vec("GridWorld-v0", num_envs=7, **world)
    monkeypatch.setattr(vector_sampler, "TABLE_LIMIT", 0)
    large = gym.make_vec("GridWorld-v0", num_envs=7, **world)
    assert large.unwrapped._sampler._results is None  # pyright: ignore[reportAttributeAccessIssue]
    seed = int(rng.integers(2**31))
    np.testing.assert_array_equal(small.reset(seed=seed)[0], large.reset(seed=seed)[0])
    for row in rng.integers(small.single_action_space.n, size=(150, 7)):  # pyright: ignore[reportAttributeAccessIssue]
        ours, theirs = small.step(row), large.step(row)
        for one, other in zip(ours[:4], theirs[:4], strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(ours[4]["prob"], theirs[4]["prob"], rtol=1e-12)


def test_every_seed_of_a_list_counts(rng: np.random.Generator) -> None:
    envs: Any = gym.make_vec("GridWorld-v0", num_envs=3, slip=0.5)
    seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
    actions = rng.integers(4, size=(60, 3))

    def run(given: list[int]) -> list[Any]:
        first, _ = envs.reset(seed=given)
        return [first.tolist(), *(envs.step(row)[0].tolist() for row in actions)]

    runs = run(seeds)
    assert run(seeds) == runs
    for place in range(3):
        assert run([seed + (place == index) for index, seed in enumerate(seeds)]) != runs
    envs.close()


def test_it_names_places_and_actions_as_a_single_one_does() -> None:
    envs: Any = gym.make_vec("GridWorld-v0", num_envs=2, map_name="lecture").unwrapped
    single: Any = gym.make("GridWorld-v0", map_name="lecture").unwrapped
    assert [envs.state_to_cell(s) for s in range(11)] == [single.state_to_cell(s) for s in range(11)]
    assert envs.cell_to_state((2, 0)) == single.cell_to_state((2, 0))
    assert envs.action_names == single.action_names
    assert {name: mask.tolist() for name, mask in envs.labels.items()} == {
        name: mask.tolist() for name, mask in single.labels.items()
    }
    with pytest.raises(MapError, match="wall"):
        envs.cell_to_state((1, 1))
