"""What the kernels of all forms of a model share: a form is the type of its tables, a named tuple.

A loop that is the same for all forms calls `initialise` and `sweep`; which function of which form that is, the type of
the tables says: in compiled code when it is compiled, in Python when it is called. So a form is one file, which
registers its functions. Arrays are checked by the callers; nothing here raises.

A function takes the arrays out of the tuple before its loops: inside them, Numba may count references each time.

NaN marks a value that no sweep has touched.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np
from numba.extending import overload

from planners.kernels.compiling import called_by_compiled


def by_form(function: Callable[..., Any]) -> Any:
    """The function that a form has registered for the type of its tables, as `functools.singledispatch` finds it."""
    chosen: Any = singledispatch(function)
    options: Any = {"boundscheck": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": True}

    @overload(chosen, strict=False, jit_options=options)
    def choose(tables, *others):
        return chosen.dispatch(tables.instance_class).py_func

    return chosen


@by_form
def initialise(tables, values, first, last, per_step):
    """First values of states first..last-1: a backup in which untouched successors count as a little worse.

    An untouched successor is taken to be worth what the state itself is worth after six more of the
    costliest steps, which are `per_step`: too low rather than too high, because what is too low is put
    right by the next sweep, and what is too high may take 1 / (1 - discount) of them.
    """
    raise NotImplementedError


@by_form
def sweep(tables, values, first, last, step=1):
    """One Gauss-Seidel sweep over states first..last-1, or backwards with a step of -1; the largest change."""
    raise NotImplementedError


@called_by_compiled
def guess(known, unknown, per_step, discount):
    """V = known + unknown * (v after six more steps), where that can be solved; else -inf."""
    if unknown > 0.9:
        return -np.inf
    after = max(1.0 - 6.0 * (1.0 - discount), 0.0)
    return (known + unknown * 6.0 * per_step) / (1.0 - unknown * after)
