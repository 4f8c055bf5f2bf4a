"""A run that torchrun or Slurm starts again goes on from its own checkpoint."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gan_lab.cli import app
from gan_lab.training.loop import evaluate


def test_a_run_that_is_started_again_does_not_begin_at_update_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint says where it stands: the second start plays no update again, and so overwrites nothing."""
    file = tmp_path / "run.safetensors"
    command = ["train", "dirac", "--steps", "40", "--checkpoint", str(file)]
    assert CliRunner().invoke(app, command).exit_code == 0
    steps: list[int] = []

    def noted(made: Any) -> None:
        steps.append(made.run.steps)
        evaluate(made)

    monkeypatch.setattr("gan_lab.training.loop.evaluate", noted)
    for again, first in (("TORCHELASTIC_RESTART_COUNT", None), ("SLURM_RESTART_COUNT", None), ("NOTHING", 2)):
        steps.clear()
        monkeypatch.setenv(again, "1")
        assert CliRunner().invoke(app, command).exit_code == 0
        monkeypatch.delenv(again)
        assert (steps[0] if steps else None) == first
