"""Games of strategies of more than two players: payoffs, NashConv, rules, environments and pages."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box

import gan_lab
from gan_lab import Strategist, WiringError, ascent, train
from gan_lab.games import BilinearGame, NPlayerGame, PolymatrixGame
from gan_lab.payoffs.losses import LOSSES
from gridworld_env.ui.pages.packing import unpacked

CIRCLE: Any = {("discriminator", "generator"): 1.0, ("generator", "third"): 2.0, ("third", "discriminator"): 0.5}


class Firms(NPlayerGame):
    """Cournot: three firms sell x, y, z at the price 5 - x - y - z, at a cost of 1; in equilibrium all sell 1."""

    name, seats = "firms", ("third",)

    @property
    def equilibrium(self) -> Any:
        return np.ones(1), np.ones(1), np.ones(1)

    def space(self, agent: str) -> Box:
        return Box(0.0, 4.0, (1,), np.float64)

    def start(self, agent: str) -> Any:
        return np.array([0.2])

    def payoffs(self, loss: Any, *strategies: Any) -> Any:
        return tuple((own * (4 - sum(strategies))).sum() for own in strategies)

    def gains(self, *strategies: Any) -> Any:  # the best answer to the others' s is (4 - s) / 2, if that is in the box
        rest = [sum(strategies) - own for own in strategies]
        best = [np.clip((4 - other) / 2, 0, 4) for other in rest]
        both = zip(strategies, best, rest, strict=True)
        return [float((b * (4 - other - b) - own * (4 - other - own)).sum()) for own, b, other in both]


Matrices = dict[tuple[str, str], Any]
NAMES: tuple[str, ...] = ("discriminator", "generator", "third", "fourth")


def matrices(rng: np.random.Generator, zero_sum: bool) -> Matrices:
    """Of four players of one to three numbers each; of zero sum, in one order of each pair alone."""
    sizes: dict[str, int] = dict(zip(NAMES, (int(size) for size in rng.integers(1, 4, 4)), strict=True))
    chosen = [(a, b) for place, a in enumerate(NAMES) for b in NAMES[(place + 1 if zero_sum else 0) :] if a != b]
    return {(a, b): rng.normal(size=(sizes[a], sizes[b])) for a, b in chosen}


def by_hand(given: Matrices, strategies: dict[str, Any]) -> dict[str, float]:
    """What each is paid: sum_j s_i^T A_ij s_j."""
    paid = dict.fromkeys(strategies, 0.0)
    for (a, b), matrix in given.items():
        paid[a] += float(strategies[a] @ matrix @ strategies[b])
        if (b, a) not in given:
            paid[b] -= float(strategies[a] @ matrix @ strategies[b])
    return paid


@pytest.mark.parametrize("zero_sum", [True, False])
def test_gains_are_those_of_the_best_corner(zero_sum: bool, rng: np.random.Generator) -> None:
    """A payoff is linear in the player's own strategy, so that a corner of the box is best: all of them are tried."""
    given = matrices(rng, zero_sum)
    game = PolymatrixGame(given, bound=3.0)
    assert game.agents == [f"{name}_0" for name in NAMES]
    strategies = {name: rng.uniform(-3, 3, game.space(f"{name}_0").shape) for name in NAMES}
    paid = by_hand(given, strategies)
    assert game.is_zero_sum(LOSSES["minimax"]) == zero_sum
    gains = {}
    for name, own in strategies.items():
        corners = np.stack(np.meshgrid(*[(-3.0, 3.0)] * len(own)), -1).reshape(-1, len(own))
        gains[name] = max(by_hand(given, strategies | {name: corner})[name] for corner in corners) - paid[name]
    truth = game.truth(*strategies.values())
    assert {name: truth[f"gain_{name}"] for name in NAMES} == pytest.approx(gains)
    assert truth["exploitability"] == pytest.approx(sum(gains.values()))
    assert game.exploitability(*game.equilibrium) == 0.0
    env = gan_lab.env(game)
    env.reset(seed=1)
    for name, own in strategies.items():
        env.step(own)
        assert env.agent_selection != f"{name}_0"
    assert env.rewards == pytest.approx({f"{name}_0": value for name, value in paid.items()})
    assert env.metadata["zero_sum"] == zero_sum


def test_with_two_players_it_is_the_bilinear_game(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(2, 3))
    runs = [
        train(game, update="extragradient", steps=30, rate=0.1)
        for game in (BilinearGame(matrix), PolymatrixGame({("discriminator", "generator"): matrix}))
    ]
    for one, other in zip(*(run.strategies for run in runs), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert runs[0].truth[-1]["exploitability"] == pytest.approx(runs[1].truth[-1]["exploitability"])


RATE = 0.05


def rotated(update: str, jacobian: Any) -> Any:
    """The matrix of one update w' = M w, written out."""
    one, ahead = np.eye(len(jacobian)), np.eye(len(jacobian)) + RATE * jacobian
    if update == "alternating":
        found = one
        for player in range(len(jacobian)):
            step = one.copy()
            step[player] += RATE * jacobian[player]
            found = step @ found
        return found
    if update == "lookahead":
        return (one + np.linalg.matrix_power(rotated("alternating", jacobian), 5)) / 2
    others = jacobian - np.diag(np.diag(jacobian))
    return {
        "simultaneous": ahead,
        "extragradient": one + RATE * jacobian @ ahead,
        "consensus": one + RATE * (jacobian - jacobian.T @ jacobian),
        "implicit": np.linalg.inv(one - RATE * jacobian),
        "sga": one + RATE * (jacobian - (jacobian - jacobian.T).T @ jacobian / 2),
        "cgd": one + RATE * np.linalg.inv(one - RATE * others) @ jacobian,
    }[update]


RULES = ["simultaneous", "alternating", "extragradient", "consensus", "implicit", "sga", "cgd", "lookahead"]


@pytest.mark.parametrize("update", RULES)
def test_rules_move_three_players_by_their_matrix(update: str) -> None:
    jacobian = np.array([[0, 1, -0.5], [-1, 0, 2], [0.5, -2, 0.0]])
    matrix, place = rotated(update, jacobian), np.ones(3)
    run = train(PolymatrixGame(CIRCLE), update=update, steps=20, rate=RATE, truth_every=1)
    for row in run.truth:
        place = matrix @ place
        slope = jacobian @ place
        assert row["exploitability"] == pytest.approx(10 * np.abs(slope).sum() - place @ slope, abs=1e-10)
    np.testing.assert_allclose(np.concatenate(run.strategies), place, atol=1e-10)
    assert run.spectrum(3).radius == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), abs=1e-6)


def test_a_game_of_ones_own_without_zero_sum(tmp_path: Path) -> None:
    run = train(Firms(), update="simultaneous", steps=200, checkpoint=tmp_path / "run")
    np.testing.assert_allclose(np.concatenate(run.strategies), 1.0, atol=1e-6)
    assert "value" not in run.truth[-1]
    assert run.truth[0]["exploitability"] == pytest.approx(sum(run.truth[0][f"gain_{name}"] for name in NAMES[:3]))
    assert 0 <= run.truth[-1]["exploitability"] < 1e-10
    assert "Converged? yes, nearly: the players could gain" in run.report()
    assert not gan_lab.env(Firms()).metadata["zero_sum"]
    assert set(run.history[-1]) == {"step", "discriminator_0", "generator_0", "third_0"}
    resumed = train(Firms(), update="simultaneous", steps=210, truth_every=10, resume=tmp_path / "run")
    assert resumed.steps == 210
    moved = [Strategist(f"{name}_0", [0.5], ascent(0.1)) for name in NAMES[:3]]
    run = train(Firms(), moved[1], moved[0], others=[moved[2]], steps=1, update="simultaneous")
    slope = 4 - 4 * 0.5  # of u_i by the own strategy: 4 - (sum of all) - own
    np.testing.assert_allclose(np.concatenate(run.strategies), 0.5 + 0.1 * slope)


def test_a_schedule_moves_all_players() -> None:
    run = train(Firms(), update="simultaneous", steps=4, rate="linear(0.1, 0)")
    assert [player.optimizer.param_groups[0]["lr"] for player in run.players.values()] == pytest.approx([0.025] * 3)


def test_played_again_and_at_once() -> None:
    run = train(PolymatrixGame(CIRCLE), update="optimistic", steps=9)
    again = train(**run.settings)
    assert np.array_equal(np.concatenate(run.strategies), np.concatenate(again.strategies))
    env = gan_lab.parallel_env(PolymatrixGame(CIRCLE))
    observations, _ = env.reset(seed=1)
    assert list(observations) == ["discriminator_0", "generator_0", "third_0"]
    moves: Any = dict(zip(observations, ([1.0], [2.0], [3.0]), strict=True))
    observations, rewards, *_ = env.step(moves)
    assert observations["third_0"].tolist() == [1.0, 2.0, 3.0]
    slopes = np.array([[0, 1, -0.5], [-1, 0, 2], [0.5, -2, 0.0]]) @ [1.0, 2.0, 3.0]
    assert list(rewards.values()) == pytest.approx(list(slopes * [1.0, 2.0, 3.0]))


def test_a_page_has_a_plane_for_each_further_player(tmp_path: Path) -> None:
    seen: list[Any] = []
    replay = gan_lab.Replay()
    train(Firms(), steps=2, looks=2, callbacks=[replay, lambda run: seen.append(np.concatenate(run.strategies))])
    first, second = replay.document()["scenes"]
    assert (first["x_label"], first["y_label"], second["y_label"]) == ("psi (D)", "theta (G)", "third")
    for scene, place in ((first, 1), (second, 2)):
        assert unpacked(scene["x"]) == pytest.approx([row[0] for row in seen])
        assert unpacked(scene["y"]) == pytest.approx([row[place] for row in seen])
        assert scene["equilibrium"] == [1.0, 1.0]
    replay.html(tmp_path / "a.html")
    replay.gif(tmp_path / "a.gif")


class Wrong(Firms):
    def gains(self, *strategies: Any) -> Any:
        return [0.0, 0.0]


class Negative(Firms):
    def gains(self, *strategies: Any) -> Any:
        return [0.0, 0.0, -1.0]


SOME: Any = abs


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gan_lab.spectrum(Firms()), r"for two players; 'firms' has 3: see `run.spectrum\(\)`"),
        (lambda: Firms().value([1.0], [1.0], [1.0]), "'firms' of 3 players has no V"),
        (lambda: train(Wrong(), steps=1), "gains.. of the game 'firms' has 2 numbers for 3 players"),
        (lambda: train(Negative(), steps=1), "an exploitability of -1; expected at least 0"),
        (lambda: train(Firms(), others=[Strategist("fourth_0", [1.0])], steps=1), "fourth_0; the game 'firms' has"),
        (lambda: train(Firms(), metrics={"x": lambda d, g: 1.0}, steps=1), "one of two strategies, .* 3 players"),
        (lambda: PolymatrixGame({("generator", "third"): 1.0}), "discriminator plays with nobody"),
        (lambda: PolymatrixGame(SOME), "expected matrices by pairs of players"),
        (lambda: PolymatrixGame({SOME: 1.0}), "expected the names of two players"),
        (lambda: PolymatrixGame(CIRCLE | {("third", "generator"): [[1.0, 2.0]]}), "generator has 1 numbers in one"),
        (lambda: PolymatrixGame({("discriminator", "generator"): np.nan}), r"shape \(1, 1\); expected \(m, n\)"),
        (lambda: PolymatrixGame({("discriminator", "generator"): "x"}), "is no array of numbers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()
