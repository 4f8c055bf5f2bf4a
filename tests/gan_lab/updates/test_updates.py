"""Update rules: two steps worked by hand, published spectral radii, and observed rates beside the predicted ones."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Strategist, WiringError, adam, ascent, spectrum
from gan_lab.games import BilinearGame, DiracGame, FiniteGame, GaussianGame
from gan_lab.updates import UPDATES, Alternating, Consensus, Unrolled, find_update
from gan_lab.updates.player_pair import PlayerPair

RATE = 0.2
A = np.array([[1.0, 0.5], [-0.25, 2.0]])
Point = tuple[np.ndarray, np.ndarray]


def pair(game: Any, start: Point, rate: float = RATE, momentum: float = 0.0, **options: Any) -> PlayerPair:
    """Two plain ascents at a game of strategies."""
    env = gan_lab.env(game, tensors=True, max_cycles=None, **options)
    env.reset(seed=7)
    players = [
        Strategist(name, strategy.tolist(), ascent(rate, momentum))
        for name, strategy in zip(("discriminator_0", "generator_0"), start, strict=True)
    ]
    return PlayerPair(env, players[0], players[1])


def where(at: PlayerPair) -> np.ndarray:
    return np.concatenate([part.numpy() for part in at.where()])


def field(d: np.ndarray, g: np.ndarray) -> Point:
    """That of V = d A g."""
    return A @ g, -A.T @ d


def by_hand(rule: str, d: np.ndarray, g: np.ndarray, h: float, steps: int = 2) -> np.ndarray:
    """The rules on the bilinear game, written out."""
    last: Point | None = None
    for _ in range(steps):
        if rule == "alternating":
            d = d + h * field(d, g)[0]
            g = g + h * field(d, g)[1]
            continue
        v = field(d, g)
        if rule == "extragradient":
            v = field(d + h * v[0], g + h * v[1])
        elif rule == "optimistic":
            now = v
            v = v if last is None else (2 * v[0] - last[0], 2 * v[1] - last[1])
            last = now
        elif rule == "consensus":  # grad 1/2 (|A g|^2 + |A^T d|^2)
            v = (v[0] - A @ A.T @ d, v[1] - A.T @ A @ g)
        elif rule == "sga":  # J is its own antisymmetric part: v - J^T v = v + J v
            v = (v[0] + field(*v)[0], v[1] + field(*v)[1])
        elif rule == "lookahead":
            ahead = np.split(by_hand("alternating", d, g, h, 5), 2)
            d, g = (d + ahead[0]) / 2, (g + ahead[1]) / 2
            continue
        elif rule == "unrolled":  # D 5 steps ahead of where G is: d + 5 h A g, which moves with g too
            v = (v[0], -A.T @ (d + 5 * h * A @ g) - 5 * h * A.T @ A @ g)
        elif rule in ("implicit", "cgd"):  # each answers the other's step: as J has no other part
            n = len(d)
            system = np.block([[np.eye(n), -h * A], [h * A.T, np.eye(n)]])
            arrived = np.linalg.solve(system, np.concatenate([d, g]))
            d, g = arrived[:n], arrived[n:]
            continue
        d, g = d + h * v[0], g + h * v[1]
    return np.concatenate([d, g])


@pytest.mark.parametrize("rule", sorted(UPDATES))
def test_two_steps_by_hand(rule: str, rng: np.random.Generator) -> None:
    start = rng.normal(size=2), rng.normal(size=2)
    update = find_update(rule)
    at = pair(BilinearGame(A), start, discriminator_steps=update.discriminator_steps)
    for _ in range(2):
        update.step(at)
    np.testing.assert_allclose(where(at), by_hand(rule, *start, RATE), atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_algorithm_1_by_hand(steps: int, momentum: float, rng: np.random.Generator) -> None:
    """The steps of D first, each player with its own momentum (heavy ball)."""
    start = rng.normal(size=2), rng.normal(size=2)
    at, update = pair(BilinearGame(A), start, 0.1, momentum, discriminator_steps=steps), Alternating(steps)
    (d, g), speed_d, speed_g = start, np.zeros(2), np.zeros(2)
    for _ in range(3):
        update.step(at)
        for _ in range(steps):
            speed_d = momentum * speed_d + field(d, g)[0]
            d = d + 0.1 * speed_d
        speed_g = momentum * speed_g + field(d, g)[1]
        g = g + 0.1 * speed_g
    np.testing.assert_allclose(where(at), np.concatenate([d, g]), atol=1e-12)


DIRAC = {
    "simultaneous": 1.00499,
    "alternating": 1.0,
    "consensus": 0.9552,
    "extragradient": 0.99504,
    "optimistic": 0.99494,
    "unrolled": (1 - 9 * 0.1**2) ** 0.5,  # 1 - (2 K - 1) (h / 2)^2 is its determinant, for K = 5 steps
    "implicit": 0.99504,
    "sga": 0.9552,  # as consensus, where J is antisymmetric
    "cgd": 0.99504,
    "lookahead": float(np.cos(2.5 * np.arccos(1 - 0.1**2 / 2))),  # |1 + e^(5 i t)| / 2, t the angle of an update
}
PENALISED = {0.3: 0.9747, 1.0: 0.9, 2.0: 0.9732}


BILINEAR = {
    "simultaneous": (1 + RATE**2) ** 0.5,
    "alternating": 1.0,
    "consensus": ((1 - RATE) ** 2 + RATE**2) ** 0.5,
    "extragradient": (1 - RATE**2 + RATE**4) ** 0.5,
    "optimistic": float(np.abs(np.roots([1, -(1 + 2j * RATE), 1j * RATE])).max()),
    "unrolled": 1 - 5 * RATE**2,  # 1 - K h^2 +- h sqrt(K^2 h^2 - 1), twice the same for K = 5 and h = .2
    "implicit": (1 + RATE**2) ** -0.5,
    "sga": ((1 - RATE) ** 2 + RATE**2) ** 0.5,
    "cgd": (1 + RATE**2) ** -0.5,
    "lookahead": float(np.cos(2.5 * np.arccos(1 - RATE**2 / 2))),
}


def played(game: Any, rule: str, **options: Any) -> np.ndarray:
    """Absolute eigenvalues, the largest first, of what an update does to small distances from the equilibrium.

    Found by playing: each update from several places near by, and the matrix that fits what became of them. A rule
    that remembers one step has a matrix of (w, w-), found from its second update on.
    """
    rng, tiny = np.random.default_rng(7), 1e-6
    rows, arrivals = [], []
    middle = np.concatenate(game.equilibrium)
    for _ in range(4 * len(middle)):
        start = middle + tiny * rng.normal(size=len(middle))
        split = len(game.equilibrium[0])
        update = find_update(rule)
        at = pair(game, (start[:split], start[split:]), discriminator_steps=update.discriminator_steps, **options)
        places = [where(at)]
        for _ in range(3):
            update.step(at)
            places.append(where(at))
        away = (np.array(places) - middle) / tiny
        rows += [np.concatenate([away[1], away[0]]), np.concatenate([away[2], away[1]])]
        arrivals += [away[2], away[3]]
    if rule != "optimistic":
        rows = [row[: len(middle)] for row in rows]
    matrix = np.linalg.lstsq(np.array(rows), np.array(arrivals), rcond=None)[0].T
    if rule == "optimistic":
        matrix = np.block([[matrix], [np.eye(len(middle)), np.zeros((len(middle), len(middle)))]])
    return np.sort(np.abs(np.linalg.eigvals(matrix)))[::-1]


@pytest.mark.parametrize("rule", sorted(DIRAC))
def test_rates_on_the_dirac_and_the_bilinear_game(rule: str) -> None:
    """The published radius, the predicted one, and the one that is played."""
    for game, radius in ((DiracGame(), DIRAC[rule]), (BilinearGame(), BILINEAR[rule])):
        assert spectrum(game, rule, rate=RATE).radius == pytest.approx(radius, abs=1e-4)
        assert played(game, rule)[0] == pytest.approx(radius, abs=1e-4)


@pytest.mark.parametrize(("weight", "radius"), PENALISED.items())
@pytest.mark.parametrize("penalty", ["r1", "r2"])
def test_rates_under_a_penalty(penalty: str, weight: float, radius: float) -> None:
    options: Any = {"penalty": penalty, "penalty_weight": weight}
    assert spectrum("dirac", "simultaneous", rate=RATE, **options).radius == pytest.approx(radius, abs=1e-4)
    # at the critical weight two eigenvalues meet, and each is only as exact as the root of what was measured
    tolerance = 1e-2 if weight == 1.0 else 1e-4
    assert played(DiracGame(), "simultaneous", **options)[0] == pytest.approx(radius, abs=tolerance)


@pytest.mark.long
@pytest.mark.parametrize("rule", ["simultaneous", "alternating", "extragradient", "implicit"])
@pytest.mark.parametrize("game", [FiniteGame([0.2, 0.3, 0.5]), GaussianGame(0.5, 1.2)], ids=["finite", "gaussian"])
def test_the_whole_spectrum_is_that_of_the_play(game: Any, rule: str) -> None:
    """Of games with several parameters too. A finite game has one direction more, which changes no strategy: 1."""
    predicted = np.sort(np.abs(spectrum(game, rule, rate=RATE / 4).operator_eigenvalues))[::-1]
    expected = np.concatenate([[1.0], predicted]) if isinstance(game, FiniteGame) else predicted
    np.testing.assert_allclose(played(game, rule, rate=RATE / 4), expected, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize(
    ("loss", "penalty", "weight"),
    [("wasserstein", "gradient_penalty", 0.1), ("wasserstein", None, 0.0)],
)
def test_what_does_not_arrive_on_the_dirac_game(loss: str, penalty: str | None, weight: float) -> None:
    """WGAN-GP keeps a slope at the equilibrium, as the one of a penalty that is least at 1 has to."""
    players = [Strategist(name, [0.5], ascent(0.1)) for name in ("generator_0", "discriminator_0")]
    run = gan_lab.train("dirac", *players, loss=loss, penalty=penalty, penalty_weight=weight, steps=750, truth_every=5)
    assert min(row["distance"] for row in run.truth[-30:]) > 0.3


def test_r1_arrives_on_the_dirac_game() -> None:
    """From where, at rates at which, and with a loss with which, others do not."""
    players = [Strategist(name, [0.5], ascent(0.1)) for name in ("generator_0", "discriminator_0")]
    run = gan_lab.train("dirac", *players, loss="wasserstein", penalty="r1", penalty_weight=0.5, steps=750, looks=1)
    assert run.truth[-1]["distance"] < 1e-3


def test_alternating_turns_on_a_closed_curve() -> None:
    """On V = psi theta it keeps psi^2 + theta^2 - h psi theta, so it neither arrives nor leaves."""
    at, update = pair(BilinearGame(), (np.array([1.0]), np.array([0.5]))), Alternating()
    kept = []
    for _ in range(500):
        update.step(at)
        d, g = where(at)
        kept.append(d**2 + g**2 + RATE * d * g)
    np.testing.assert_allclose(kept, kept[0], rtol=1e-9)


def test_simultaneous_steps_leave_the_dirac_game() -> None:
    at, update = pair(DiracGame(), (np.array([1e-2]), np.array([1e-2]))), find_update("simultaneous")
    before = np.linalg.norm(where(at))
    for _ in range(139):
        update.step(at)
    assert np.linalg.norm(where(at)) / before == pytest.approx(2.0, abs=0.02)


def test_the_optimistic_rule_keeps_its_own_copy_of_the_last_step() -> None:
    """A rule that kept a reference to the gradient would see the new one, and fall back to plain steps."""
    at, update = pair(BilinearGame(A), (np.ones(2), np.ones(2))), find_update("optimistic")
    update.step(at)
    kept = {name: value.clone() for name, value in update.state().items()}
    for player in at.players.values():
        for parameter in player.trained:
            assert parameter.grad is not None
            parameter.grad.zero_()
    assert all(torch.equal(value, kept[name]) for name, value in update.state().items())


def test_rules_refuse_another_order_of_turns() -> None:
    at = pair(BilinearGame(A), (np.ones(2), np.ones(2)), discriminator_steps=2)
    with pytest.raises(WiringError, match=r"plays 1 turns of the discriminator .*, the environment 2"):
        find_update("extragradient").check(at)
    Alternating(2).check(at)


def test_spectrum_in_words() -> None:
    assert "neutral: circles" in repr(spectrum("bilinear", "alternating"))
    assert "converges: a digit in 22 updates" in repr(
        spectrum("dirac", "simultaneous", penalty="r1", penalty_weight=1.0)
    )
    assert spectrum("gaussian", "simultaneous").radius < 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_update("extragrad"), r"unknown update 'extragrad'; did you mean 'extragradient'\?"),
        (lambda: Alternating(0), r"discriminator_steps is 0; expected a whole number of at least 1"),
        (lambda: Consensus(-1.0), r"weight of consensus is -1\.0"),
        (lambda: spectrum("ring8"), r"'ring8' is a game of samples"),
        (lambda: spectrum("dirac", rate=0.0), r"rate is 0\.0"),
        (lambda: gan_lab.train("ring8", update="implicit", steps=1), r"no meaning in 'ring8', whose field is random"),
        (lambda: gan_lab.env("bilinear", loss="hinge"), r"'bilinear' is played for V\(D, G\) alone"),
        (lambda: gan_lab.env("finite", penalty="r1"), r"no slope"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


@pytest.mark.parametrize("make", [ascent(0.1), adam(0.05, (0.5, 0.9))], ids=["ascent", "adam"])
@pytest.mark.parametrize("steps", [1, 3])
def test_the_generator_feels_where_the_discriminator_goes(steps: int, make: Any, rng: np.random.Generator) -> None:
    """Its step is the slope of its payoff after the discriminator's optimizer has really moved, by differences."""
    env = gan_lab.env(BilinearGame(A), tensors=True, max_cycles=None, discriminator_steps=steps)
    env.reset(seed=7)
    discriminator = Strategist("discriminator_0", rng.normal(size=2).tolist(), make)
    # A rate so small that the strategies stay far from the bound of the game, where slopes end.
    generator = Strategist("generator_0", rng.normal(size=2).tolist(), ascent(0.01))
    at, update = PlayerPair(env, discriminator, generator), Unrolled(steps)
    update.check(at)
    for _ in range(3):  # Adam has something to remember then
        update.step(at)
    d, g = where(at)[:2], where(at)[2:]
    remembered = deepcopy(discriminator.optimizer.state_dict())

    def payoff(theta: np.ndarray) -> float:
        other = Strategist("discriminator_0", d.tolist(), make)
        other.optimizer.load_state_dict(deepcopy(remembered))
        for _ in range(steps):
            other.move([torch.from_numpy(A @ theta)])
        return float(-other.strategy.detach().numpy() @ A @ theta)

    slope = [(payoff(g + step) - payoff(g - step)) / 2e-5 for step in 1e-5 * np.eye(2)]
    update.step(at)
    np.testing.assert_allclose((where(at)[2:] - g) / 0.01, slope, rtol=1e-4, atol=1e-6)
    once = Strategist("discriminator_0", d.tolist(), make)
    once.optimizer.load_state_dict(remembered)
    once.move([torch.from_numpy(A @ g)])
    np.testing.assert_allclose(where(at)[:2], once.strategy.detach().numpy(), atol=1e-12)  # one step of its own is kept


def test_unrolling_refuses_what_it_cannot_follow() -> None:
    at = pair(BilinearGame(A), (np.ones(2), np.ones(2)), momentum=0.5, discriminator_steps=5)
    with pytest.raises(WiringError, match="looks ahead by plain ascent or by Adam at one rate; discriminator_0"):
        find_update("unrolled").check(at)
    with pytest.raises(WiringError, match="known where payoffs add up to 0: take loss='minimax' and no penalty"):
        spectrum("dirac", "unrolled", penalty="r1")
