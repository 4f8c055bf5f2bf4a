"""PyTorch's fused Adam with less around it: the same kernel and the same bits.

What PyTorch puts around a step serves its profiler, its compiler and mixed precision. On a small network it takes as
long as the kernel itself. PyTorch imports its compiler for it, which takes a second and more in every process.
"""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

KERNELS: Any = torch  # its fused kernels are not public names


class Adam(torch.optim.Adam):
    """`torch.optim.Adam(..., fused=True)`: Kingma and Ba 2015. Where it is asked for more, it is PyTorch's own step.

    >>> own, theirs = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    >>> optimizers = Adam([own], lr=0.1, fused=True), torch.optim.Adam([theirs], lr=0.1, fused=True)
    >>> for optimizer, part in zip(optimizers, (own, theirs)):
    ...     for _ in range(3):
    ...         part.grad = part.detach() ** 2
    ...         optimizer.step()
    >>> torch.equal(own, theirs)
    True
    """

    # Without what PyTorch wraps them in to keep its compiler out of them.
    add_param_group = unwrap(Optimizer.add_param_group)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)
    zero_grad = unwrap(Optimizer.zero_grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; a closure is evaluated first, as PyTorch does."""
        if closure is not None or not self._is_plain():
            return _of_pytorch(self, closure)
        with torch.no_grad():
            for group in self.param_groups:
                self._climb(group)
        return None

    step.hooked = True  # type: ignore[attr-defined]  # PyTorch wraps a step without this mark in what it profiles by

    def _is_plain(self) -> bool:
        """Whether nothing is asked for that only PyTorch's own step does."""
        hooks = self._optimizer_step_pre_hooks or self._optimizer_step_post_hooks
        of_all = _global_optimizer_pre_hooks or _global_optimizer_post_hooks
        if hooks or of_all or getattr(self, "grad_scale", None) is not None:
            return False
        return all(map(_is_plain, self.param_groups))

    def _climb(self, group: dict[str, Any]) -> None:
        lists: list[list[torch.Tensor]] = [[], [], [], [], [], []]
        self._init_group(group, *lists)
        parameters, gradients, first, second, largest, steps = lists
        if not parameters:
            return
        KERNELS._foreach_add_(steps, 1)
        KERNELS._fused_adam_(
            parameters, gradients, first, second, largest, steps,
            amsgrad=group["amsgrad"], lr=group["lr"], beta1=group["betas"][0], beta2=group["betas"][1],
            weight_decay=group["weight_decay"], eps=group["eps"], maximize=group["maximize"],
        )  # fmt: skip


def _is_plain(group: dict[str, Any]) -> bool:
    """Whether one call of the kernel moves all of a group's parameters."""
    others = group["capturable"] or group.get("decoupled_weight_decay") or isinstance(group["lr"], torch.Tensor)
    return group["fused"] and not others and len({(part.device, part.dtype) for part in group["params"]}) == 1


_whole: Any = torch.optim.Adam.step  # of PyTorch, with what it is wrapped in when the first of them is made
_of_pytorch: Any = _whole if getattr(_whole, "hooked", False) else Optimizer.profile_hook_step(_whole)
