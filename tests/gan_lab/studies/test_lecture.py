"""The lecture's statements, and the command `gan-lab`; gan_lab where torch is missing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from gan_lab.cli import commands
from gan_lab.metrics.mode_fits import TwoModes, fit_gaussian
from gan_lab.metrics.parzen import parzen_bias, parzen_log_likelihood
from gan_lab.studies import lecture


@pytest.mark.long
@pytest.mark.parametrize("statement", lecture.STATEMENTS, ids=lambda statement: statement.__name__)
def test_statements_hold_on_distributions_drawn_anew(statement: Any, rng: np.random.Generator) -> None:
    finding = statement(rng)
    assert finding.passed, finding


def test_half_way_to_p_in_every_step(rng: np.random.Generator) -> None:
    """Proposition 2 by hand: with D* the step is q' = (p + q) / 2."""
    p, q = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(5))
    for steps in range(5):
        assert lecture.mirror_descent(p, q, steps) == pytest.approx(
            lecture.truth.jsd(p, p + (q - p) / 2**steps), abs=1e-12
        )


def test_maximum_likelihood_takes_the_moments() -> None:
    """KL(p || q) is least where mean and variance are the data's: here 0 and 1 + distance^2."""
    mean, std = fit_gaussian(TwoModes(4.0), "kl")
    assert mean == pytest.approx(0.0, abs=1e-3)
    assert std == pytest.approx(17**0.5, abs=1e-3)
    mean, std = fit_gaussian(TwoModes(4.0), "reverse_kl")
    assert abs(mean) == pytest.approx(4.0, abs=0.01)
    assert std == pytest.approx(1.0, abs=0.01)


def test_the_gan_covers_modes_that_are_near() -> None:
    """JSD is between the two: it gives a mode up only where covering costs more."""
    assert TwoModes(2.0).share_of_larger_mode(fit_gaussian(TwoModes(2.0), "jsd")) < 0.6
    assert TwoModes(5.0).share_of_larger_mode(fit_gaussian(TwoModes(5.0), "jsd")) > 0.99


@pytest.mark.long
def test_parzen_windows() -> None:
    rng = np.random.default_rng(7)  # a claim about one run: how often it fails has no known bound
    samples, points = rng.normal(size=(40, 3)), rng.normal(size=(6, 3))
    by_hand = [
        np.log(np.mean([np.exp(-((x - s) ** 2).sum() / (2 * 0.25)) / (2 * np.pi * 0.25) ** 1.5 for s in samples]))
        for x in points
    ]
    np.testing.assert_allclose(parzen_log_likelihood(points, samples, 0.5), by_hand, rtol=1e-10)
    few, many = parzen_bias(1, 3000, rng)[0], parzen_bias(10, 3000, rng)[0]
    assert abs(few) < 0.1 < -many  # harmless in one dimension, far too low in ten


@pytest.mark.long
def test_verify_prints_every_statement() -> None:
    result = CliRunner().invoke(commands.app, ["verify", "--seed", "11"])
    assert result.exit_code == 0, result.stdout
    assert result.stdout.count("pass") == len(lecture.STATEMENTS)
    assert "All statements hold." in result.stdout


def test_verify_tells_what_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = lecture.Finding("Theorem 0", "2 + 2 = 5", "5", "4", False)
    monkeypatch.setattr(lecture, "verify", lambda seed: [wrong])
    result = CliRunner().invoke(commands.app, ["verify"])
    assert result.exit_code == 1
    assert "FAIL  Theorem 0" in result.stdout


def test_train_and_games(tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    result = CliRunner().invoke(commands.app, ["train", "finite", "--steps", "50", "--checkpoint", str(file)])
    assert result.exit_code == 0, result.stdout
    assert "finite, 50 updates. All updates were played." in result.stdout
    assert "Converged?" in result.stdout
    assert file.exists()
    listed = CliRunner().invoke(commands.app, ["games"]).stdout
    assert "grid100" in listed
    assert "exact: value" in listed
    for command in (["verify", "--seed", "-3"], ["train", "dirac", "--seed", "-3"]):
        refused = CliRunner().invoke(commands.app, command)
        assert refused.exit_code == 2
        assert "seed is -3" in refused.stderr
    wrong = CliRunner().invoke(commands.app, ["train", "finit"])
    assert wrong.exit_code == 2
    assert "did you mean 'finite'" in wrong.stderr


@pytest.mark.parametrize("missing", ["torch", "pettingzoo", "safetensors"])
def test_without_torch_it_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.path.insert(0, '.'); import importlib.util as u; f = u.find_spec; \
u.find_spec = lambda name, *a: None if name == '{missing}' else f(name, *a); import gan_lab"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"gan_lab needs {missing}, not installed here: pip install {missing}" in done.stderr


def test_the_command_without_torch_says_so_in_a_line(tmp_path: Path) -> None:
    script = tmp_path / "gan-lab"
    script.write_text(
        "import sys; sys.modules['torch'] = None; import importlib.util as u; f = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else f(name, *a)\n"
        "from gan_lab.cli import app; app()"
    )
    done = subprocess.run([sys.executable, script, "verify"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("gan_lab needs torch")) == (1, True), done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_versions() -> None:
    shown = CliRunner().invoke(commands.app, ["--version"]).stdout
    assert shown.startswith("gridworld-lab 0.")
    assert f"torch {torch.__version__.split('+')[0]}" in shown
