"""Which squares of a map the window shows, and where."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gridworld_env.explorer.drawing.viewport import Viewport


def viewports() -> st.SearchStrategy[Any]:
    moves = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 900), st.integers(0, 700)), max_size=6)
    return st.tuples(st.integers(1, 600), st.integers(1, 600), moves)


@given(viewports())
def test_the_viewport_shows_squares_where_it_says(drawn: tuple[int, int, list[tuple[int, int, int]]]) -> None:
    rows, columns, moves = drawn
    view = Viewport(rows, columns)
    view.show(rows, columns, 900, 700)
    for notches, x, y in moves:
        view.zoom(notches, x, y)
        view.pan(x - 450, y - 350)
    seen_rows, seen_columns = view.seen()
    assert seen_rows.start < seen_rows.stop
    assert seen_columns.start < seen_columns.stop
    for row, column in ((seen_rows.start, seen_columns.start), (seen_rows.stop - 1, seen_columns.stop - 1)):
        x, y = view.corner(row, column)
        assert view.square(x, y) == (row, column) == view.square(x + view.cell - 1, y + view.cell - 1)
        assert -view.cell < x < 900
        assert -view.cell < y < 700
    for row in (seen_rows.start - 1, seen_rows.stop):
        _, y = view.corner(row, 0)
        assert row in (-1, rows) or y + view.cell <= 0 or y >= 700
    view.reveal(rows - 1, columns - 1)
    x, y = view.corner(rows - 1, columns - 1)
    assert x + view.cell <= 900 or view.cell > 900
    assert y + view.cell <= 700 or view.cell > 700


def test_zooming_keeps_what_is_under_the_mouse() -> None:
    view = Viewport(500, 500)
    view.show(500, 500, 900, 700)
    view.zoom(8, 450, 350)
    square = view.square(450, 350)
    view.zoom(3, 450, 350)
    assert view.square(450, 350) == square
    view.zoom(-3, 450, 350)
    assert view.square(450, 350) == square
