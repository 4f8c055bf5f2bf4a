"""Exact planning on finite Markov decision processes, with proven bounds.

    plan = planners.solve(env, discount=0.9)
    plan.values, plan.policy, plan.lower, plan.upper, plan.error_bound

`readers` make models, models give `equations`, and `iteration` turns equations into plans. `methods` holds the
algorithms, `sweeps` makes them fast, and `solve` chooses among them. `evaluation` judges policies. If only bounds of a
model are known, `interval` plans for all models within them; `learning` gets such bounds from steps.

Read in this order: `models.tabular` (the tables), `equations.problem` (the Bellman equations),
`methods.value_iteration`, `methods.policy_iteration`, `equations.certificates` (what the bounds rest on),
`iteration.loop` (the loop around it all), `sweeps.rounds` (the same for sweeps that prove their own bounds).
"""

import ast
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from planners.pareto import pareto as pareto
from planners.solve import METHODS as METHODS
from planners.solve import solve as solve
from planners.solve_many import solve_many as solve_many

# The public names are in `__init__.pyi`, which type checkers read. What `solve` does not need is imported when it is
# first used (PEP 562), so that the first plan comes soon; a function with the name of its file is imported above.


@cache
def _homes() -> dict[str, str]:
    """The module of each public name, read from `__init__.pyi`."""
    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {name.name: node.module or "" for node in imports for name in node.names}


def __getattr__(name: str) -> Any:
    """A public name or a module of this package, imported on its first use."""
    found: Any
    if name == "__all__":
        found = sorted(_homes())
    elif name in _homes() and _homes()[name] != __name__:
        found = getattr(import_module(_homes()[name]), name)
    elif not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found  # asked for once
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_homes()})
