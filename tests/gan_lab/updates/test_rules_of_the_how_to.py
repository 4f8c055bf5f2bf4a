"""Lookahead, SGA and CGD as the how-to has them, on networks, against plain PyTorch; and by their operators."""

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
from gan_lab.updates import Alternating, Optimistic

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "my_update_rule.md"
RATE, N, UPDATES = 0.05, 16, 20


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    """The classes of the page, as a reader has them."""
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        code = re.split(r"^(?:print|run|players|for|first)\b", block, maxsplit=1, flags=re.M)[0]
        exec(compile(code, str(PAGE), "exec"), found)
        for name in re.findall(r"^class (\w+)", code, re.M):
            assert len(code.splitlines()) < 40, name
    return found


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
    """20 updates; a step may draw (real, noise) of D's turn, or noise of G's, as often as there are turns."""
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


def played(rule: Any, **options: Any) -> tuple[nn.Module, nn.Module]:
    d, g = networks()
    players = Generator(g, ascent(RATE)), Discriminator(d, ascent(RATE))
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
def test_symplectic_gradient_adjustment(rules: Any) -> None:
    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        parameters, field, jacobian, _ = second_order(d, g, draw)
        go(parameters, field - 1.5 * ((jacobian - jacobian.T) / 2).T @ field)

    assert furthest(by_hand(step), played(rules["Symplectic"](1.5))) < 2e-6


@pytest.mark.long
def test_competitive_gradient_descent(rules: Any) -> None:
    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        parameters, field, jacobian, split = second_order(d, g, draw)
        jacobian[:split, :split] = jacobian[split:, split:] = 0.0
        go(parameters, torch.linalg.solve(torch.eye(len(field)) - RATE * jacobian, field))

    assert furthest(by_hand(step), played(rules["Competitive"]())) < 2e-6


def test_lookahead_and_a_resumption(rules: Any, tmp_path: Path) -> None:
    kept: list[nn.Module] = []

    def step(d: nn.Module, g: nn.Module, draw: Any, number: int) -> None:
        kept[:] = kept or [copy.deepcopy(d), copy.deepcopy(g)]
        real, noise = draw()
        with torch.no_grad():
            samples = g(noise)
        judged = logsigmoid(d(real)).mean() + logsigmoid(-d(samples)).mean()
        d_step = torch.autograd.grad(judged, list(d.parameters()))
        go(list(d.parameters()), torch.cat([part.flatten() for part in d_step]))
        _, noise = draw(only_noise=True)
        g_step = torch.autograd.grad(-logsigmoid(-d(g(noise))).mean(), list(g.parameters()))
        go(list(g.parameters()), torch.cat([part.flatten() for part in g_step]))
        if number % 5 == 4:
            with torch.no_grad():
                for slow, fast in zip(kept, (d, g), strict=True):
                    for s, w in zip(slow.parameters(), fast.parameters(), strict=True):
                        s += 0.5 * (w - s)
                        w.copy_(s)

    whole = played(rules["Lookahead"](Alternating()))
    assert furthest(by_hand(step), whole) < 2e-6
    d, g = networks()
    options: Any = {"loss": "minimax", "seed": 3, "batch_size": N, "looks": 1}
    players = Generator(g, ascent(RATE)), Discriminator(d, ascent(RATE))
    file = tmp_path / "run"
    train("ring8", *players, update=rules["Lookahead"](Alternating()), steps=8, checkpoint=file, **options)
    assert furthest(played(rules["Lookahead"](Alternating()), resume=file), whole) == 0.0
    with pytest.raises(WiringError, match="inner of the update"):
        played(rules["Lookahead"](Optimistic()), resume=file)


@pytest.mark.parametrize("name", ["Symplectic", "Competitive", "Heun"])
def test_the_rules_keep_what_all_rules_promise(name: str, rules: Any) -> None:
    check_update(rules[name])


def test_derivatives_are_refused_without_a_graph(rules: Any) -> None:
    class Unjoint(rules["Symplectic"]):  # type: ignore[misc]
        joint = False

    with pytest.raises(WiringError, match=r"derivatives\(\) is for rules that say `joint = True`"):
        played(Unjoint())
