"""Recipes: what changes during a run, what is chosen when nothing is, averages, and resumption with all of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gan_lab
from gan_lab import Recipe, Schedule, WiringError, train
from gan_lab.games import GAMES, MixtureGame, grid, make_game
from gan_lab.networks.perceptrons import Gain
from gan_lab.recipes.choose import PLAIN, RECIPES, choose_recipe, mixture_recipe
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape

TINY = Recipe(
    "for tests",
    penalty_weight=Schedule(0.1, 0.001, first=0.2, last=0.9),
    generator_rate=Schedule(1e-2, 1e-4),
    gain_rate=Schedule(3e-3),
    shortcut_rate=Schedule(5e-3, 1e-3, first=0.5),
    output_rate=Schedule(4e-3, 2e-3, last=0.5),
    discriminator_rate=Schedule(2e-2, 1e-3, last=0.5),
    batch_size=16,
    steps=12,
    averaging=0.9,
    generator=GeneratorShape(hidden=(8, 8), bounded=True, gains=2.0, octaves=1, shortcut=True, attends=2),
    discriminator=DiscriminatorShape(hidden=(8, 8), octaves=2),
)


def test_a_schedule_moves_in_equal_ratios_between_its_moments(rng: np.random.Generator) -> None:
    start, end = np.exp(rng.uniform(-9, 9, 2))
    first, last = np.sort(rng.uniform(0, 1, 2))
    schedule = Schedule(start, end, first=first, last=last)
    shares = np.linspace(0, 1, 41)
    expected = np.exp(np.interp(shares, [first, last], [np.log(start), np.log(end)]))  # straight in logarithms
    assert [schedule.at(share) for share in shares] == pytest.approx(expected, rel=1e-12)
    assert Schedule(start).at(0.7) == start


def test_a_schedule_goes_on_with_what_follows_it(rng: np.random.Generator) -> None:
    values, moments = np.exp(rng.uniform(-9, 9, 4)), np.sort(rng.uniform(0, 1, 6))
    schedule = Schedule(values[2], values[3], first=moments[4], last=moments[5])
    schedule = Schedule(values[1], values[2], first=moments[2], last=moments[3], then=schedule)
    schedule = Schedule(values[0], values[1], first=moments[0], last=moments[1], then=schedule)
    shares = np.linspace(0, 1, 101)
    expected = np.exp(np.interp(shares, moments, np.log(values[[0, 1, 1, 2, 2, 3]])))
    assert [schedule.at(share) for share in shares] == pytest.approx(expected, rel=1e-12)
    assert not schedule.constant
    level = Schedule(2.0, 2.0, last=0.5, then=Schedule(2.0, 2.0, first=0.5))
    assert level.constant
    assert not Schedule(2.0, 2.0, last=0.5, then=Schedule(2.0, 3.0, first=0.5)).constant


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0.1, 0.0), "the end of a schedule is 0.0; expected a number above 0"),
        ((-1.0,), "the start of a schedule is -1.0"),
        ((float("nan"),), "the start of a schedule is nan"),
        ((0.1, 0.2, 0.5, 0.5), "from 0.5 to 0.5 of a run"),
        ((0.1, 0.2, 0.0, 1.5), "from 0.0 to 1.5 of a run"),
        ((0.1, 0.2, 0.0, 0.5, Schedule(0.3, 0.1, 0.5)), "ends with 0.2 at 0.5 .* starts with 0.3"),
        ((0.1, 0.2, 0.0, 0.5, Schedule(0.2, 0.1, 0.4)), "ends with 0.2 at 0.5 .* changes from 0.4 on"),
        ((0.1, None, 0.0, 0.5, Schedule(0.1, 0.2, 0.5)), "ends with None"),
    ],
)
def test_schedules_that_make_no_sense_are_refused(arguments: Any, words: str) -> None:
    with pytest.raises(WiringError, match=words):
        Schedule(*arguments)


def test_a_run_follows_its_schedules_and_its_average(rng: np.random.Generator) -> None:
    """The rates, the weight and the average of each update, recorded and worked out again."""
    seed, seen = int(rng.integers(2**31)), []

    def record(run: gan_lab.Run) -> None:
        groups = [*run.discriminator.optimizer.param_groups, *run.generator.optimizer.param_groups]
        rates = [group["lr"] for group in groups]
        seen.append((rates, run.generator.trained[0].detach().clone()))

    run = train("ring8", recipe=TINY, seed=seed, truth_every=1, callbacks=[record])
    average = seen[0][1]
    for step, (rates, parameters) in enumerate(seen):
        share = step / 12
        shortcut_rate = 5e-3 * 0.2 ** max(0.0, 2 * share - 1)
        output_rate = 4e-3 * 0.5 ** min(1, 2 * share)
        generator_rates = [1e-2 * 0.01**share, 3e-3, shortcut_rate, output_rate]
        assert rates == pytest.approx([2e-2 * 0.05 ** min(1, 2 * share), *generator_rates])
        average = 0.9 * average + 0.1 * parameters
    assert run.average is not None
    assert torch.allclose(run.average.module.get_parameter(_name_of(run.generator, 0)), average, atol=1e-6)
    assert len(run.averaged_truth) == len(run.truth) == 12
    assert run.sample(5, 1).shape == run.sample(5, 1, averaged=True).shape == (5, 2)
    assert not np.array_equal(run.sample(5, 1), run.sample(5, 1, averaged=True))
    assert "averaged generator" in run.report()


def _name_of(player: torch.nn.Module, number: int) -> str:
    return [name for name, _ in player.named_parameters()][number]


def test_the_weight_of_the_penalty_follows_its_schedule() -> None:
    from gan_lab.training.assembly import assemble

    made = assemble(make_game("ring8"), TINY.with_(steps=100), None, None, 7)
    weights = []
    for step in (0, 20, 55, 90, 99):
        made.annealing.before(step)
        weights.append(made.pair.env.game_state.penalty_weight)
    assert weights == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.001])


@pytest.mark.long
@pytest.mark.parametrize("pause", [1, 7])
def test_an_annealed_run_resumes_bit_by_bit(pause: int, rng: np.random.Generator, tmp_path: Path) -> None:
    """Interrupted in the middle of its schedules, and gone on with: the same as in one go."""
    seed, file = int(rng.integers(2**31)), tmp_path / "run.safetensors"
    whole = train("ring8", recipe=TINY, seed=seed, truth_every=1)
    stop = lambda run: run.steps == pause  # noqa: E731
    train("ring8", recipe=TINY, seed=seed, truth_every=1, callbacks=[stop], checkpoint=file)
    again = train("ring8", recipe=TINY, seed=seed, truth_every=1, resume=file)
    for mine, theirs in zip(whole.generator.parameters(), again.generator.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert whole.average is not None
    assert again.average is not None
    for name, value in whole.average.state_dict().items():
        assert torch.equal(value, again.average.state_dict()[name])
    assert (whole.truth, whole.averaged_truth) == (again.truth, again.averaged_truth)
    with pytest.raises(WiringError, match="a checkpoint with steps 12; this run has 24"):
        train("ring8", recipe=TINY, steps=24, seed=seed, resume=file)
    with pytest.raises(WiringError, match=r"a checkpoint with averaging 0\.9; this run has None"):
        train("ring8", recipe=TINY.with_(averaging=None), seed=seed, resume=file)


def test_what_is_chosen_when_nothing_is() -> None:
    def chosen(game: str, recipe: Any = None, players: bool = False, **changes: Any) -> Recipe:
        return choose_recipe(make_game(game), recipe, players=players, changes=changes)

    assert chosen("ring8") is not PLAIN
    assert chosen("ring8") == RECIPES["ring8"]
    assert chosen("ring8", steps=5) == RECIPES["ring8"].with_(steps=5)
    assert chosen("ring8", loss="minimax") == PLAIN.with_(loss="minimax")
    assert chosen("ring8", players=True) == PLAIN
    assert chosen("ring8", "grid25", penalty="none").penalty is None
    assert chosen("ring8", "grid25", penalty_weight=0).penalty_weight.at(0.5) == 0.0
    assert chosen("dirac") == PLAIN.with_(loss="minimax", generator_rate=0.2, discriminator_rate=0.2)
    assert chosen("dirac", loss="wasserstein").loss == "wasserstein"
    with pytest.raises(WiringError, match=r"unknown recipe .grid52.; did you mean .grid25."):
        chosen("ring8", "grid52")
    other = choose_recipe(MixtureGame([[0.0], [1.0]], 0.1), None, players=False, changes={})
    assert other == PLAIN


def test_recipes_are_for_games_as_they_are() -> None:
    games = {name: game for name in GAMES if name in RECIPES and isinstance(game := make_game(name), MixtureGame)}
    assert len(games) >= 3
    for name, game in games.items():
        recipe = RECIPES[name]
        assert recipe.penalty_weight.at(1.0) < game.std**2 < recipe.penalty_weight.at(0.0), name
        frequencies = np.pi * 2.0 ** np.arange(recipe.discriminator.octaves) / game.scale
        assert 0.5 < frequencies.max() * game.std / np.pi < 4, name  # the finest waves are about as long as a mode
        discriminator, generator = recipe.players(game)
        with torch.no_grad():
            samples = generator.act(torch.randn(7, game.noise_size))
            assert discriminator.act(samples).scores.shape == (7,), name


def test_a_recipe_for_a_mixture_does_not_depend_on_its_units() -> None:
    """The same picture in other units: the same networks, and penalties that weigh the same."""
    one, other = (MixtureGame([[-u], [u]], 0.01 * u) for u in (1.0, 1000.0))
    mine, theirs = mixture_recipe(one), mixture_recipe(other)
    assert (mine.generator, mine.discriminator) == (theirs.generator, theirs.discriminator)
    for share in (0.0, 0.7, 1.0):
        assert theirs.penalty_weight.at(share) == pytest.approx(mine.penalty_weight.at(share) * 1e6)


def test_narrow_is_the_same_game_with_fewer_units_and_gains_that_wait() -> None:
    wide, narrow = mixture_recipe("grid25"), mixture_recipe("grid25", narrow=32)
    for share in (0.0, 0.5, 1.0):
        assert narrow.penalty_weight.at(share) == wide.penalty_weight.at(share)
    assert narrow.discriminator == wide.discriminator
    assert narrow.last_gain_rate is not None
    assert narrow.output_rate is not None
    early, steep, late = (narrow.last_gain_rate.at(share) for share in (0.3, 0.7, 0.95))
    assert steep > 10 * max(early, late)
    assert narrow.gain_rate.at(0.75) < 1e-4 * steep  # the other gains would move the steps
    assert narrow.penalty_weight.at(0.75) < 0.1 * narrow.penalty_weight.at(0.5)
    assert narrow.output_rate.at(0.75) > 100 * narrow.generator_rate.at(0.75)  # widths are learned, shares no longer
    gains = [module for module in narrow.players(grid())[1].network.modules() if isinstance(module, Gain)]
    assert [float(gain.logarithm.detach().exp()) for gain in gains] == pytest.approx([5.0] * 3)
    assert RECIPES["grid25"] == narrow
    with pytest.raises(WiringError, match="narrow is 0; expected"):
        mixture_recipe("grid25", narrow=0)


def test_the_output_the_shortcut_and_the_last_gain_of_a_generator_are_learned_apart() -> None:
    shape = GeneratorShape(hidden=(16, 8), gains=2.0, shortcut=True, octaves=2)
    own = {"shortcut_rate": Schedule(1e-4), "output_rate": Schedule(2e-4), "last_gain_rate": Schedule(3e-4)}
    recipe = TINY.with_(generator=shape, **own)
    _, generator = recipe.players(grid())
    groups = {group.get("part"): group for group in generator.optimizer.param_groups}
    sizes = {part: [tuple(parameter.shape) for parameter in group["params"]] for part, group in groups.items()}
    inputs = grid().noise_size
    assert sizes == {
        None: [(16, 5 * inputs), (16,), (8, 16), (8,)],
        "gains": [()],
        "last gain": [()],
        "shortcut": [(2, inputs)],
        "output": [(2, 8), (2,)],
    }
    last = [module for module in generator.network.modules() if isinstance(module, Gain)][-1]
    assert groups["last gain"]["params"][0] is last.logarithm
    assert [groups[part]["lr"] for part in ("shortcut", "output", "last gain")] == [1e-4, 2e-4, 3e-4]
    _, alone = recipe.with_(**dict.fromkeys(own)).players(grid())
    assert [(group.get("part"), len(group["params"])) for group in alone.optimizer.param_groups] == [
        (None, 7),
        ("gains", 2),
    ]
    _, none = recipe.with_(generator=GeneratorShape(hidden=(16, 8))).players(grid())
    assert [group.get("part") for group in none.optimizer.param_groups] == [None, "output"]


@pytest.mark.parametrize("octaves", [0, 2])
def test_a_generator_hardly_hears_the_noise_that_it_does_not_attend_to(octaves: int) -> None:
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    game = MixtureGame([[-1.0, 0.0], [1.0, 0.0]], std=0.1, noise_size=5)
    shape = GeneratorShape(hidden=(64, 64), octaves=octaves, attends=2)
    torch.manual_seed(int(rng.integers(2**31)))
    network = shape.network(game)
    noise = torch.randn(4000, 5)
    moved = []
    for number in range(5):
        other = noise.clone()
        other[:, number] = torch.randn(4000)
        with torch.no_grad():
            moved.append(float((network(other) - network(noise)).square().mean()))
    assert min(moved[:2]) > 5 * max(moved[2:])  # about 400
    with pytest.raises(WiringError, match="attends is 0; expected"):
        GeneratorShape(attends=0)
    for start in (0.0, -1.0, float("nan")):
        with pytest.raises(WiringError, match="expected a number above 0 that they start at"):
            GeneratorShape(gains=start)


def test_an_average_that_never_moves_is_refused() -> None:
    with pytest.raises(WiringError, match=r"averaging is 1\.0; expected at least 0 and below 1, or None"):
        TINY.with_(averaging=1.0)


def test_no_average_no_averaged_samples() -> None:
    run = train("ring8", recipe=PLAIN, steps=1, truth_every=1)
    with pytest.raises(WiringError, match="this run kept no average"):
        run.sample(3, averaged=True)
    assert run.averaged_truth == []
