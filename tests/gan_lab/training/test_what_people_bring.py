"""Games, rules, networks and threads of others: each plays as it should, or is refused by a sentence."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import gan_lab
from gan_lab import Discriminator, Generator, Strategist, WiringError, train
from gan_lab.games import DiracGame, SampleGame
from gan_lab.updates import Alternating, Consensus, Update

SMALL: Any = {"batch_size": 16, "looks": 1}


def network(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(2, 8), *layers, nn.Linear(8, 1))


class Said(DiracGame):
    """The Dirac game, whose truth is what a test says."""

    name = "said"

    def __init__(self, said: Any) -> None:
        super().__init__()
        self._said = said

    def truth(self, discriminator: Any, generator: Any) -> Any:
        return self._said


class Own(SampleGame):
    """Points on a line, with what a test changes."""

    name, dimension, noise_size, bound, scale = "own", 1, 2, 3.0, 1.0

    def __init__(self, real: Any = None, truth: Any = None, **changes: Any) -> None:
        self._real, self._truth = real, truth
        vars(self).update(changes)

    def real(self, count: int, rng: np.random.Generator) -> Any:
        return rng.normal(size=(count, 1)) if self._real is None else self._real(count)

    def truth(self, samples: Any, rng: np.random.Generator) -> Any:
        return {} if self._truth is None else self._truth


class Nameless(SampleGame):
    """A game that forgot what every game has."""

    def real(self, count: int, rng: np.random.Generator) -> Any:
        return np.zeros((count, 1))

    def truth(self, samples: Any, rng: np.random.Generator) -> dict[str, float]:
        return {}


class Idle(Alternating):
    """A rule that moves nobody."""

    name = "idle"

    def step(self, pair: Any) -> None:
        pass


class Unjoint(Consensus):
    """Consensus as somebody writes it who does not know `joint`."""

    name, joint = "unjoint", False


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train(Said({"value": 0.0}), steps=1), r"truth\(\) of the game 'said' says value; expected 'exploit"),
        (lambda: train(Said([1.0]), steps=1), r"says \[1.0\]; expected a dictionary"),
        (lambda: train(Said({"value": "much", "exploitability": 0}), steps=1), "'value': 'much'; expected a number"),
        (lambda: train(Said({"value": np.ones(3), "exploitability": 0}), steps=1), "expected a number for each name"),
        (lambda: train(Said({"value": 0.0, "exploitability": -1}), steps=1), "exploitability of -1; expected at le"),
        (lambda: train(Said({"value": 0.0, "exploitability": 0, "step": 3}), steps=1), "'step', which is a name that"),
        (lambda: train(Own(truth={"value": 7.0}), steps=1, **SMALL), "'value', which is a name that the run itself"),
        (lambda: Strategist("generator_0", [0.0, 0.0], form="softmax"), "whose sum is 0; expected 1"),
        (lambda: train(Own(lambda n: np.zeros((n, 3))), steps=1, **SMALL), r"shape \(16, 3\); expected .* \(16, 1\)"),
        (lambda: train(Own(lambda n: np.full((n, 1), "x")), steps=1, **SMALL), "expected numbers of shape"),
        (lambda: train(Own(lambda n: np.full((n, 1), np.nan)), steps=1, **SMALL), "has NaN or infinity .* leave such"),
        (lambda: train(Own(truth={"jsd": 0.1}), steps=1, **SMALL), "expected 'jsd_error' among them"),
        (lambda: train(Nameless(), steps=1), "has no name, dimension, noise_size, bound, scale"),
        (lambda: train(Own(bound=np.inf), steps=1), "bound of the game 'own' is inf; expected a finite number above 0"),
        (lambda: train(Own(scale=0), steps=1), "scale of the game 'own' is 0; expected a finite number above 0"),
        (lambda: train(Own(noise_size=2.5), steps=1), "noise_size of the game 'own' is 2.5; expected a whole number"),
        (lambda: train("dirac", update=Idle(), steps=1), "'idle' played no turn of discriminator_0 and generator_0"),
        (lambda: train("ring8", update=Unjoint(), steps=1, **SMALL), "`joint = True`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_a_sentence(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


def test_tensors_and_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    said = {"value": np.float32(0.5), "exploitability": torch.tensor(0.25), "distance": np.array([1.0])}
    run = train(Said(said), steps=2, looks=1, checkpoint=tmp_path / "run")
    assert run.truth[-1] == {"step": 2.0, "value": 0.5, "exploitability": 0.25, "distance": 1.0} | {
        "gap_to_minus_log_4": run.truth[-1]["gap_to_minus_log_4"]
    }
    assert json.loads(json.dumps(run.truth)) == run.truth
    assert "Cannot be told" in train(Said({"value": 0.0, "exploitability": np.nan}), steps=1).report()
    assert train(Own(lambda n: torch.zeros(n, 1)), steps=1, **SMALL).steps == 1


class Minibatch(nn.Module):
    """Features of a sample by its distances to the others of the batch; notes how many it sees."""

    seen: list[tuple[bool, int]]

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        self.seen.append((self.training, len(features)))
        others = (features[:, None] - features[None]).abs().sum(dim=2)
        return features + torch.exp(-others).sum(dim=1, keepdim=True)


def test_minibatch_discrimination_judges_batches_as_in_a_turn(rng: np.random.Generator) -> None:
    layer = Minibatch()
    run = train("ring8", None, Discriminator(network(layer)), steps=2, **SMALL)
    run.look(1)
    assert max(size for _, size in layer.seen) == 16
    points = torch.from_numpy(rng.normal(size=(40, 2)).astype(np.float32))
    scores = gan_lab.players.scores_of(run.discriminator, points)
    player: Any = run.discriminator
    judge = player.network.eval()
    expected = [judge(points[:16]), judge(points[16:32]), judge(points[24:])[8:]]
    assert torch.allclose(scores, torch.cat(expected).flatten())


class InstanceNoise(nn.Module):
    """Noise on what D sees, in whatever mode."""

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return samples + 0.1 * torch.randn_like(samples)


def test_looks_change_nothing_of_spectral_norms_and_instance_noise() -> None:
    def play(truth_every: int) -> torch.Tensor:
        torch.manual_seed(7)
        normed = nn.utils.parametrizations.spectral_norm(nn.Linear(8, 8))
        d = Discriminator(nn.Sequential(InstanceNoise(), network(normed)))
        run = train("ring8", Generator(nn.Linear(8, 2)), d, steps=6, truth_every=truth_every, batch_size=16)
        return torch.cat([own.detach().flatten() for own in run.discriminator.state_dict().values()])

    assert torch.equal(play(1), play(6))


@pytest.mark.long
def test_runs_in_a_pool_of_threads_are_those_of_one() -> None:
    """Networks are drawn, and dropout draws, from torch's one stream, which threads share."""

    def play(seed: int) -> torch.Tensor:
        gan_lab_run = train("ring8", steps=10, seed=seed, recipe="plain", looks=1, batch_size=8)
        lines = [nn.utils.skip_init(nn.Linear, 8, size) for size in (8, 2)]  # draws nothing here
        own = nn.Sequential(lines[0], nn.Dropout(0.5), lines[1])
        with torch.no_grad():
            for number, parameter in enumerate(own.parameters()):
                parameter.copy_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter) * (number + seed % 3))
        dropped = train("ring8", Generator(own), steps=10, seed=seed, looks=1, batch_size=8)
        return torch.cat([p.detach().flatten() for run in (gan_lab_run, dropped) for p in run.generator.trained])

    alone = [play(seed) for seed in range(4)]
    outside = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(play, range(4)))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
    assert torch.equal(outside, torch.get_rng_state())


def test_a_joint_rule_has_the_graph_of_both() -> None:
    assert isinstance(train("ring8", update="consensus", steps=1, **SMALL).settings["update"], str)
    assert issubclass(Unjoint, Update)
