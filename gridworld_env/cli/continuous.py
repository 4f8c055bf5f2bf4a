"""`gridworld continuous`: bounds on V* of a system with continuous states, as text and as a picture."""

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from gridworld_env.ui.files.whole_file import check_place, write_whole

SYSTEMS: Final = {
    "mountain-car": ("MountainCar", None),
    "mountain-car-continuous": ("MountainCarContinuous", None),
    "pendulum": ("Pendulum", 0.95),
    "double-integrator": ("DoubleIntegrator", 0.95),
}
EXAMPLE: Final = "170x160"


def show_continuous(name: str, cells: str, discount: float | None, png: Path | None, say: Any) -> None:
    """Plan on a system by name, print what is proven, and draw it."""
    import planners

    if name not in SYSTEMS:
        raise ValueError(f"system is {name!r}; expected one of {', '.join(SYSTEMS)}")
    if png is not None:
        check_place(png, ".png")
        if find_spec("matplotlib") is None:
            missing = "pictures of plans need matplotlib, which is not installed here: pip install matplotlib (80 MB)"
            raise ValueError(missing)
    kind, usual = SYSTEMS[name]
    system: Any = getattr(planners.continuous, kind)()
    plan = planners.continuous.solve(
        system, _numbers(cells), discount=usual if discount is None else discount, progress=True
    )
    Console(highlight=False).print(plan)
    if png is not None:
        plan.figure().savefig(data := io.BytesIO(), format="png", dpi=100)
        write_whole(png, data.getvalue())
        say(f"wrote {png}")


def _numbers(cells: str) -> tuple[int, ...]:
    """(170, 160) of "170x160"."""
    parts = cells.lower().split("x")
    if not all(part.strip().isdigit() for part in parts):
        raise ValueError(f"cells is {cells!r}; expected whole numbers with an x between them, such as {EXAMPLE}")
    return tuple(map(int, parts))
