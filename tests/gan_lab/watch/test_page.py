"""`gan-lab watch dirac --html`: the page's numbers beside the package's, in a headless Chromium if there is one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gan_lab
from gan_lab.cli import app
from gan_lab.errors import WiringError
from gan_lab.updates import Alternating
from gan_lab.watch.page.write import LOSSES, PENALTIES, UPDATES, write_game
from tests.oracles.chromium import Chromium, installed

GAME = (Path(gan_lab.__file__).parent / "watch" / "page" / "game.js").read_text(encoding="utf-8")
CLAMP = "const clamp = (x, low, high) => Math.min(Math.max(x, low), high);"
RULES = [
    *({"update": update, "game": "bilinear"} for update in UPDATES),
    *({"update": update} for update in UPDATES),
    *({"update": "consensus", "loss": loss, "penalty": penalty} for loss in LOSSES for penalty in PENALTIES),
    {"update": "alternating", "steps_of_D": 3},
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "dirac.html"
    write_game(path)
    return path


def played(rules: dict[str, Any], steps: int) -> list[float]:
    """psi and theta after some updates of the package, from (1, 1)."""
    known = {"loss": "minimax", "penalty": "none", "weight": 0.1, "rate": 0.2, "steps_of_D": 1, "game": "dirac"} | rules
    update = Alternating(known["steps_of_D"]) if known["update"] == "alternating" else known["update"]
    own = {} if known["game"] == "bilinear" else {name: known[name] for name in ("loss", "penalty")}
    run = gan_lab.train(
        known["game"], update=update, rate=known["rate"], penalty_weight=known["weight"], steps=steps, looks=1, **own
    )
    return [float(strategy[0]) for strategy in run.strategies]


def radius(rules: dict[str, Any]) -> float:
    known = {"loss": "minimax", "penalty": "none", "weight": 0.1, "rate": 0.2, "game": "dirac"} | rules
    options = {"discriminator_steps": known["steps_of_D"]} if known.get("steps_of_D", 1) > 1 else {}
    penalty = None if known["penalty"] == "none" else known["penalty"]
    return gan_lab.spectrum(
        known["game"],
        known["update"],
        rate=known["rate"],
        loss=known["loss"],
        penalty=penalty,
        penalty_weight=known["weight"],
        **options,
    ).radius


@pytest.mark.visual
@pytest.mark.skipif(installed() is None, reason="no Chromium here: apt install chromium")
class TestInABrowser:
    """Everything that needs one."""

    def test_paths_and_rates_of_every_rule(self, browser: Chromium) -> None:
        told = [
            {"loss": "minimax", "penalty": "none", "weight": 0.3, "rate": 0.25, "steps_of_D": 1, "game": "dirac"}
            | rules
            for rules in RULES
        ]
        found = browser.run(
            "(() => {" + CLAMP + GAME + f"return {json.dumps(told)}"
            """.map((rules) => {
                const memory = {}, path = [[1, 1]];
                for (let i = 0; i < 12; i++) path.push(UPDATES[rules.update].step(rules, path[i], memory));
                return [path[12], predicted(rules).radius];
            }); })()"""
        )
        for rules, (last, rate) in zip(told, found, strict=True):
            np.testing.assert_allclose(last, played(rules, 12), rtol=0, atol=1e-9, err_msg=str(rules))
            assert rate == pytest.approx(radius(rules), abs=1e-9), rules

    @pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
    def test_playing(self, browser: Chromium, page: Path, size: tuple[int, int]) -> None:
        browser.open(page, size=size)
        browser.run("document.getElementById('numbers').open = true")

        def press(name: str) -> None:
            buttons = "[...document.querySelectorAll('button')]"
            browser.run(f"{buttons}.find((b) => b.textContent === {json.dumps(name)}).click()")

        def check(rules: dict[str, Any], steps: int) -> None:
            seen = browser.run(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(["
                "[...document.querySelector('#numbers tr:last-child').cells].map(c => c.textContent),"
                "document.getElementById('prediction').textContent, document.documentElement.scrollWidth]))))"
            )
            row = [float(cell.replace("−", "-")) for cell in seen[0]]
            assert row[0] == steps
            np.testing.assert_allclose(row[1:3], played(rules, steps), rtol=0, atol=1e-9)
            assert f"by {radius(rules):.10g};" in seen[1]
            assert seen[2] <= size[0]
            assert browser.messages == browser.complaints == []

        press("Update")
        check(rules := {"update": "simultaneous"}, 1)
        press("100 more")
        check(rules, 101)
        press("Extragradient")
        press("Update")
        browser.run("document.activeElement.blur()")
        browser.key("n")
        check(rules := {"update": "extragradient"}, 2)
        browser.run("(b => { b.focus(); b.select(); })(document.querySelector('input[type=number][data-number=rate]'))")
        browser.ask("Input.insertText", text="0.35")
        browser.key("Enter")
        check(rules := {**rules, "rate": 0.35}, 2)
        press("Penalty R1")
        press("non-saturating")
        press("Update")
        check(rules := {**rules, "penalty": "r1", "loss": "non_saturating"}, 1)
        press("Optimistic")
        press("100 more")
        check(rules := {**rules, "update": "optimistic"}, 100)
        browser.until("location.hash.endsWith('updates=100')")
        address = browser.run("location.hash")
        press("Reset")
        press("Bilinear game")
        press("Alternating")
        press("Update")
        check({"game": "bilinear", "update": "alternating", "rate": 0.35}, 1)
        press("Play")
        browser.until("Number(document.getElementById('caption').textContent.match(/[0-9]+/)[0]) > 3")
        press("Pause")
        browser.open(page, size=size, address=address)
        browser.run("document.getElementById('numbers').open = true")
        check(rules, 100)

    def test_a_click_places_the_players_and_the_keys_move_them(self, browser: Chromium, page: Path) -> None:
        browser.open(page, size=(1280, 720))
        left, top, width, height = browser.run(
            "(b => [b.left, b.top, b.width, b.height])(document.getElementById('plane').getBoundingClientRect())"
        )
        side = min(width, height) - 4
        browser.drag((left + width / 2 + side / 6, top + height / 2 - side / 3))
        browser.until("document.getElementById('caption').textContent.startsWith('Update 0: ψ = 0.5, θ = 1,')")
        browser.key("ArrowRight")
        browser.until("document.getElementById('caption').textContent.startsWith('Update 0: ψ = 0.6, θ = 1,')")
        browser.run("document.querySelector('[data-game=bilinear]').click()")
        for _ in range(12):
            browser.run("document.getElementById('many').click()")
        browser.until("document.getElementById('many').disabled")
        assert "the edge of what they may play" in browser.run("document.getElementById('caption').textContent")

    @pytest.mark.parametrize(
        ("address", "says"),
        [
            ("#game=ring8", "the game ring8, which this page does not have"),
            ("#game=dirac&rate=7", "expected 0.01 to 1"),
            ("#game=dirac&at=1,99", "no beginning within"),
        ],
    )
    def test_addresses_that_hold_nothing(self, browser: Chromium, page: Path, address: str, says: str) -> None:
        browser.open(page, address=address)
        browser.until(f"document.getElementById('caption').textContent.includes({json.dumps(says)})")
        assert {asked.partition("#")[0] for asked in browser.requests} <= {page.resolve().as_uri(), "data:,"}


def test_the_command_writes_it_without_a_display(tmp_path: Path) -> None:
    path = tmp_path / "game.html"
    result = CliRunner().invoke(app, ["watch", "dirac", "--update", "optimistic", "--html", str(path)])
    assert result.exit_code == 0, result.output
    assert '"update":"optimistic"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ring8"], "does not have the game 'ring8'; expected one of dirac, bilinear"),
        (["dirac", "--update", "implicit"], "does not have the update 'implicit'"),
        (["dirac", "--loss", "hinge"], "does not have the loss 'hinge'"),
        (["bilinear", "--penalty", "r1"], "for V(D, G) alone"),
        (["dirac", "--penalty-weight", "2"], "weights from 0 to 1"),
        (["dirac", "--seed", "3"], "--seed is only for the window"),
    ],
)
def test_what_the_page_does_not_have(arguments: list[str], says: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", *arguments, "--html", str(tmp_path / "game.html")])
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert not list(tmp_path.iterdir())


def test_names_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(WiringError, match="expected one of none, r1"):
        write_game(tmp_path / "game.html", penalty="r2")
    with pytest.raises(ValueError, match=r"\.html"):
        write_game(tmp_path / "game.htm")
