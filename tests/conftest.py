"""What all tests share: no display, seeds that are drawn, printed and replayable, and Hypothesis profiles."""

import gc
import os
import secrets
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tests.oracles.examples import times

# Before anything imports pygame. `SDL_VIDEODRIVER=x11 pytest ...` still shows the windows to somebody who wants them.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
# Triton reads it when it is first imported, which PyTorch may do: its interpreter stands in for a GPU.
if not os.environ.get("GRIDWORLD_TEST_DEVICE", "").startswith("cuda"):
    os.environ.setdefault("TRITON_INTERPRET", "1")

READ_BY_PROCESSES = (
    "GLOO_", "NCCL_", "MASTER_", "RANK", "WORLD_SIZE", "LOCAL_", "GROUP_", "TORCHELASTIC_", "SLURM_", "OMP_", "NUMBA_",
    "GRIDWORLD_", "PYTHON",
)  # fmt: skip
DEAR = {"browser", "site", "started", "together", "wheel"}  # fixtures that take seconds to make
SEED_VARIABLE = "GRIDWORLD_TEST_SEED"
CI_SEED = 20261128
SEED = pytest.StashKey[int]()

# `deadline=None`: the first example may compile a kernel, and no test measures time.
settings.register_profile("default", max_examples=times(200), derandomize=False, print_blob=True, deadline=None)
# CI tries the same examples and seeds at each run, so that a red run means that the change broke something.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seed",
        type=int,
        default=None,
        help=f"seed of the `rng` fixture, to replay a failure (or set {SEED_VARIABLE}); drawn anew without it",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEED] = _choose_seed(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give every xdist worker the seed of the run."""
    node.workerinput["gridworld_seed"] = node.config.stash[SEED]


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as long what needs a group of processes, a browser, the site or the wheel."""
    for item in items:
        if DEAR.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.long)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


def pytest_report_header(config: pytest.Config) -> str:
    return f"rng seed: {config.stash[SEED]} (replay with --seed {config.stash[SEED]})"


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Small networks on a thread each: two test processes with two threads each would wait for one another."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """No test leaves variables to the next one that processes read which it may start."""
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    changed = {
        name for name in {*before, *after} if name.startswith(READ_BY_PROCESSES) and before.get(name) != after.get(name)
    }
    for name in changed:
        os.environ.pop(name, None)
    os.environ.update({name: before[name] for name in changed & before.keys()})
    assert not changed, f"the test left these environment variables changed: {sorted(changed)}"


@pytest.fixture
def short_climbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at a game of samples take 3 steps uphill on the score instead of 50, which is half of their time."""
    monkeypatch.setattr("gan_lab.metrics.duality_gap.CLIMB", 3)


@pytest.fixture
def brief_looks(short_climbs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And they take 500 samples instead of 5,000, where a test asks only whether they agree."""
    monkeypatch.setattr("gan_lab.games.sample_game.EVALUATED", 500)


@pytest.fixture(scope="session")
def run_seed(request: pytest.FixtureRequest) -> int:
    """The seed of the whole run, for what its tests share: the same in every worker."""
    return request.config.stash[SEED]


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A generator of this test's own: the same for one seed, whatever else runs, in whatever order and worker."""
    seed = request.config.stash[SEED]
    print(f"rng seed: {seed} (replay with --seed {seed})")  # captured; pytest shows it when the test fails
    return np.random.default_rng([seed, zlib.crc32(request.node.nodeid.encode())])


def _choose_seed(config: pytest.Config) -> int:
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker_input is not None:
        return int(worker_input["gridworld_seed"])
    given = config.getoption("--seed")
    if given is None:
        given = os.environ.get(SEED_VARIABLE)
    if given is None:
        return CI_SEED if os.environ.get("CI") else secrets.randbits(32)
    try:
        seed = int(given)
    except ValueError:
        seed = -1
    if seed < 0:
        raise pytest.UsageError(f"--seed and {SEED_VARIABLE} take an integer of 0 or more, not {given!r}")
    return seed
