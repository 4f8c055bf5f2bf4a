"""The benchmark of mixtures: protocols against counting by hand, games as they are said to be, tables of runs."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from gan_lab import RECIPES, WiringError
from gan_lab.cli import bench
from gan_lab.cli.commands import app
from gan_lab.recipes.recipe import DiscriminatorShape, GeneratorShape
from gan_lab.studies.bench import (
    METHODS,
    METHODS_AS_PUBLISHED,
    PROTOCOLS,
    PUBLISHED,
    cases,
    make_case,
    measure,
    summarise,
)
from gan_lab.studies.bench.cases import recipe_of
from gan_lab.studies.bench.measure import score
from gan_lab.studies.bench.summary import HEADER, PROTOCOL_HEADER, by_protocol, markdown
from tests.oracles.chance import ALARM, check_counts


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocols_count_as_one_counts_by_hand(name: str, rng: np.random.Generator) -> None:
    protocol, game = PROTOCOLS[name], make_case("ring8")
    real = game.real(protocol.samples, rng).astype(np.float64)
    far = rng.random(len(real)) < 0.2
    samples = np.where(far[:, None], rng.normal(size=real.shape), real)[:, :]
    shares, good, hit = np.zeros(8), 0, set()
    for point in samples[:: max(1, len(samples) // 2500)]:
        gaps = point - game.means
        mode = int((gaps**2).sum(axis=1).argmin())
        off = np.abs(gaps[mode]) / game.std
        is_good = bool((off < 3).all()) if protocol.box else bool((off**2).sum() < 9)
        good += is_good
        hit |= {mode} if is_good else set()
        shares[mode] += is_good or not protocol.only_good
    counted = samples[:: max(1, len(samples) // 2500)]
    fewer = type(protocol)(**{**vars(protocol), "samples": len(counted)})
    found = fewer.score(game, counted)
    shares /= shares.sum()
    kl = sum(q * np.log(8 * q) for q in shares if q > 0)
    assert found["modes"] == len(hit)
    assert found["high_quality"] == pytest.approx(good / len(counted))
    assert found["reverse_kl"] == pytest.approx(kl, abs=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_data_themselves_reach_the_ceiling_and_the_floor(name: str, rng: np.random.Generator) -> None:
    protocol, game = PROTOCOLS[name], make_case("grid25")
    scores = [protocol.score(game, game.real(protocol.samples, rng)) for _ in range(20)]
    good = np.mean([score["high_quality"] for score in scores])
    check_counts([round(good * 20 * protocol.samples)], 20 * protocol.samples, [protocol.ceiling()], ALARM / 2)
    divergence = np.array([score["reverse_kl"] for score in scores])
    # 2 n KL is nearly chi-squared with 24 degrees: the mean of 20 has a deviation of 6.5 %, and 50 % are nearly eight.
    floor = protocol.floor(25)
    assert abs(divergence.mean() - floor) < 0.5 * floor
    assert all(score["modes"] == 25 for score in scores)


def test_no_sample_no_shares() -> None:
    game, protocol = make_case("ring8"), PROTOCOLS["pacgan"]
    found = protocol.score(game, np.zeros((protocol.samples, 2)))
    assert (found["modes"], found["high_quality"], found["reverse_kl"]) == (0, 0, np.inf)
    with pytest.raises(WiringError, match=r"10 samples; the protocol 'pacgan' counts 2500"):
        protocol.score(game, np.zeros((10, 2)))


def test_games_are_as_they_are_said_to_be() -> None:
    plain, rotated, staggered = (make_case(name).means for name in ("grid100", "grid100_rotated", "grid100_staggered"))
    distances = [np.sort(np.linalg.norm(m[:, None] - m, axis=2), axis=1) for m in (plain, rotated)]
    assert np.allclose(distances[0], distances[1])  # a rotation keeps all distances, and shares no coordinate
    assert len(np.unique(plain[:, 0].round(9))) == 10
    assert len(np.unique(rotated[:, 0].round(9))) == 100
    assert len(np.unique(staggered[:, 1].round(9))) == 20
    wide = make_case("modes1200").means
    apart = np.linalg.norm(wide[:, None] - wide, axis=2)[np.triu_indices(10, 1)]
    assert np.all(np.abs(apart - np.sqrt(2 * 1200)) < 4)
    assert np.linalg.norm(make_case("ring8", radius=2.0).means, axis=1) == pytest.approx(2.0)
    with pytest.raises(WiringError, match="unknown game of the benchmark 'grid26'; did you mean 'grid25'"):
        make_case("grid26")


def tiny(recipe: Any) -> Any:
    shapes = {"generator": GeneratorShape(hidden=(8,)), "discriminator": DiscriminatorShape(hidden=(8,))}
    return recipe.with_(batch_size=16, steps=3, **shapes)


@pytest.fixture(scope="module")
def rows(run_seed: int) -> list[dict[str, Any]]:
    recipe, seeds = tiny(RECIPES["ring8"]), np.random.default_rng(run_seed).integers(2**31, size=2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cases, "mixture_recipe", lambda game, **options: recipe)
        found = [measure("ring8", "ours", int(seed)) for seed in seeds]
    assert all(row["steps"] == 3 for row in found)
    return found


@pytest.mark.long
def test_a_run_becomes_a_row_and_rows_a_table(rows: list[dict[str, Any]]) -> None:
    assert json.loads(json.dumps(rows)) == rows
    lines = summarise(rows)
    assert [line[:4] for line in lines] == [("ring8", "ours", "live", "2"), ("ring8", "ours", "averaged", "2")]
    assert all(len(line) == len(HEADER) for line in lines)
    assert markdown(HEADER, lines).count("\n") == 3
    compared = by_protocol(rows)
    assert len([line for line in compared if line[-1].startswith("published")]) == len(PUBLISHED)
    for weights in ("live", "averaged"):  # each named, on the ring of 1
        measured = {line[2] for line in compared if line[-1] == f"measured, 2 seeds, {weights} weights"}
        assert measured == {"veegan", "pacgan"}


@pytest.mark.long
def test_widths_are_of_so_many_samples_that_the_data_pass() -> None:
    """Of 500 samples a mode, these data have an eigenvalue below .8: a claim about one run, whose seed was sought."""
    game = make_case("grid100")
    data: Any = SimpleNamespace(sample=lambda count, seed, averaged: game.real(count, np.random.default_rng(seed)))
    found = score(game, data, averaged=False, noise=1)
    assert (found["modes"], found["within"], found["width_samples"]) == (100, 100, 200_000)


@pytest.mark.long
def test_runs_with_other_numbers_of_updates_stay_apart(rows: list[dict[str, Any]]) -> None:
    mixed = [rows[0], rows[1] | {"steps": 4}]
    assert [(line[2], line[3], line[9]) for line in summarise(mixed)] == [
        ("live", "1", "3"), ("averaged", "1", "3"), ("live", "1", "4"), ("averaged", "1", "4"),
    ]  # fmt: skip
    measured = [line for line in by_protocol(mixed) if line[-1].startswith("measured")]
    assert [line[6] for line in measured] == ["3"] * 4 + ["4"] * 4


def test_a_run_that_diverged_is_a_row_too() -> None:
    row = {"game": "ring8", "method": "minimax", "seed": 1, "radius": 1.0, "steps": 7, "diverged": "NaN"}
    assert summarise([row])[0][:5] == ("ring8", "minimax", "-", "1", "diverged")


def test_the_command_shows_what_is_in_the_file(
    rows: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = CliRunner().invoke(app, ["bench", "--report", "--results", str(file)])
    assert found.exit_code == 0, found.output
    for header, lines in ((HEADER, summarise(rows)), (PROTOCOL_HEADER, by_protocol(rows))):
        assert markdown(header, lines) in found.output  # no line is folded
    for width, folded in ((200, False), (80, True)):  # a terminal: tables where they fit
        monkeypatch.setattr(bench, "out", Console(force_terminal=True, width=width, highlight=False))
        shown = CliRunner().invoke(app, ["bench", "--report", "--results", str(file)]).output
        assert (markdown(HEADER, summarise(rows)) in shown) is folded
        assert "averaged" in shown
    file.write_text("no JSON\n")
    found = CliRunner().invoke(app, ["bench", "--report", "--results", str(file)])
    assert found.exit_code == 2


@pytest.mark.parametrize("options", [["--games", "rung8"], ["--methods", "outs"], ["--report", "--results", "absent"]])
def test_bad_names_are_refused_before_the_work_begins(options: list[str]) -> None:
    found = CliRunner().invoke(app, ["bench", *options])
    assert found.exit_code == 2


@pytest.mark.long
@pytest.mark.parametrize("method", ["minimax", "pacgan4", "unrolled5"])
def test_a_method_becomes_a_row(method: str, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    monkeypatch.setitem(RECIPES, method, tiny(RECIPES[method]))
    row = measure("ring8", method, int(rng.integers(2**31)))
    assert (row["method"], row["steps"]) == (method, 3)
    assert set(row["live"]) >= {"modes", "high_quality", "excess_reverse_kl", "jsd", "pacgan"}


def test_names_are_separated_by_commas_or_spaces() -> None:
    assert bench._names("minimax, r3gan ours") == ["minimax", "r3gan", "ours"]


def test_every_method_has_a_recipe() -> None:
    for method in (*METHODS, *METHODS_AS_PUBLISHED):
        assert recipe_of(method, make_case("grid25")).steps > 0
    with pytest.raises(WiringError, match="unknown method 'outs'"):
        recipe_of("outs", make_case("ring8"))


def test_lines_of_json_have_no_infinity() -> None:
    """JSON has none: they are text in the file, and numbers again afterwards."""
    from gan_lab.studies.json_rows import finite, numbers

    row = {"live": {"veegan": {"reverse_kl": float("inf"), "modes": 8}}, "seed": 1}
    text = json.dumps(finite(row), allow_nan=False)
    assert json.loads(text, object_hook=numbers) == row
