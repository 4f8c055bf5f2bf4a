"""Several processes train as one; one exchange a turn; trouble on one rank ends all alike; devices."""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import gan_lab
from gan_lab import WiringError, train
from gan_lab.cli import commands
from gan_lab.cli.exit_codes import PATIENCE
from gan_lab.launched import LAUNCHED
from gan_lab.training.device import find_device
from gan_lab.training.ranks import Ranks
from gan_lab.training.shared_pair import SharedPair
from gan_lab.updates import Alternating
from tests.oracles import ranks as processes
from tests.oracles.once import once
from tests.oracles.ranks import BATCH, EQUAL, Found

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
TINY: Any = {"batch_size": 8, "steps": 3, "truth_every": 99}
Started = Callable[[int], tuple[list[Found], Path, int]]


@pytest.fixture
def started(tmp_path_factory: pytest.TempPathFactory, run_seed: int) -> Started:
    """What each of so many processes found, 2 or 3; their folder and their seed. They are started once a run."""
    print(f"seed of the processes: {run_seed}")
    folder = once(tmp_path_factory, "ranks", lambda folder: play_together(folder, run_seed))

    def start(count: int) -> tuple[list[Found], Path, int]:
        return [torch.load(folder / f"rank{rank}of{count}.pt") for rank in range(count)], folder, run_seed

    return start


def play_together(folder: Path, seed: int) -> None:
    command = [sys.executable, "-m", "tests.oracles.ranks"]
    assert run_together([[*command, str(rank), str(folder), str(seed)] for rank in range(3)]) == [(0, "")] * 3


def run_together(commands: list[list[str]]) -> list[tuple[int, str]]:
    """(exit code, stderr) of each; all are ended when one hangs."""
    begun = [
        subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    try:
        errors = [process.communicate(timeout=500)[1] for process in begun]
        return [(process.returncode, error) for process, error in zip(begun, errors, strict=True)]
    finally:
        for process in begun:
            process.kill()
            process.communicate()


def apart(one: Found, other: Found) -> float:
    """The largest difference of a parameter."""
    mine, theirs = one["parameters"], other["parameters"]
    assert mine.keys() == theirs.keys()
    return max(float((mine[key].double() - theirs[key].double()).abs().max()) for key in mine)


def begun(seed: int) -> Found:
    """Players that have not moved."""
    names = ("generator_0", "discriminator_0")
    made = zip(names, processes.players(seed), strict=True)
    return {"parameters": {f"{name}.{key}": own for name, player in made for key, own in player.state_dict().items()}}


@pytest.mark.parametrize("count", [2, 3])
def test_processes_play_as_one(count: int, started: Started) -> None:
    """Bit by bit as one process that sums in as many shares; to 1e-6 as one that plays the batch in one piece."""
    found, _, seed = started(count)
    names = [name for name in EQUAL if name in found[0]]
    assert len(names) == (7 if count == 2 else 2)
    for name in names:
        alone = EQUAL[name](seed, {"shares": count})
        for one in found:
            assert apart(one[name], alone) == 0.0, name
            assert one[name]["history"] == alone["history"], name
        if name != "recipe":  # Adam makes much of a rounding error; the same shares make the same one
            whole = EQUAL[name](seed, {})
            assert apart(found[0][name], whole) <= 1e-6, name
            assert apart(whole, begun(seed)) > 1e-3, name


def test_three_players_in_processes(started: Started) -> None:
    """As in `test_processes_play_as_one`; each of the three has learned."""
    found, _, seed = started(2)
    alone, whole = (processes.three_players(seed, where) for where in ({"shares": 2}, {}))
    for one in found:
        assert apart(one["three"], alone) == 0.0
        assert one["three"]["history"] == alone["history"]
    assert apart(alone, whole) <= 1e-6
    assert len({name.split(".")[0] for name in whole["parameters"]}) == 3


def test_a_batch_that_cannot_be_divided_evenly_is_weighted(started: Started) -> None:
    found, _, seed = started(2)
    whole = processes.plain(seed, {}, batch_size=25, loss="minimax", penalty="r1", steps=60)
    assert apart(found[0]["uneven"], whole) <= 1e-6
    assert apart(found[0]["uneven"], found[1]["uneven"]) == 0.0


def test_one_exchange_a_turn(started: Started) -> None:
    """Of as many numbers as the player has parameters, and two; looks at the truth exchange no gradient."""
    found, _, _ = started(2)
    for one in found:
        discriminator, generator = one["exchanges"]["parameters"]
        assert one["exchanges"]["sizes"] == [discriminator + 2, generator + 2] * 8


def test_the_players_of_rank_0_play(started: Started) -> None:
    found, _, seed = started(2)
    alone = train("ring8", *processes.players(seed), seed=seed, steps=20, shares=2, **processes.SMALL)
    for one in found:
        assert apart(one["others"], processes.found_of(alone)) == 0.0


def test_a_run_is_resumed_by_any_number_of_processes(started: Started) -> None:
    """The file was written by two processes after ten updates; both they and one process go on from it."""
    found, folder, seed = started(2)
    own = gan_lab.RECIPES["plain"].with_(batch_size=BATCH)
    options: Any = {"recipe": own, "steps": 20, "seed": seed, "truth_every": 5}
    whole = processes.found_of(train("ring8", shares=2, **options))
    resumed = processes.found_of(train("ring8", **options, resume=folder / "run.safetensors"))
    for one in (found[0]["resumed"], found[1]["resumed"], resumed):
        assert apart(one, whole) == 0.0
        assert one["history"] == whole["history"]


def test_all_end_together(started: Started) -> None:
    """A callback on rank 0, Ctrl-C on rank 1."""
    found, _, _ = started(2)
    for one, called in zip(found, ([3, 6], []), strict=True):
        stopped, interrupted = one["stopped"], one["interrupted"]
        assert (stopped["status"], stopped["steps"], stopped["called"], stopped["looks"]) == ("STOPPED", 6, called, 2)
        assert (interrupted["status"], interrupted["handler"]) == ("INTERRUPTED", True)
    steps = {one["interrupted"]["steps"] for one in found}
    assert len(steps) == 1
    assert 0 < steps.pop() < 50
    assert apart(found[0]["interrupted"], found[1]["interrupted"]) == 0.0


def test_trouble_on_one_rank_is_the_same_error_on_all(started: Started) -> None:
    found, _, _ = started(2)
    expected = {
        "diverged": "DivergedError: the payoff of discriminator_0 is nan at turn 19, update 10. Take a smaller",
        "failed": "FloatingPointError: no more numbers",
        "changed": "WiringError: the digest of generator_0 is",
        "strangers": "WiringError: seed is ",
        "no_place": "WiringError: checkpoint is ",
    }
    for name, text in expected.items():
        assert found[0][name]["error"].startswith(text), name
        assert found[0][name] == found[1][name], name
    assert found[0]["diverged"]["step"] == 10
    assert "after update 3" in found[0]["changed"]["error"]


@pytest.mark.long
def test_the_command_under_torchrun(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "gan_lab"]
    options = ["--loss", "relativistic", "--penalty", "r1r2", "--steps", "6", "--batch-size", "8", "--seed", "3"]
    result = subprocess.run(
        [*command, "train", "ring8", *options, "--checkpoint", str(file)],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("ring8, 6 updates. All updates were played.") == 1  # rank 0 alone speaks
    chosen: Any = {"loss": "relativistic", "penalty": "r1r2", "batch_size": 8, "seed": 3}
    ways: list[Any] = [{"shares": 2}, {"resume": file}]
    alone, resumed = (train("ring8", steps=6, **chosen, **how) for how in ways)
    assert apart(processes.found_of(resumed), processes.found_of(alone)) == 0.0


def test_an_error_of_another_rank_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    for name, value in zip(LAUNCHED, ("1", "2", "localhost", "0"), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(time, "sleep", waited.append)
    result = CliRunner().invoke(commands.app, ["train", "rng8"])
    assert result.exit_code == 2
    assert "did you mean 'ring8'" in result.output
    assert waited == [PATIENCE]


class Undeclared(Alternating):
    """A rule that does not say whether it needs the whole batch."""

    name = "undeclared"
    shareable = False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shares": 2, "update": "consensus"}, r"'consensus' needs the whole batch.*take one of 'simultaneous', 'alt"),
        ({"shares": 2, "update": Undeclared()}, r"'undeclared' needs the whole batch: it does not say `shareable"),
        ({"shares": 9}, r"batch_size is 8, in 9 shares: each needs a sample"),
        ({"shares": 0}, r"shares is 0; expected a whole number of at least 1"),
        ({"shares": 2, "game": "dirac"}, r"'dirac' is one of strategies"),
        ({"distributed": True}, r"this process is alone: start it with torchrun"),
        ({"device": "tpu"}, r"device is 'tpu'; expected one of 'cpu', 'cuda', 'auto'"),
    ],
)
def test_what_cannot_be_shared_is_refused(options: Any, message: str) -> None:
    with pytest.raises(WiringError, match=message):
        train(**{"game": "ring8", **TINY, **options})


@pytest.mark.parametrize("layer", [torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.5)])
def test_layers_that_see_the_batch_or_draw_are_refused(layer: torch.nn.Module) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 8), layer, torch.nn.Linear(8, 1))
    with pytest.raises(WiringError, match=rf"discriminator_0 has a {type(layer).__name__}, which makes of a share"):
        train("ring8", None, gan_lab.Discriminator(network), shares=2, **TINY)


def test_pictures_are_told_which_recipe_can_be_shared(rng: np.random.Generator) -> None:
    """The recipe in the sentence is played in shares as in one piece, up to rounding."""
    game, seed = gan_lab.games.ImagesGame(rng.uniform(-1, 1, (12, 1, 8, 8))), int(rng.integers(2**31))
    with pytest.raises(WiringError, match=r"generator_0 has a BatchNorm2d, .* take the recipe 'r3gan_pictures', or"):
        train(game, recipe="pictures", shares=2, steps=1, seed=seed)
    small = gan_lab.RECIPES["r3gan_pictures"].with_(batch_size=4)
    options: Any = {"recipe": small, "steps": 2, "truth_every": 99, "seed": seed}
    one, two = (processes.found_of(train(game, **options, shares=shares)) for shares in (1, 2))
    # Adam's first steps are of size 1e-3 in the sign of the gradient, whatever its size: rounding may turn a sign of 0
    assert apart(one, two) <= 5e-3


def test_a_shared_pair_gives_the_gradient_of_its_last_turn_alone() -> None:
    generator, discriminator = processes.players(1)
    env = gan_lab.env("ring8", tensors=True, batch_size=4)
    env.reset(seed=1)
    pair = SharedPair([env], discriminator, generator, Ranks())
    first, second = pair.turn(), pair.turn()
    assert [part.shape for part in pair.gradient(*second)] == [own.shape for own in generator.trained]
    for player, payoff, graph in ((*first, False), (*second, True), (second[0], first[1], False)):
        with pytest.raises(WiringError, match="of its last turn alone"):
            pair.gradient(player, payoff, graph)


def test_the_processor_is_the_default_device(rng: np.random.Generator) -> None:
    seed = int(rng.integers(2**31))
    options: Any = {"loss": "wasserstein", "penalty": "gradient_penalty", "seed": seed, **TINY}
    chosen: list[Any] = [{}, {"device": "cpu"}, {"shares": 1}]
    chosen += [] if torch.cuda.is_available() else [{"device": "auto"}]
    one, *others = (processes.found_of(train("ring8", **options, **how)) for how in chosen)
    assert all(apart(one, other) == 0.0 for other in others)


def test_devices_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many GPUs as we say there are."""
    for number, needed, place in ((0, 1, None), (1, 2, None), (2, 2, 1), (4, 4, 3)):
        monkeypatch.setattr(torch.cuda, "is_available", lambda n=number: n > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda n=number: n)
        monkeypatch.setenv("LOCAL_RANK", str(needed - 1))
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(needed))
        if place is None:
            with pytest.raises(WiringError, match=rf"device is 'cuda' for {needed} process.* sees {number} GPUs here"):
                find_device("cuda", distributed=True)
            assert find_device("auto", distributed=True).type == "cpu"
        else:
            assert find_device("cuda", distributed=True) == find_device("auto", distributed=True)
            assert find_device("cuda", distributed=True).index == place
        assert find_device("auto", useful=False).type == "cpu"


def test_nothing_becomes_an_array_where_it_may_be_on_a_gpu() -> None:
    """In what plays games of samples, `.numpy()` is called on what `.cpu()` gave."""
    rooms = ("environments", "updates", "training", "payoffs", "diagnosis")
    package = ROOT / "gan_lab"
    files = [package / "players.py", package / "generator_env.py"]
    files += [file for room in rooms for file in sorted((package / room).glob("*.py"))]
    files = [
        file for file in files if file.name not in ("strategy_state.py", "spectrum.py")
    ]  # strategies stay on the CPU
    seen = 0
    for file in files:
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "numpy":
                text = ast.unparse(call)
                seen += 1
                assert ".cpu()" in text or "game.checked(" in text, f"{file.name}: {text}"  # checked: a strategy
    assert seen > 5


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_plays_as_the_processor_does(tmp_path: Path, rng: np.random.Generator) -> None:
    seed, file = int(rng.integers(2**31)), tmp_path / "run.safetensors"
    for penalty in ("r1r2", "gradient_penalty"):
        options: Any = {"loss": "relativistic", "penalty": penalty, "seed": seed, **processes.SMALL}
        on_cpu = train("ring8", *processes.players(seed), steps=20, **options)
        on_gpu = train("ring8", *processes.players(seed), steps=20, device="cuda", checkpoint=file, **options)
        assert on_gpu.generator.device.type == "cuda"
        np.testing.assert_allclose(on_gpu.sample(50, 1), on_cpu.sample(50, 1), atol=1e-4)
        assert on_gpu.truth[-1]["value"] == pytest.approx(on_cpu.truth[-1]["value"], abs=1e-3)
        back = train("ring8", *processes.players(seed), steps=20, resume=file, **options)
        np.testing.assert_array_equal(back.sample(50, 1).shape, (50, 2))
    train("ring8", update="optimistic", device="cuda", **TINY)
    train("ring8", steps=20, device="cuda", shares=2)
