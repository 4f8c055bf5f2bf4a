"""What all processes must share before the first sweep: versions, options and the model; `lock` sees to the folder.

Otherwise each would prove something of a problem of its own, and the numbers that they exchange would belong to none.
"""

import contextlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from planners.distributed.processes import Processes
from planners.errors import InvalidOptionError


def agree(processes: Processes, facts: Mapping[str, Any]) -> None:
    """Refuse to go on where some process was given something else than process 0, or runs another version.

    Raises:
        InvalidOptionError: On all processes: what differs, on which process, and what it is there.
    """
    told = processes.gather({name: str(value) for name, value in {**_versions(), **facts}.items()})
    for name, wanted in told[0].items():
        for rank, found in enumerate(told):
            if found.get(name) != wanted:
                raise InvalidOptionError(
                    f"the processes do not agree: {name} is {wanted} on {processes.named(0)}, and {found.get(name)} on "
                    f"{processes.named(rank)}. Start all of them with the same versions, options and files"
                )


def _versions() -> dict[str, str]:
    found = {"the version of Python": platform.python_version()}
    for package in ("gridworld-lab", "numpy", "numba"):
        with contextlib.suppress(PackageNotFoundError):
            found[f"the version of {package}"] = version(package)
    return found
