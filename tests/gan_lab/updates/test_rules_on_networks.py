"""SGA, CGD and lookahead on networks, against plain PyTorch with whole matrices; and the rules of the how-to."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

import gan_lab
from gan_lab import Discriminator, Generator, WiringError, ascent, train
from gan_lab.checks import check_update
from gan_lab.updates import Alternating, CompetitiveGradient, Lookahead, Optimistic, SymplecticAdjustment

RATE, N, UPDATES = 0.05, 16, 8


def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(5)
    return (
        nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 1)),
        nn.Sequential(nn.Linear(8, 12), nn.Tanh(), nn.Linear(12, 2)),
    )


def value(d: nn.Module, g: nn.Module, real: Tensor, noise: Tensor) -> Tensor:
    return logsigmoid(d(real)).mean() + logsigmoid(-d(g(noise))).mean()


Step = Callable[..., None]


def by_hand(step: Step) -> tuple[nn.Module, nn.Module]:
    """UPDATES updates; a step may draw (real, noise) of D's turn, or noise of G's, as often as there are turns."""
    (d, g), game, rng = networks(), gan_lab.games.ring(), np.random.default_rng(3)
    rng.uniform(size=(N, 2))
    game.real(N, rng)
    game.noise(N, rng)

    def draw(*, only_noise: bool = False) -> tuple[Tensor, Tensor]:
        noise = torch.from_numpy(game.noise(N, rng))
        return (torch.empty(0) if only_noise else torch.from_numpy(game.real(N, rng))), noise

    for number in range(UPDATES):
        step(d, g, draw, number)
    return d, g


def played(rule: Any, rates: tuple[float, float] = (RATE, RATE), **options: Any) -> tuple[nn.Module, nn.Module]:
    """The same by `train`; rates of D and G."""
    d, g = networks()
    players = Generator(g, ascent(rates[1])), Discriminator(d, ascent(rates[0]))
    train("ring8", *players, update=rule, loss="minimax", steps=UPDATES, seed=3, batch_size=N, looks=1, **options)
    return d, g


def furthest(one: Any, other: Any) -> float:
    pairs = [
        (a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x.parameters(), y.parameters(), strict=True)
    ]
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def second_order(d: nn.Module, g: nn.Module, draw: Any) -> tuple[list[Any], Tensor, Tensor, int]:
    """Parameters, the field, its whole Jacobian row by row, and where the generator's numbers begin."""
    real, noise = draw()
    draw(only_noise=True)  # the generator's turn, which is not looked at
    own = [list(d.parameters()), list(g.parameters())]
    v = value(d, g, real, noise)
    first = [torch.autograd.grad(sign * v, part, create_graph=True) for sign, part in zip((1, -1), own, strict=True)]
    field = torch.cat([part.flatten() for player in first for part in player])
    rows = [torch.autograd.grad(number, [*own[0], *own[1]], retain_graph=True) for number in field]
    jacobian = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    return [*own[0], *own[1]], field.detach(), jacobian, sum(part.numel() for part in own[0])


def go(parameters: list[Any], step: Tensor) -> None:
    with torch.no_grad():
        for own, part in zip(parameters, step.split([own.numel() for own in parameters]), strict=True):
            own += RATE * part.view_as(own)


@pytest.mark.long
def test_symplectic_gradient_adjustment() -> None:
    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        parameters, field, jacobian, _ = second_order(d, g, draw)
        turned, slope = ((jacobian - jacobian.T) / 2).T @ field, jacobian.T @ field
        sign = torch.sign(-(field @ slope) * (turned @ slope) / len(field) + 0.1)
        go(parameters, field - 1.5 * sign * turned)

    assert furthest(by_hand(step), played(SymplecticAdjustment(1.5))) < 2e-6


def test_the_sign_of_the_adjustment(rng: np.random.Generator) -> None:
    """On v = J w, far from 0, where it is + or -; an aligned step leads the way that v leads, in or out."""
    from gan_lab.updates.derivatives import Derivatives

    found = []
    for _ in range(40):
        matrix, place = rng.normal(size=(4, 4)), 3 * rng.normal(size=4)
        w = [torch.tensor([x], requires_grad=True) for x in place]
        # player i's payoff has the slope (J w)_i by w_i
        payoffs = [
            (own * sum(matrix[i, j] * w[j] for j in range(4) if j != i) + matrix[i, i] * own**2 / 2).sum()
            for i, own in enumerate(w)
        ]
        at, v = Derivatives(payoffs, [[own] for own in w]), matrix @ place
        turned, slope = (matrix - matrix.T).T @ v / 2, matrix.T @ v
        sign = np.sign(-(v @ slope) * (turned @ slope) / 4 + 0.1)
        expected = v - 0.5 * sign * turned
        np.testing.assert_allclose(SymplecticAdjustment(0.5).adjusted(at).numpy(), expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            SymplecticAdjustment(0.5, align=False).adjusted(at).numpy(), v - 0.5 * turned, rtol=1e-9, atol=1e-9
        )
        found.append(sign)
    assert set(found) == {1.0, -1.0}  # each has half of the probability: missed with 2^-39


@pytest.mark.long
@pytest.mark.parametrize("rates", [(RATE, RATE), (RATE, 0.4 * RATE)])
def test_competitive_gradient_descent(rates: tuple[float, float]) -> None:
    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        parameters, field, jacobian, split = second_order(d, g, draw)
        jacobian[:split, :split] = jacobian[split:, split:] = 0.0
        h = torch.full_like(field, rates[0])
        h[split:] = rates[1]
        go(parameters, torch.linalg.solve(torch.eye(len(field)) - h[:, None] * jacobian, h * field) / RATE)

    assert furthest(by_hand(step), played(CompetitiveGradient(), rates)) < 2e-6


def test_competitive_steps_by_other_optimizers() -> None:
    """Adam takes d in place of the gradient, and its rate is h; so near the equilibrium too, as its spectrum has it."""
    make, start, a = gan_lab.adam(0.3, (0.0, 0.9)), (0.7, -0.4), 2.0
    players = [
        gan_lab.Strategist(name, [w], make) for name, w in zip(("discriminator_0", "generator_0"), start, strict=True)
    ]
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    by_hand = torch.optim.Adam([w], lr=0.3, betas=(0.0, 0.9), maximize=True)
    jacobian = torch.tensor([[0.0, a], [-a, 0.0]], dtype=torch.float64)
    for _ in range(5):
        w.grad = torch.linalg.solve(torch.eye(2) - 0.3 * jacobian, jacobian @ w.detach())
        by_hand.step()
    run = train(gan_lab.games.BilinearGame([[a]]), players[1], players[0], update="cgd", steps=5)
    np.testing.assert_allclose(np.concatenate(run.strategies), w.detach().numpy(), atol=1e-9)
    made = lambda parameters: torch.optim.Adam(parameters, 1e-3, (0.0, 0.9), eps=10.0, maximize=True)  # noqa: E731
    h = 1e-3 / 10.0  # of Adam, near the equilibrium
    matrix = np.eye(2) + h * np.linalg.inv(np.eye(2) - 1e-3 * jacobian.numpy()) @ jacobian.numpy()
    found = gan_lab.spectrum(gan_lab.games.BilinearGame([[a]]), "cgd", optimizer=made).radius
    assert found == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), abs=1e-9)


def test_lookahead_and_a_resumption(tmp_path: Path) -> None:
    """An update is three turns of each player."""

    def inner(d: nn.Module, g: nn.Module, draw: Any) -> None:
        real, noise = draw()
        with torch.no_grad():
            samples = g(noise)
        judged = logsigmoid(d(real)).mean() + logsigmoid(-d(samples)).mean()
        d_step = torch.autograd.grad(judged, list(d.parameters()))
        go(list(d.parameters()), torch.cat([part.flatten() for part in d_step]))
        _, noise = draw(only_noise=True)
        g_step = torch.autograd.grad(-logsigmoid(-d(g(noise))).mean(), list(g.parameters()))
        go(list(g.parameters()), torch.cat([part.flatten() for part in g_step]))

    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        kept = copy.deepcopy(d), copy.deepcopy(g)
        for _ in range(3):
            inner(d, g, draw)
        with torch.no_grad():
            for slow, fast in zip(kept, (d, g), strict=True):
                for s, w in zip(slow.parameters(), fast.parameters(), strict=True):
                    w.copy_(s + 0.4 * (w - s))

    whole = played(Lookahead(Alternating(), 3, 0.4))
    assert furthest(by_hand(step), whole) < 2e-6
    whole = played(Lookahead(Optimistic(), 3))  # the inner rule remembers
    d, g = networks()
    options: Any = {"loss": "minimax", "seed": 3, "batch_size": N, "looks": 1}
    players = Generator(g, ascent(RATE)), Discriminator(d, ascent(RATE))
    file = tmp_path / "run"
    train("ring8", *players, update=Lookahead(Optimistic(), 3), steps=3, checkpoint=file, **options)
    assert furthest(played(Lookahead(Optimistic(), 3), resume=file), whole) == 0.0
    with pytest.raises(WiringError, match="inner of the update"):
        played(Lookahead(Alternating(), 3), resume=file)
    with pytest.raises(WiringError, match="inner_steps of the update"):
        played(Lookahead(Optimistic(), 4), resume=file)


@pytest.mark.parametrize(
    ("inner", "steps"), [(None, 5), (gan_lab.updates.Simultaneous(), 3), (Optimistic(), 1), (Optimistic(), 4)]
)
def test_the_rate_of_lookahead_is_the_played_one(inner: Any, steps: int) -> None:
    """Its operator, also around a rule that remembers; the root of what it gains in 100 updates is within 2 %."""
    rule = Lookahead(inner, steps, 0.6)
    predicted = gan_lab.spectrum("bilinear", rule, rate=0.3).radius
    players = [gan_lab.Strategist(name, [0.1], ascent(0.3)) for name in ("generator_0", "discriminator_0")]
    run = train("bilinear", *players, update=rule, steps=200, truth_every=100)
    first, last = (row["distance"] for row in run.truth)
    assert np.log(last / first) / 100 == pytest.approx(np.log(predicted), rel=0.02)


WRONG: Any = "optimistic"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lookahead(WRONG), r"inner is 'optimistic'; expected an update rule, such as"),
        (lambda: Lookahead(inner_steps=0), r"inner_steps is 0; expected a whole number of at least 1"),
        (lambda: Lookahead(share=1.5), r"share of lookahead is 1.5; expected at most 1"),
        (lambda: Lookahead(share=0.0), r"share of lookahead is 0.0; expected a finite number above 0"),
        (lambda: SymplecticAdjustment(-1.0), r"weight of sga is -1.0"),
    ],
)  # fmt: skip
def test_options_of_the_rules(make: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        make()


def test_what_is_made_of_them_goes_on_as_settings() -> None:
    for rule in ("sga", "cgd", Lookahead(Optimistic(), 2, 0.25)):
        run = train("dirac", update=rule, steps=7)
        again = train(**run.settings)
        assert np.array_equal(np.concatenate(run.strategies), np.concatenate(again.strategies))


# The rules of the how-to.

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "my_update_rule.md"


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    """The classes of the page, as a reader has them."""
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        code = re.split(r"^(?:print|run|players|networks|for|first)\b", block, maxsplit=1, flags=re.M)[0]
        exec(compile(code, str(PAGE), "exec"), found)
        for name in re.findall(r"^class (\w+)", code, re.M):
            assert len(code.splitlines()) < 40, name
    return found


@pytest.mark.parametrize("name", ["Hamiltonian", "Heun"])
def test_the_rules_keep_what_all_rules_promise(name: str, rules: Any) -> None:
    check_update(rules[name])


def test_the_anchored_rule_and_a_resumption(rules: Any, tmp_path: Path) -> None:
    rate, turn = 0.1, np.array([[0.0, 1.0], [-1.0, 0.0]])
    first = np.array([0.3, -0.7])
    w = first
    for k in range(20):
        pulled = w + (first - w) / (k + 2)
        w = pulled + rate * turn @ (pulled + rate * turn @ w)

    def play(**options: Any) -> np.ndarray:
        places = (("generator_0", [first[1]]), ("discriminator_0", [first[0]]))
        players = [gan_lab.Strategist(name, start, ascent(rate)) for name, start in places]
        run = train("bilinear", *players, update=rules["Anchored"](), truth_every=20, **options)
        return np.concatenate(run.strategies)

    np.testing.assert_allclose(play(steps=20), w, atol=1e-12)
    play(steps=8, checkpoint=tmp_path / "run")
    assert np.array_equal(play(steps=20, resume=tmp_path / "run"), play(steps=20))


def test_derivatives_are_refused_without_a_graph() -> None:
    class Unjoint(SymplecticAdjustment):
        joint = False

    with pytest.raises(WiringError, match=r"derivatives\(\) is for rules that say `joint = True`"):
        played(Unjoint())
