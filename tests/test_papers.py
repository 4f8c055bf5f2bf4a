"""The papers' files: every number is as near to the paper's, or to the derived one, as the file says.

All is exact or has a fixed seed, so nothing here is a claim about random numbers.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import gan_lab
from tests.oracles.turns import Networks, both, furthest, network, value

pytestmark = pytest.mark.long

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "papers"
PAPERS = sorted(path.stem for path in FOLDER.glob("*_20[0-9][0-9]*.py"))


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a file of that folder, whose files import each other by their short names."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            del sys.modules[name]


@pytest.mark.parametrize("name", PAPERS)
def test_every_number_is_near_the_given_one(name: str, load: Any) -> None:
    paper = load(name)
    assert paper.PAPER
    assert paper.DIFFERS
    for row in paper.rows():
        assert np.isfinite([row.given, row.measured]).all(), row.cells()
        assert row.right != bool(row.apart), row.cells()  # what is said to be apart is apart


def test_the_files_are_short_and_many() -> None:
    assert len(PAPERS) >= 14
    long = [path.name for path in FOLDER.glob("*.py") if len(path.read_text(encoding="utf-8").splitlines()) >= 80]
    assert not long, f"80 lines and more: {long}"


def test_a_wrong_number_is_noticed(load: Any) -> None:
    row_of = load("paper").Row

    def right(measured: complex, kind: str = "is") -> bool:
        return bool(row_of("", 1.0, measured, 0.1, kind=kind).right)

    assert [right(value) for value in (0.8, 0.95, 1.05, 1.2)] == [False, True, True, False]
    assert [right(value, "at least") for value in (0.99, 1.0, 7.0)] == [False, True, True]
    assert [right(value, "at most") for value in (0.5, 1.0, 1.01)] == [True, True, False]
    assert not right(np.nan)
    assert not right(1 + 0.5j)
    assert row_of("a", 1.0, 2.0).cells() == ["a", "1 (derived)", "2", "WRONG"]


@pytest.mark.parametrize("memory", [0, 1])
def test_the_matrix_of_a_path_is_found(memory: int, load: Any, rng: np.random.Generator) -> None:
    """Of a linear rule that remembers a step or none, from a path of it."""
    playing, n = load("playing"), 2
    matrix = 0.5 * np.linalg.qr(rng.standard_normal((n * (memory + 1), n * (memory + 1))))[0]
    if memory:
        matrix[n:] = np.eye(n, 2 * n)
    state, places = rng.standard_normal(len(matrix)), []
    for _ in range(30):
        places.append(state[:n])
        state = matrix @ state
    largest = np.abs(np.linalg.eigvals(matrix)).max()
    assert playing.radius(np.array(places), memory) == pytest.approx(largest, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "rule", "arguments"),
    [
        ("gidel_2019_momentum", "Momentum", (-0.5,)),
        ("gidel_2019_momentum", "Momentum", (-0.5, False)),
    ],
)
def test_the_rules_of_the_papers_keep_the_contract(name: str, rule: str, arguments: Any, load: Any) -> None:
    """Also on games of samples, where they learn or refuse in words."""
    made = getattr(load(name), rule)
    gan_lab.checks.check_update(lambda: made(*arguments))


def test_the_page_has_the_rows_of_every_paper(load: Any) -> None:
    page = (FOLDER.parents[1] / "docs" / "papers.md").read_text(encoding="utf-8")
    tables = page.split("<!-- the tables: make papers -->")[1].split("<!-- their end -->")[0]
    assert "WRONG" not in tables
    for name in PAPERS:
        paper = load(name)
        assert f"### {paper.PAPER}: {paper.TITLE}" in tables
        assert tables.count(f"| {paper.PAPER} |") == 1
        assert f"examples/papers/{name}.py" in tables


def test_ali_is_the_plain_loop(load: Any) -> None:
    """20 updates of three players, by `train` and by plain PyTorch."""
    paper, k = load("dumoulin_2017"), 8
    torch.manual_seed(5)
    networks: Networks = {"discriminator": network(10, 1), "generator": network(8, 2), "encoder": network(2, 2 * k)}

    def turns(by_hand: Networks) -> Any:
        d, g, e = by_hand["discriminator"], by_hand["generator"], by_hand["encoder"]

        def of_real(real: Tensor, more: Any) -> Tensor:
            said = e(real)
            return d(torch.cat([real, said[:, :k] + torch.exp(said[:, k:]) * more()], 1)).flatten()

        def of_fake(noise: Tensor) -> Tensor:
            return d(torch.cat([g(noise), noise], 1)).flatten()

        return {
            "discriminator": lambda real, noise, more: value(of_real(real, more), of_fake(noise)),
            "generator": lambda real, noise, more: torch.log(torch.sigmoid(of_fake(noise))).mean(),
            "encoder": lambda real, noise, more: torch.log(1 - torch.sigmoid(of_real(real, more))).mean(),
        }

    by_hand, run = both(networks, gan_lab.games.ring(), turns, loss=paper.ali(k))
    assert furthest(by_hand, networks) < 2e-6
    assert list(run.players) == ["discriminator_0", "generator_0", "encoder_0"]


def test_mgan_is_the_plain_loop(load: Any) -> None:
    """20 updates of four generators, D and the classifier."""
    paper, count = load("hoang_2018"), 4
    torch.manual_seed(5)
    several = paper.Several(*(network(4, 2) for _ in range(count)))
    networks: Networks = {"discriminator": network(2, 1), "generator": several, "classifier": network(2, count)}

    def turns(by_hand: Networks) -> Any:
        d, c = by_hand["discriminator"], by_hand["classifier"]
        parts: Any = by_hand["generator"]

        def made(noise: Tensor) -> tuple[Tensor, Tensor]:
            """Samples of all generators, each where its number of the noise is the largest; and which it was."""
            which = torch.stack([row[:count].argmax() for row in noise])
            shown = [part(noise[:, count:]) * (which == k)[:, None] for k, part in enumerate(parts.parts)]
            return torch.stack(shown).sum(0), which

        def known(samples: Tensor, which: Tensor) -> Tensor:
            odds = torch.log_softmax(c(samples), 1)
            return odds[torch.arange(len(which)), which].mean()

        def of_generator(real: Tensor, noise: Tensor, more: Any) -> Tensor:
            samples, which = made(noise)
            return torch.log(torch.sigmoid(d(samples))).mean() + 0.5 * known(samples, which)

        return {
            "discriminator": lambda real, noise, more: value(d(real), d(made(noise)[0].detach())),
            "generator": of_generator,
            "classifier": lambda real, noise, more: known(*made(noise)),
        }

    by_hand, run = both(networks, gan_lab.games.ring(), turns, loss=paper.mgan(count, 0.5))
    assert furthest(by_hand, networks) < 2e-6
    assert "value" in run.truth[-1]
