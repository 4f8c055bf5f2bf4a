"""Checkpoints of runs with rules, penalties and optimizers of others: the same run again, or a refusal."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import gan_lab
from gan_lab import Discriminator, Generator, WiringError, train
from gan_lab.training.run import Run
from gan_lab.updates import Extragradient, Optimistic, Update

SMALL: dict[str, Any] = {"batch_size": 8, "looks": 2, "seed": 3}

RESUMED = """
import sys
import torch
import gan_lab
from gan_lab.payoffs.penalties import Penalty

def flat(samples, scores, n, judge):
    (slopes,) = torch.autograd.grad(scores.sum(), samples, create_graph=True)
    return slopes.abs().sum(dim=1).mean()

_, steps, write, read = sys.argv
run = gan_lab.train(
    "ring8", penalty=Penalty("flat", flat, "E |grad s|_1", "mine"), steps=int(steps), batch_size=8, looks=1, seed=3,
    checkpoint=write or None, resume=read or None,
)
print(float(sum(own.detach().double().sum() for own in run.generator.trained)).hex())
"""


class Counting(torch.optim.SGD):
    """Ascent whose steps depend on whole numbers, text, a tensor of whole numbers, and a list of tensors."""

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for own in group["params"]:
                state = self.state[own]
                if not state:
                    state.update(
                        count=0, kind="odd", seen=torch.zeros(1, dtype=torch.int64), past=[own.grad * 0], no=None
                    )
                state["count"] += 1
                state["seen"] += 1
                state["kind"] = "even" if state["kind"] == "odd" else "odd"
                assert state["seen"].dtype == torch.int64
                assert isinstance(state["count"], int)
                past = state["past"][0]
                size = group["lr"] / state["count"] / (2.0 if state["kind"] == "odd" else float(state["seen"]))
                with torch.no_grad():
                    own += size * (own.grad + 0.5 * past)
                state["past"] = [own.grad.clone()]


class Lookahead(Update):
    """Moves by another rule, of which it knows nothing."""

    name = "lookahead"
    equation = "as the inner rule"
    source = "mine"

    def __init__(self, inner: Update) -> None:
        self.inner = inner

    def step(self, pair: Any) -> None:
        self.inner.step(pair)

    def operator(self, jacobian: Any, split: int, rate: float) -> Any:
        return self.inner.operator(jacobian, split, rate)


def players(make: Any = None, rate: float = 1e-3, activation: type[nn.Module] = nn.LeakyReLU) -> tuple[Any, Any]:
    torch.manual_seed(7)
    make = make or gan_lab.adam(rate)
    judge = nn.Sequential(nn.Linear(2, 8), activation(), nn.Linear(8, 1))
    return Generator(nn.Linear(8, 2), make), Discriminator(judge, make)


def numbers(run: Run) -> list[Any]:
    return [[own.tolist() for own in player.state_dict().values()] for player in run.players.values()]


@pytest.mark.long
def test_an_own_penalty_goes_on_in_another_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun here, and gone on with there: as in one go here."""

    def played_here(*arguments: Any) -> str:
        monkeypatch.setattr(sys, "argv", ["-c", *map(str, arguments)])
        exec(RESUMED, {"__name__": "__main__"})
        return capsys.readouterr().out

    file = tmp_path / "run.safetensors"
    played_here(2, file, "")
    call = [sys.executable, "-c", RESUMED, "4", "", str(file)]
    resumed = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    assert resumed == played_here(4, "", "")


def test_the_whole_state_of_an_own_optimizer_is_kept(tmp_path: Path) -> None:
    def make(parameters: Any) -> Any:
        return Counting(parameters, lr=0.01, maximize=True)

    file = tmp_path / "run.safetensors"
    whole = train("ring8", *players(make), steps=7, **SMALL)
    train("ring8", *players(make), steps=3, checkpoint=file, **SMALL)
    resumed = train("ring8", *players(make), steps=7, resume=file, **SMALL)
    assert numbers(resumed) == numbers(whole)


def test_a_state_that_no_file_can_hold_is_named(tmp_path: Path) -> None:
    class Odd(torch.optim.SGD):
        def step(self, closure: Any = None) -> None:
            super().step()
            self.state[self.param_groups[0]["params"][0]]["rule"] = object()

    made = players(lambda parameters: Odd(parameters, lr=0.01, maximize=True))
    with pytest.raises(
        WiringError, match=r"discriminator_0\.optimizer\.state\.0\.rule is a object; a checkpoint keeps"
    ):
        train("ring8", *made, steps=2, checkpoint=tmp_path / "run.safetensors", **SMALL)


@pytest.mark.parametrize("given", [True, False])
def test_a_rate_that_a_callback_changes_stays_changed(given: bool, tmp_path: Path) -> None:
    """Of players that were given, and of those that a recipe makes and whose rates it plans."""

    def halve(run: Run) -> None:
        for player in run.players.values():
            for group in player.optimizer.param_groups:
                group["lr"] /= 2

    def play(steps: int, **options: Any) -> Run:
        made = players() if given else ()
        options = {**SMALL, "truth_every": 2, "callbacks": [halve]} | options
        return train("ring8", *made, recipe="plain", steps=steps, **options)

    file = tmp_path / "run.safetensors"
    whole, plain = play(8), play(8, callbacks=[])
    assert whole.generator.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 / 16)
    assert numbers(whole) != numbers(plain)
    play(4, checkpoint=file)
    assert numbers(play(8, resume=file)) == numbers(whole)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (gan_lab.adam(2e-3), "with lr in the groups in the optimizer of"),
        (gan_lab.adam(1e-3, (0.5, 0.99)), "with betas in the groups in the optimizer of"),
        (lambda own: torch.optim.Adam(own, 1e-3, (0.0, 0.99), weight_decay=0.1, maximize=True), "with weight_decay in"),
        (gan_lab.ascent(1e-3, 0.9), "with kind in the optimizer of"),
    ],
)
def test_another_optimizer_is_refused(make: Any, message: str, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    train("ring8", *players(), steps=2, checkpoint=file, **SMALL)
    with pytest.raises(WiringError, match=message):
        train("ring8", *players(make), steps=4, resume=file, **SMALL)


@pytest.mark.parametrize("before", [None, True])
def test_a_run_goes_on_by_the_kernel_of_its_checkpoint(before: bool | None, tmp_path: Path) -> None:
    """A checkpoint from before Adam was fused, resumed, is the run of then, bit by bit; and the reverse."""

    def by(fused: bool | None) -> Any:
        return players(lambda own: torch.optim.Adam(own, 1e-3, (0.0, 0.99), maximize=True, fused=fused))

    file = tmp_path / "run.safetensors"
    whole = train("ring8", *by(before), steps=6, **SMALL)
    train("ring8", *by(before), steps=3, checkpoint=file, **SMALL)
    assert numbers(train("ring8", *by(None if before else True), steps=6, resume=file, **SMALL)) == numbers(whole)


def test_another_network_of_the_same_parameters_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    train("ring8", *players(), steps=2, checkpoint=file, **SMALL)
    with pytest.raises(WiringError, match=r"has another discriminator_0: \(1\): LeakyReLU.*; this run has \(1\): Tanh"):
        train("ring8", *players(activation=nn.Tanh), steps=4, resume=file, **SMALL)


def test_a_rule_inside_another_is_compared_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    whole = train("dirac", update=Lookahead(Optimistic()), steps=6, looks=2)
    train("dirac", update=Lookahead(Optimistic()), steps=3, looks=2, checkpoint=file)
    resumed = train("dirac", update=Lookahead(Optimistic()), steps=6, looks=2, resume=file)
    assert np.array_equal(np.concatenate(resumed.strategies), np.concatenate(whole.strategies))
    with pytest.raises(WiringError, match=r"with update in the inner of the update 'optimistic'; .* 'extragradient'"):
        train("dirac", update=Lookahead(Extragradient()), steps=6, looks=2, resume=file)


def test_settings_cite_what_is_played() -> None:
    run = train("dirac", steps=1)
    assert run.settings["optimizer of generator_0"]["groups"][0]["lr"] == 0.2
    assert not {"generator_rate", "penalty_weight"} & set(run.settings)
    run = train("ring8", *players(gan_lab.ascent(5e-4, 0.9)), steps=1, **SMALL)
    group = run.settings["optimizer of discriminator_0"]["groups"][0]
    assert (group["lr"], group["momentum"]) == (5e-4, 0.9)
    assert "generator_rate" not in run.settings
    assert "Linear(in_features=8, out_features=2" in run.settings["network of generator_0"]


def test_a_callback_of_numpy_stops() -> None:
    run = train("dirac", steps=100, callbacks=[lambda run: np.bool_(run.steps >= 10)], truth_every=5)
    assert run.steps == 10
