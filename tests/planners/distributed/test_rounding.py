"""In parts, rounding stops a run no sooner than it does in one process."""

from pathlib import Path

import numpy as np

from gridworld_env.maps.slices import open_map
from planners.distributed import solve_in_parts


def test_a_walled_in_square_of_a_large_value_does_not_widen_the_bounds(tmp_path: Path) -> None:
    """At discount .99999 it is worth -4000, beside values of -40: rounding of it alone is above the tolerance."""
    squares = np.full((104, 104), ".")
    squares[50:53, 50:53], squares[51, 51], squares[0, 0] = "#", ".", "+"
    (tmp_path / "map.txt").write_text("\n".join(map("".join, squares)) + "\n", encoding="ascii")
    plan = solve_in_parts(open_map(str(tmp_path / "map.txt"), slip=0.2), discount=0.99999, tolerance=1e-7)
    assert plan.converged
    assert plan.error_bound <= 1e-7
