"""Spectra of updates as they are played, against closed forms, dense matrices in plain PyTorch, and runs."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

import gan_lab
from gan_lab import Discriminator, Generator, Strategist, WiringError, ascent, spectrum, train
from gan_lab.games import BilinearGame, SampleGame
from gan_lab.updates import Simultaneous

N, RATE = 8, 0.05


def test_a_rate_for_each_player() -> None:
    """Simultaneous: w' = (I + diag(b, a) J) w, with J of the Dirac game; |1 +- i sqrt(a b) / 2|."""
    a, b = 0.1, 0.4
    found = spectrum("dirac", "simultaneous", rate=(a, b))
    assert found.radius == pytest.approx((1 + a * b / 4) ** 0.5, abs=1e-9)
    assert "steps 0.1 of G and 0.4 of D" in repr(found)
    turns = np.array([[1, -b / 2], [a / 2, 1 - a * b / 4]])  # D first, then G against the new D
    expected = np.sort_complex(np.linalg.eigvals(turns))
    eigenvalues = np.sort_complex(spectrum("dirac", "alternating", rate=(a, b)).operator_eigenvalues)
    assert np.abs(eigenvalues - expected).max() < 1e-9


@pytest.mark.parametrize("momentum", [-0.3, 0.5])
def test_momentum(momentum: float) -> None:
    """w' = w + m', m' = beta m + h v: [[I + h J, beta I], [h J, beta I]] on (w, m), m in units of steps."""
    h, zero = 0.2, np.zeros((2, 2))
    jacobian = np.array([[0.0, 1.0], [-1.0, 0.0]])
    matrix = np.block([[h * jacobian, momentum * np.eye(2)], [h * jacobian, momentum * np.eye(2)]])
    matrix += np.block([[np.eye(2), zero], [zero, zero]])
    found = spectrum("bilinear", "simultaneous", optimizer=ascent(h, momentum))
    assert found.radius == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), abs=1e-8)


def slow_adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=0.1, betas=(0.5, 0.9), eps=0.5, maximize=True)


CASES: dict[str, Any] = {
    "two rates": ("alternating", (ascent(0.3), ascent(0.05)), "r1"),
    "negative momentum": ("alternating", ascent(0.2, -0.3), None),
    "Adam": ("simultaneous", slow_adam, "r1"),
    "optimistic, with momentum": ("optimistic", ascent(0.1, 0.2), None),
}


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_predicted_and_played(name: str) -> None:
    """On the Dirac game, from 1e-4 on: the distance after many updates, over many more that are whole turns or none."""
    rule, optimizer, penalty = CASES[name]
    options: dict[str, Any] = {"penalty": penalty, "penalty_weight": 0.5}
    predicted = spectrum("dirac", rule, optimizer=optimizer, **options)
    both = optimizer if isinstance(optimizer, tuple) else (optimizer, optimizer)
    players = [
        Strategist(agent, [1e-4], make) for agent, make in zip(("generator_0", "discriminator_0"), both, strict=True)
    ]
    distances: list[float] = []
    train(
        "dirac", *players, update=rule, steps=600, truth_every=1,
        callbacks=[lambda run: distances.append(run.truth[-1]["distance"])], **options,
    )  # fmt: skip
    logs = np.log([far for far in distances if far > 1e-11])[20:]
    slope = np.polyfit(np.arange(len(logs)), logs, 1)[0]  # turns swing around the line
    assert slope == pytest.approx(np.log(predicted.radius), rel=0.01, abs=2e-4)


def test_away_from_an_equilibrium_eigenvalues_are_those_of_the_update() -> None:
    """Of differences of one update at ([1.], [2.]), by central differences here."""
    for rule in ("consensus", "extragradient"):

        def after(psi: float, theta: float, rule: str = rule) -> np.ndarray:
            players = [
                Strategist("generator_0", [theta], ascent(0.2)),
                Strategist("discriminator_0", [psi], ascent(0.2)),
            ]
            return np.concatenate(train("dirac", *players, update=rule, steps=1).strategies)

        h = 1e-5
        columns = [(after(1 + h, 2) - after(1 - h, 2)) / (2 * h), (after(1, 2 + h) - after(1, 2 - h)) / (2 * h)]
        expected = np.sort_complex(np.linalg.eigvals(np.stack(columns, axis=1)))
        found = spectrum("dirac", rule, rate=0.2, at=([1.0], [2.0]))
        assert found.unknown
        assert np.abs(np.sort_complex(found.operator_eigenvalues) - expected).max() < 1e-8


class Fixed(SampleGame):
    """The same samples and noise in every turn."""

    name, dimension, noise_size, bound, scale = "fixed", 1, 2, 4.0, 1.0

    def real(self, count: int, rng: Any) -> Any:
        return np.random.default_rng(1).standard_normal((count, 1)).astype(np.float32)

    def noise(self, count: int, rng: Any) -> Any:
        return np.random.default_rng(2).standard_normal((count, 2)).astype(np.float32)

    def truth(self, samples: Any, rng: Any) -> dict[str, float]:
        return {}


def networks() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(3)
    d = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1)).double()
    return d, nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 1)).double()


def field(d: nn.Module, g: nn.Module, flat: Tensor) -> Tensor:
    """v(w), by plain PyTorch."""
    parts = [[own.shape for own in part.parameters()] for part in (d, g)]
    pieces = iter(flat.split([shape.numel() for part in parts for shape in part]))
    (w, b, u, c), (k, e, m, f) = [[next(pieces).view(shape) for shape in part] for part in parts]
    real, noise = (torch.from_numpy(part).double() for part in (Fixed().real(N, None), Fixed().noise(N, None)))
    fake = torch.tanh(noise @ k.T + e) @ m.T + f
    on_real, on_fake = (torch.tanh(x @ w.T + b) @ u.T + c for x in (real, fake))
    value = logsigmoid(on_real).mean() + logsigmoid(-on_fake).mean()
    split = sum(shape.numel() for shape in parts[0])
    slope = torch.autograd.grad(value, flat, create_graph=True)[0]
    return torch.cat([slope[:split], -slope[split:]])


def flat(*modules: nn.Module) -> Tensor:
    return torch.cat([own.detach().flatten() for part in modules for own in part.parameters()]).requires_grad_()


def apart(found: Any, expected: Any) -> float:
    """Between the largest moduli, and from each eigenvalue to the nearest."""
    nearest = np.abs(found[:, None] - expected[None]).min(axis=1).max()
    largest = np.sort(np.abs(expected))[::-1][: len(found)]
    return float(max(nearest, np.abs(np.abs(found) - largest).max()))


@pytest.mark.parametrize("rule", ["simultaneous", "optimistic"])
def test_arnoldi_on_networks_is_the_dense_matrix(rule: str) -> None:
    d, g = networks()
    options: Any = {"update": rule, "loss": "minimax", "steps": 30, "batch_size": N, "looks": 1}
    run = train(Fixed(), Generator(g, ascent(RATE)), Discriminator(d, ascent(RATE)), **options)
    before = flat(d, g)
    found = run.spectrum(5)
    jacobian = torch.autograd.functional.jacobian(lambda w: field(d, g, w), before).numpy()
    matrix, size = np.eye(len(jacobian)) + RATE * jacobian, len(jacobian)
    if rule == "optimistic":  # w' = w + 2 h v(w) - m, and it remembers m' = h v(w)
        zero = np.zeros_like(matrix)
        matrix = np.block([[matrix + RATE * jacobian, -np.eye(size)], [RATE * jacobian, zero]])
    assert found.size == len(matrix) > 60
    assert found.complete
    assert apart(found.eigenvalues, np.linalg.eigvals(matrix)) < 1e-8
    assert torch.equal(flat(d, g), before)  # nobody moved


@pytest.mark.long
def test_adam_with_what_it_remembers() -> None:
    """(w, m, sqrt v) -> the same after one step of Adam, differentiated by PyTorch."""
    d, g = networks()
    one, two, eps, h = 0.5, 0.9, 1e-8, 1e-3

    def adam(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=h, betas=(one, two), eps=eps, maximize=True)

    options: Any = {"update": "simultaneous", "loss": "minimax", "steps": 12, "batch_size": N, "looks": 1}
    run = train(Fixed(), Generator(g, adam), Discriminator(d, adam), **options)
    w = flat(d, g).detach()
    size, states = len(w), [player.optimizer.state for player in (run.discriminator, run.generator)]
    kept = [
        torch.cat(
            [part[own][key].flatten() for part, net in zip(states, (d, g), strict=True) for own in net.parameters()]
        )
        for key in ("exp_avg", "exp_avg_sq")
    ]

    def step(z: Tensor) -> Tensor:
        place, mean, root = z.split(size)
        down = -field(d, g, place)  # Adam that climbs remembers the way down
        mean, square = one * mean + (1 - one) * down, two * root**2 + (1 - two) * down**2
        moved = place - h * (mean / (1 - one**13)) / ((square / (1 - two**13)).sqrt() + eps)
        return torch.cat([moved, mean, square.sqrt()])

    matrix = torch.autograd.functional.jacobian(step, torch.cat([w, kept[0], kept[1].sqrt()])).numpy()
    found = run.spectrum(4)
    assert found.size == 3 * size
    assert apart(found.eigenvalues, np.linalg.eigvals(matrix)) < 1e-6


def test_several_updates_at_once() -> None:
    """Of a rule that does the same at each, the root of the whole is the rate of one."""
    one, three = (spectrum("bilinear", "extragradient", rate=0.3, updates=k).radius for k in (1, 3))
    assert three == pytest.approx(one, abs=1e-8)
    run = train(BilinearGame(), update="extragradient", steps=3)
    assert run.spectrum(updates=2).radius == pytest.approx(run.spectrum().radius, abs=1e-8)


@pytest.mark.long
def test_a_run_goes_on_as_if_nobody_had_looked() -> None:
    ends = []
    for callbacks in ((), (lambda run: run.spectrum(2),)):
        d, g = networks()
        options: Any = {"update": "optimistic", "steps": 4, "batch_size": N, "looks": 2, "callbacks": callbacks}
        train(Fixed(), Generator(g), Discriminator(d), **options)
        ends.append(flat(d, g))
    assert torch.equal(*ends)


THREE: Any = (0.1, 0.2, 0.3)
MAKE_RUN: Any = gan_lab.Run


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectrum("dirac", rate=THREE), "expected a number, or two"),
        (lambda: spectrum("dirac", rate=(0.1, 0)), "rate is 0; expected a finite number above 0"),
        (lambda: spectrum("dirac", optimizer="adam"), "the optimizer of discriminator_0 is 'adam'"),
        (lambda: spectrum("dirac", updates=0), "updates is 0"),
        (lambda: train("dirac", update=Simultaneous(), steps=1).spectrum(0), "count is 0"),
        (lambda: MAKE_RUN(None, None, None, {}).spectrum(), "not made by gan_lab.train"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()
