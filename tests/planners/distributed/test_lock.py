"""One job at a time in a folder, also where jobs are killed or stopped; and a process that stands still ends."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import planners
from planners import InvalidOptionError
from planners.distributed import Rows, lock, solve_in_parts
from planners.distributed.lock import Lock, held
from planners.distributed.processes import Alone
from tests.planners.distributed import job

ELSEWHERE: dict[str, Any] = {"host": "elsewhere, pid:[7]", "process": 1, "jobs": [None, "none"]}
OURS: dict[str, Any] = {**ELSEWHERE, "token": "a", "count": "000000000007"}


def solve(folder: Path, **options: Any) -> planners.Plan:
    return solve_in_parts(Rows(job.ladder, job.LADDER, 2), discount=0.9, out=folder, **options)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count moves, and is looked at, a hundred times as often."""
    monkeypatch.setattr(lock, "LOOK", 0.01)
    monkeypatch.setattr(lock, "BEAT", 0.02)


@pytest.mark.usefixtures("quick")
def test_a_job_that_lives_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOOKS", 3000)  # of a busy machine: 30 s for one move
    with held(tmp_path, Alone()):
        time.sleep(0.1)
        with pytest.raises(InvalidOptionError, match=r"another job writes to .*: process \d+ on .*\. Wait .* delete"):
            solve(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert solve(tmp_path).converged


def test_a_lock_of_an_earlier_version_does_not_count_and_is_kept(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps(ELSEWHERE))
    with pytest.raises(
        InvalidOptionError, match=r"another job writes to .*: process 1 on elsewhere\. .* delete .*lock"
    ):
        solve(tmp_path)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("content", [json.dumps(OURS), "", '{"host": "els'])
def test_a_lock_whose_count_does_not_move_is_taken_over(content: str, tmp_path: Path) -> None:
    """On another machine nobody can see whether a process lives; an empty lock is left by a disk that was full."""
    (tmp_path / "lock").write_text(content)
    with pytest.warns(UserWarning, match=r"the job that held .* is gone: process .* This job takes it over"):
        assert solve(tmp_path).converged
    assert not (tmp_path / "lock").exists()


def test_the_lock_of_a_killed_process_of_this_machine_is_taken_over_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOOKS", 0)
    script = (
        "import os, pathlib, sys\nfrom planners.distributed.lock import held\n"
        "from planners.distributed.processes import Alone\n"
        "with held(pathlib.Path(sys.argv[1]), Alone()):\n    os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert (tmp_path / "lock").exists()
    with pytest.warns(UserWarning, match="is gone"):
        assert solve(tmp_path).converged


def test_a_job_that_a_scheduler_starts_again_has_its_folder_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").write_text(json.dumps({**OURS, "jobs": ["77", "none"]}))
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    assert solve(tmp_path).converged


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("every", [0, 4])
def test_a_job_whose_folder_was_taken_over_writes_nothing_more(every: int, tmp_path: Path) -> None:
    """It stood still, and goes on after another job has made a lock of its own: which stays as it is."""
    there = json.dumps(OURS)

    def take_over(step: planners.Iteration) -> None:
        if step.iteration == 3:
            (tmp_path / "lock").unlink()
            (tmp_path / "lock").write_text(there)
            time.sleep(0.1)

    with pytest.raises(InvalidOptionError, match=r"stood still, and process 1 on elsewhere took .* over"):
        solve(tmp_path, progress=take_over, checkpoint_every=every)
    assert (tmp_path / "lock").read_text() == there
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_one_process_says_that_the_job_has_lost_one(tmp_path: Path) -> None:
    several = [Lock(tmp_path, "a") for _ in range(3)]
    assert [each.is_first_to_speak() for each in several] == [True, False, False]
    assert Lock(tmp_path / "nowhere", "a").is_first_to_speak()
    assert Lock(None, "a").is_first_to_speak()


@pytest.mark.long
def test_a_stopped_process_is_ended() -> None:
    """And one that only waits is not."""
    script = (
        "import os, signal, time; from planners.distributed.guard import guarded\n"
        "with guarded(0.5):\n    time.sleep(1.2)\n    print('waited', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60.0, check=False)
    assert (ended.stdout, ended.returncode) == ("waited\n", -9)
