"""Planning on a device of PyTorch, such as a GPU: what `solve` and `solve_many` do where `device` is given."""

from collections.abc import Sequence
from typing import Any

from planners.errors import InvalidOptionError, NotEnoughMemoryError
from planners.gpu.device_sweeps import DeviceSweeps
from planners.iteration.loop import run_iterates
from planners.iteration.progress import Progress
from planners.iteration.starting_points import model_values, start_values
from planners.memory import check_memory, readable
from planners.models.convert import Model
from planners.models.moves import MoveMDP
from planners.options import Tolerance, check_run
from planners.plans.plan import Plan
from planners.sweeps.batch_sweeps import make_lead, sibling
from planners.sweeps.rounds import front_bytes, rounds
from planners.sweeps.row_sweeps import RowSweeps
from planners.sweeps.variants import Variant


def is_device(device: Any) -> bool:
    """Whether `device` asks for PyTorch; None and "cpu" mean the planners of the CPU.

    Raises:
        InvalidOptionError: It is no name of a device.

    >>> is_device(None), is_device("cpu"), is_device("cuda"), is_device("torch:cpu")
    (False, False, True, True)
    """
    if device is None:
        return False
    name = str(device)
    if name == "cpu":
        return False
    kind = name.removeprefix("torch:").partition(":")[0]
    if kind not in ("cpu", "cuda"):
        raise InvalidOptionError(
            f"device is {device!r}; expected None or 'cpu', 'cuda' or 'cuda:1', or 'torch:cpu' for the code of the GPU "
            "on the CPU"
        )
    return True


def open_device(device: Any) -> Any:
    """The device of PyTorch that a name stands for.

    Raises:
        InvalidOptionError: There is no such device, or PyTorch is missing.
    """
    try:
        from planners.gpu import torch_sweeps
    except ModuleNotFoundError as error:
        raise InvalidOptionError(
            f"device is {device!r}, which needs PyTorch, and {error.name} is missing: "
            "pip install torch, or leave device out"
        ) from error
    try:
        return torch_sweeps.find_device(str(device).removeprefix("torch:"))
    except ValueError as error:
        raise InvalidOptionError(
            f"device is {device!r}, but {error}. Leave device out for the CPU, or try the same code on it with "
            "device='torch:cpu'"
        ) from None


def device_bytes(model: Model, count: int) -> int:
    """Most bytes that `count` models which share their tables take on the device, sweeping in float32."""
    rows = model.num_states * model.num_actions
    values = count * (24 * model.num_states + 4 * rows) + 2**28  # and intermediate results of a part of the states
    if isinstance(model, MoveMDP):
        return values + model.num_states * (1 + 5 * model.num_moves)
    return values + 16 * model.transitions.nnz + (24 + 12 * count) * rows


def check_device_memory(device: Any, model: Model, count: int) -> None:
    """Refuse what does not fit on a GPU.

    Raises:
        NotEnoughMemoryError: It does not fit.
    """
    from planners.gpu import torch_sweeps

    needed, free = device_bytes(model, count), torch_sweeps.free_bytes(device)
    if needed > free:
        raise NotEnoughMemoryError(
            f"{count} models of {model.num_states} states need about {readable(needed)} on {device}, and "
            f"{readable(free)} are free. Leave device out for the CPU, or pass fewer models at once"
        )


def solve_on_device(
    members: Sequence[Variant],
    device: Any,
    *,
    tolerance: Tolerance,
    max_iterations: int = 100_000,
    start: Any = None,
    progress: Progress = False,
) -> list[Plan]:
    """Plans of models that share their tables, by value iteration along the front; see `planners.gpu.device_sweeps`.

    Args:
        members: k models and discounts; at discount 1 only one.
        device: As `is_device` takes it.
        tolerance: What error is allowed.
        max_iterations: Number of reports after which to give up.
        start: A `Plan`, or (S,) values, of each of the models.
        progress: True for a progress bar, or a function to call with each `Iteration`.

    Returns:
        k plans with their status, converged or not.

    Raises:
        InvalidOptionError: There is no such device, or PyTorch is missing.
        NotEnoughMemoryError: The models do not fit in the memory of this machine.
        UnboundedValueError: At discount 1 it cannot be told whether reward can be collected for ever.

    Cost: some 250 sweeps, each of 4 (D + A + 2) bytes a state of a `MoveMDP` of D moves and A actions, where
    episodes end; elsewhere as many as value iteration with MacQueen's bounds.
    """
    check_run(max_iterations, progress, throw=True)
    found = open_device(device)
    first = members[0].model
    needed = front_bytes(first) + 100 * first.num_states * len(members)
    check_memory(needed, f"arranging {first.num_states} states", "Use a smaller model")
    check_device_memory(found, first, len(members))
    lead = make_lead(members)
    sweeps = DeviceSweeps([sibling(lead, member) for member in members], found)
    if start is not None:
        sweeps.start_at(
            start_values(lead.problem, start) if isinstance(lead, RowSweeps) else model_values(first.num_states, start)
        )
    together = f" of {len(members)} models at once" if len(members) > 1 else ""
    plan = run_iterates(
        sweeps,
        rounds(sweeps, tolerance),
        method=f"value iteration along the front{together}, on {sweeps.where}",
        tolerance=tolerance,
        max_iterations=int(max_iterations),
        progress=progress,
    )
    return sweeps.split(plan, tolerance)
