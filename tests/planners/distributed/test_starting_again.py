"""What torchrun starts again, and by which interface processes find each other."""

import socket
from pathlib import Path
from typing import Any

import pytest

from planners import InvalidModelError, InvalidOptionError, InvalidPlanFileError
from planners import __main__ as command
from planners.distributed import interfaces
from planners.distributed.processes import Alone


def test_what_ended_for_good_ends_at_once_when_it_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(command, "_run", lambda *_, many, first: 3)
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    assert command.main(["map.txt"]) == 3
    monkeypatch.setattr(command, "_run", lambda *_, many, first: pytest.fail("it was solved again"))
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert command.main(["map.txt"]) == 3
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")  # another torchrun
    monkeypatch.setattr(command, "_run", lambda *_, many, first: 1)  # a process was lost: to be started again
    assert command.main(["map.txt"]) == 1
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    monkeypatch.setattr(command, "_run", lambda *_, many, first: 0)
    assert command.main(["map.txt"]) == 0


@pytest.mark.parametrize(
    ("own", "chosen", "expected"),
    [("127.0.1.1", None, "eth7"), ("10.0.0.5", None, None), ("127.0.1.1", "ib0", "ib0"), (None, None, "eth7")],
)
def test_an_interface_is_chosen_where_the_host_name_leads_nowhere(
    own: str | None, chosen: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_name(host: str) -> str:
        if host == socket.gethostname():
            if own is None:
                raise OSError("unknown host")
            return own
        return "10.0.0.1"

    monkeypatch.setattr(interfaces.socket, "gethostbyname", by_name)
    monkeypatch.setattr(interfaces, "interface_to", lambda _: "eth7")
    environment = {} if chosen is None else {interfaces.GLOO: chosen}
    monkeypatch.setattr(interfaces.os, "environ", environment)
    interfaces.choose_interface("node0")
    assert environment.get(interfaces.GLOO) == expected


class Two(Alone):
    """Process 0 of two; the other one tells of a failure of its own."""

    size = 2
    hosts = ("one", "two")

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def gather(self, thing: Any) -> list[Any]:
        return [thing, (type(self.failure), "reading", str(self.failure))]


@pytest.mark.parametrize("kind", [InvalidPlanFileError, InvalidModelError, InvalidOptionError, OSError])
def test_what_one_process_raises_all_raise_of_the_same_kind(kind: type[Exception]) -> None:
    """A damaged checkpoint, above all: another one is taken then, and not where it comes as some other error."""
    with pytest.raises(kind, match="process 1 of 2 on two, reading: damaged"):
        Two(kind("damaged")).together(lambda: None, "reading")
