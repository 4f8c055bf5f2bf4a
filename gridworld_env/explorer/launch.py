"""From the command line to the window."""

from gridworld_env.explorer.explorer import Explorer
from gridworld_env.explorer.files import read_sketch
from gridworld_env.explorer.sketch import empty_sketch
from gridworld_env.plan_options import place_option
from gridworld_env.rendering.pygame_canvas import import_pygame
from planners.options import check_discount


def launch(
    map_name: str,
    *,
    discount: float,
    start: str | None,
    goal: str | None,
    empty: str | None,
    scale: float,
    seed: int | None,
) -> None:
    """Open the explorer on a map, and show it until it is closed.

    Raises:
        DependencyNotInstalled: pygame is missing.
        MapError: There is no such map, or it cannot be used.
        OSError: The file cannot be read.
    """
    import_pygame()  # says what to install
    check_discount(discount)
    path = None
    if empty is not None:
        rows, columns = place_option("empty", empty) or (0, 0)
        sketch = empty_sketch(rows, columns).with_discount(discount)
    else:
        sketch, path = read_sketch(
            map_name, discount, start=place_option("start", start), goal=place_option("goal", goal)
        )
    explorer = Explorer(sketch, path, seed)
    from gridworld_env.explorer.pygame_window import open_explorer

    open_explorer(explorer, scale=scale).run()
