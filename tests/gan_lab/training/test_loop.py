"""Training: the same seed gives the same run, across a checkpoint too; divergence, interruption and reports."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rich.console
import torch

import gan_lab
from gan_lab import DivergedError, Strategist, WiringError, ascent, train
from gan_lab.diagnosis.verdicts import verdicts
from gan_lab.games import FiniteGame, MixtureGame, make_game
from gan_lab.metrics.estimates import binned_jsd, mode_counts
from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.training.run import Run, Status
from gan_lab.updates import UPDATES

SMALL: Any = {"batch_size": 32, "truth_every": 5}


def parameters(run: Run) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name in ("discriminator", "generator")
        for key, value in getattr(run, name).state_dict().items()
    }


def assert_same(one: Run, other: Run) -> None:
    """Bit by bit."""
    mine, theirs = parameters(one), parameters(other)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert one.history == other.history
    assert one.truth == other.truth


@pytest.mark.parametrize("options", [{}, {"loss": "relativistic", "penalty": "r1r2"}, {"update": "extragradient"}])
def test_the_same_seed_gives_the_same_run(options: Any, rng: np.random.Generator) -> None:
    seed = int(rng.integers(2**31))
    outside = torch.random.get_rng_state()
    one, other, third = (train("ring8", steps=10, seed=s, **SMALL, **options) for s in (seed, seed, seed + 1))
    assert_same(one, other)
    assert parameters(one).keys() == parameters(third).keys()
    assert not torch.equal(one.generator.trained[0], third.generator.trained[0])
    assert torch.equal(outside, torch.random.get_rng_state())  # the caller's random numbers are left alone


@pytest.mark.parametrize(
    ("game", "options"),
    [
        ("ring8", {"penalty": "gradient_penalty", "loss": "wasserstein"}),
        ("grid25", {"update": "optimistic"}),
        ("gaussian", {"update": "consensus"}),
        ("finite", {}),
    ],
)
def test_a_resumed_run_is_the_same(game: str, options: Any, tmp_path: Path, rng: np.random.Generator) -> None:
    seed, file = int(rng.integers(2**31)), tmp_path / "run.safetensors"
    whole = train(game, steps=20, seed=seed, **SMALL, **options)
    train(game, steps=10, seed=seed, checkpoint=file, **SMALL, **options)
    assert_same(whole, train(game, steps=20, seed=seed, resume=file, **SMALL, **options))
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_the_random_numbers_of_players_go_on_where_they_were(tmp_path: Path, rng: np.random.Generator) -> None:
    """Dropout draws from torch's own numbers, at every update: a resumed run draws those that the whole one would."""
    seed, file = int(rng.integers(2**31)), tmp_path / "run.safetensors"

    def play(steps: int, **options: Any) -> Run:
        torch.manual_seed(seed)
        layers = torch.nn.Linear(8, 16), torch.nn.Dropout(0.5), torch.nn.Linear(16, 2)
        generator = gan_lab.Generator(torch.nn.Sequential(*layers))
        return train("ring8", generator, steps=steps, seed=seed, batch_size=8, **options)

    whole = play(8)
    play(3, checkpoint=file)
    torch.rand(100)  # what else is drawn in between does not matter
    assert_same(whole, play(8, resume=file))


def test_checkpoints_of_something_else(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    train("ring8", steps=2, checkpoint=file, **SMALL)
    with pytest.raises(WiringError, match=r"run\.safetensors is a checkpoint with game 'ring8'; this run has 'grid25'"):
        train("grid25", steps=4, resume=file, **SMALL)
    with pytest.raises(WiringError, match=r"a checkpoint with update 'alternating'; this run has 'optimistic'"):
        train("ring8", steps=4, update="optimistic", resume=file, **SMALL)
    small = gan_lab.Generator(torch.nn.Linear(8, 2))
    with pytest.raises(WiringError, match=r"run\.safetensors has another generator_0"):
        train("ring8", small, steps=4, resume=file, **SMALL)
    file.write_bytes(b"no tensors")
    with pytest.raises(WiringError, match=r"run\.safetensors is not a checkpoint"):
        train("ring8", steps=4, resume=file, **SMALL)
    with pytest.raises(FileNotFoundError):
        train("ring8", steps=4, resume=tmp_path / "none", **SMALL)


def test_divergence_names_the_player_and_the_step() -> None:
    players = [
        gan_lab.Generator(torch.nn.Linear(8, 2), ascent(1e30)),
        gan_lab.Discriminator(torch.nn.Linear(2, 1), ascent(1e30)),
    ]
    with pytest.raises(DivergedError, match=r"(generator|discriminator)_0 .*update \d+\. Take a smaller") as found:
        train("ring8", *players, loss="wasserstein", steps=50, **SMALL)
    assert found.value.step is not None
    assert found.value.run.steps == found.value.step - 1


def test_a_generator_that_breaks_down_is_named() -> None:
    generator = gan_lab.Generator(torch.nn.Linear(8, 2))

    def break_down(run: Run) -> None:
        if run.steps == 5:
            with torch.no_grad():
                generator.trained[0].fill_(float("nan"))

    with pytest.raises(DivergedError, match=r"generator_0 .*update 6\. Take a smaller") as found:
        train("ring8", generator, steps=20, callbacks=[break_down], **SMALL)
    assert (found.value.player, found.value.step, found.value.run.steps) == ("generator_0", 6, 5)


def test_interruption_keeps_what_there_is(tmp_path: Path) -> None:
    def interrupt(run: Run) -> None:
        if run.steps == 10:
            raise KeyboardInterrupt

    run = train("ring8", steps=50, callbacks=[interrupt], checkpoint=tmp_path / "run", **SMALL)
    assert run.status is Status.INTERRUPTED
    run.steps += 1  # as if the interruption had come later than the look
    assert "11 updates. Interrupted" in run.report()
    assert "after update 10: value" in run.report()
    run.steps -= 1
    assert run.steps == 10
    assert (tmp_path / "run").exists()
    assert run.sample(7, seed=1).shape == (7, 2)
    stopped = train("ring8", steps=50, callbacks=[lambda run: run.steps >= 15], **SMALL)
    assert (stopped.status, stopped.steps) == (Status.STOPPED, 15)
    assert stopped.players == {"discriminator_0": stopped.discriminator, "generator_0": stopped.generator}


def test_progress_shows_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    wide = rich.console.Console(file=stream, force_terminal=True, width=160)
    monkeypatch.setattr(rich.console, "Console", lambda **_: wide)
    train("ring8", steps=10, progress=True, **SMALL)
    assert " value -" in stream.getvalue()
    assert "gap_to_minus_log_4" in stream.getvalue()
    assert "jsd" in stream.getvalue()


@pytest.mark.long
def test_algorithm_1_finds_a_finite_distribution() -> None:
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = FiniteGame(rng.dirichlet(np.full(5, 3.0)))
    run = train(game, update=gan_lab.updates.Alternating(2), steps=3000)
    assert run.truth[-1]["jsd"] < 1e-3
    np.testing.assert_allclose(run.strategies[1], game.p, atol=0.1)


@pytest.mark.long
def test_simultaneous_steps_do_not_find_the_dirac_equilibrium() -> None:
    players = [Strategist(name, [0.5], ascent(0.2)) for name in ("generator_0", "discriminator_0")]
    run = train("dirac", *players, update="simultaneous", steps=300)
    assert run.truth[-1]["distance"] > 0.7
    assert "Converged? no" in run.report()
    assert "Converged? yes" in train("dirac", update="extragradient", steps=2000).report()


def test_a_report_tells_collapse() -> None:
    """All samples on two of the modes; then all modes, at wrong shares; then the data themselves."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = make_game("ring8")
    assert isinstance(game, MixtureGame)
    two = MixtureGame(game.means[:2], game.std).real(4000, rng)
    uneven = MixtureGame(game.means, game.std, [0.44] + [0.08] * 7).real(4000, rng)
    answers = [verdicts(game, game.truth(samples, rng))[1] for samples in (two, uneven, game.real(4000, rng))]
    assert "yes: 6 of 8 modes" in answers[0]
    assert "partly: all 8 modes" in answers[1]
    assert "no: all 8 modes" in answers[2]


def test_a_report_does_not_say_more_than_it_knows() -> None:
    """A gap that is estimated from below is no proof of convergence where its error is as large as what is asked."""
    game = make_game("ring8")
    for gap, error, says in ((0.5, 0.01, "no: "), (0.005, 0.01, "yes, nearly, as far as"), (0.005, 0.1, "cannot be")):
        assert f"Converged? {says}" in verdicts(game, {"duality_gap": gap, "duality_gap_error": error})[0]
    assert "Cannot be told" in verdicts(game, {"value": 0.0})[0]


def test_estimates_of_samples_of_the_data() -> None:
    """What is measured of the data themselves is within the stated error of the truth, 0; and near the ceiling."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = make_game("grid25")
    assert isinstance(game, MixtureGame)
    samples = game.real(20_000, rng)
    jsd, error = binned_jsd(game, samples)
    assert 0 <= jsd <= 2 * error < 0.01  # the error is two standard deviations, and this has to hold on every seed
    _, good = mode_counts(samples, game.means, game.std)
    assert len(good) / len(samples) == pytest.approx(1 - np.exp(-4.5), abs=0.005)  # 98.89 % within three deviations
    far = samples + 100.0
    assert binned_jsd(game, far)[0] == pytest.approx(np.log(2), abs=0.01)


def test_binned_jsd_is_at_most_the_true_one() -> None:
    """Against shares that are wrong by a known amount, the true JSD is that of the shares."""
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = make_game("ring8")
    assert isinstance(game, MixtureGame)
    shares = rng.dirichlet(np.ones(8))
    samples = MixtureGame(game.means, game.std, shares).real(20_000, rng)
    jsd, error = binned_jsd(game, samples)
    assert jsd == pytest.approx(gan_lab.truth.jsd(game.weights, shares), abs=2.5 * error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train("ring8", steps=-1), r"steps is -1"),
        (lambda: train("rng8"), r"unknown game 'rng8'; did you mean 'ring8'"),
        (lambda: train("ring8", gan_lab.Generator(torch.nn.Linear(8, 5)), steps=1), r"generator_0 plays .*\(2, 5\)"),
        (lambda: train("dirac", steps=1).sample(3), r"plays a strategy, not samples"),
        (lambda: train("ring8", steps=1, **SMALL).strategies, r"players of 'ring8' are networks"),
        (lambda: mode_counts(np.full((2, 2), np.nan), np.zeros((1, 2)), 1.0), r"sample 0 is not finite"),
        (lambda: mode_counts(np.zeros((2, 3)), np.zeros((1, 2)), 1.0), r"samples have shape \(2, 3\)"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        call()


@pytest.mark.long
@pytest.mark.parametrize(
    ("update", "penalty"),
    [
        (update, penalty)
        for update in UPDATES
        for penalty in ([None, "r1r2"] if update in ("sga", "cgd", "lookahead") else [None, *PENALTIES])  # slow ones
        if update != "implicit"
    ],
)
def test_every_combination_plays(update: str, penalty: str | None) -> None:
    """Each loss under each rule and penalty, on samples and on the Dirac game: finite, and the players move."""
    for loss in LOSSES:
        for game in ("ring8", "dirac"):
            seen: list[list[torch.Tensor]] = []
            run = train(
                game, update=update, loss=loss, penalty=penalty, steps=3, batch_size=8, truth_every=99,
                each_update=lambda run, seen=seen: seen.append([part.clone() for part in run.generator.trained]),
            )  # fmt: skip
            assert np.isfinite(list(run.history[-1].values())).all()
            assert any(not torch.equal(a, b) for a, b in zip(seen[0], seen[-1], strict=True))


@pytest.mark.parametrize("game", ["ring8", "dirac"])
def test_a_run_looks_up_each_name_once(game: str) -> None:
    """Names are resolved where a run begins, and what they name is handed on."""
    resolving = ("make_game", "choose_recipe", "find_loss", "find_penalty", "find_update")
    calls: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name in resolving and "gan_lab" in frame.f_code.co_filename:
            calls.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        train(game, steps=1)
    finally:
        sys.setprofile(before)
    assert sorted(calls) == sorted(resolving)
