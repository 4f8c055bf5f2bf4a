"""What moves on the map: cursor, marks of the last change, the agent, its trail, its last move."""

import math
from typing import TYPE_CHECKING

import numpy as np
import pygame

from gridworld_env.explorer.agent import Move
from gridworld_env.explorer.drawing.curves import OPTIMAL
from gridworld_env.explorer.drawing.pygame_sprites import Sprites
from gridworld_env.explorer.drawing.viewport import Viewport
from gridworld_env.explorer.views import HAND, LEARN, PLAN
from gridworld_env.grid.actions import DIRECTIONS
from gridworld_env.rendering import theme
from gridworld_env.rendering.paint_arrows import arrow_outline
from gridworld_env.rendering.paint_path import blend, paint_agent, paint_head
from gridworld_env.rendering.pygame_sheet import PygameSheet
from gridworld_env.rendering.sheet import Point

if TYPE_CHECKING:
    from gridworld_env.explorer.app import ExplorerApp

MOST_MARKS = 4000
MARK = theme.TRAJECTORY_NEW
WIDE = 4.0  # of a tip, beside its length
LOSES = (196, 32, 24)


def paint_actors(app: "ExplorerApp", surface: pygame.Surface, layer: pygame.Surface, sprites: Sprites) -> None:
    """Paint what lies over the kept `layer` on `surface`, the map's part of the window."""
    session, view = app.session, app.viewport
    sheet = PygameSheet(pygame, surface, 1, sprites.fonts)
    if session.view in ("policy", "optimal", "Q"):
        for state in np.flatnonzero(session.marks)[:MOST_MARKS].tolist():
            _frame(surface, view, square_of(app, state), MARK, max(2, view.cell // 40))
    _paint_tips(sheet, app)
    agent = session.agent
    if session.mode == LEARN and not session.problem:
        paint_agent(sheet, _center(app, session.learning.run.state), view.cell * 0.1)
    if session.mode == HAND and not session.problem:
        for state in np.flatnonzero(session.by_hand.loses)[:MOST_MARKS].tolist():
            _frame(surface, view, square_of(app, state), LOSES, max(2, view.cell // 40))
    if agent.state is not None and session.mode == PLAN:
        _paint_trail(sheet, app)
        _restore_numbers(app, surface, layer)
        if agent.last is not None and view.cell >= theme.SIGN_CELL:
            _paint_move(sheet, app, agent.last)
        paint_agent(sheet, _center(app, agent.state), view.cell * 0.16)
    _frame(surface, view, session.cursor, theme.INK, 2)
    if app.hover is not None and app.hover != session.cursor:
        _frame(surface, view, app.hover, theme.MUTED, 1)


def _paint_tips(sheet: PygameSheet, app: "ExplorerApp") -> None:
    """A green tip at the edge of a square for each optimal action."""
    session, view = app.session, app.viewport
    optimal = session.optimal_actions
    if optimal is None or view.cell < theme.LINE_CELL * 2:
        return
    grid, moves = session.document.grid, session.document.rules.action_moves
    states, actions = np.nonzero(optimal & ~grid.terminal[:, None])
    rows, columns = view.seen()
    for state, action in zip(states[:MOST_MARKS].tolist(), actions[:MOST_MARKS].tolist(), strict=True):
        row, column = square_of(app, state)
        if not (rows.start <= row < rows.stop and columns.start <= column < columns.stop):
            continue
        x, y = view.corner(row, column)
        down, right = DIRECTIONS[moves[action]]
        size = math.hypot(down, right) or 1.0
        middle = (x + view.cell * (0.5 + 0.473 * right), y + view.cell * (0.5 + 0.473 * down))
        for reach, color in ((0.031, theme.PAPER), (0.022, OPTIMAL)):
            sheet.polygon(_tip(middle, (down / size, right / size), view.cell * reach), color)


def _tip(middle: Point, ahead: tuple[float, float], reach: float) -> list[Point]:
    """A triangle that points ahead; a square where there is no direction."""
    (x, y), (down, right) = middle, ahead
    if not (down or right):
        return [(x - reach, y - reach), (x + reach, y - reach), (x + reach, y + reach), (x - reach, y + reach)]
    return [
        (x + reach * right, y + reach * down),
        (x - reach * (right - WIDE * down), y - reach * (down + WIDE * right)),
        (x - reach * (right + WIDE * down), y - reach * (down - WIDE * right)),
    ]


def square_of(app: "ExplorerApp", state: int) -> tuple[int, int]:
    """(row, column) of a state."""
    row, column = app.session.document.grid.cell_of_state[state].tolist()
    return row, column


def _center(app: "ExplorerApp", state: int) -> Point:
    """Where the agent stands in a square: above the number, where there is one under the arrows."""
    x, y = app.viewport.corner(*square_of(app, state))
    cell = app.viewport.cell
    return x + cell / 2, y + cell * (0.38 if _numbered(app) else 0.5)


def _numbered(app: "ExplorerApp") -> bool:
    overlay = app.session.scene.overlay
    return overlay.policy is not None and overlay.values is not None and app.viewport.cell >= theme.NUMBER_CELL


def _restore_numbers(app: "ExplorerApp", surface: pygame.Surface, layer: pygame.Surface) -> None:
    """Show the numbers again that the trail runs across."""
    if not _numbered(app):
        return
    cell = app.viewport.cell
    for state in set(app.session.agent.trail[-theme.TRAIL_LENGTH - 1 :].tolist()):
        x, y = app.viewport.corner(*square_of(app, state))
        strip = pygame.Rect(x + round(cell * 0.2), y + round(cell * 0.68), round(cell * 0.6), round(cell * 0.28))
        surface.blit(layer, strip, strip)


def _frame(surface: pygame.Surface, view: Viewport, square: tuple[int, int], color: theme.Color, thick: int) -> None:
    """A frame inside a square, in a light casing so that it stands out on every colour; around tiny squares."""
    x, y = view.corner(*square)
    rect = pygame.Rect(x, y, view.cell + 1, view.cell + 1)
    if view.cell < 8:
        rect = rect.inflate(6, 6)
    pygame.draw.rect(surface, theme.PAPER, rect, thick + 2)
    pygame.draw.rect(surface, color, rect.inflate(-2, -2), thick)


def _paint_trail(sheet: PygameSheet, app: "ExplorerApp") -> None:
    states = app.session.agent.trail[-theme.TRAIL_LENGTH - 1 :].tolist()
    points = [_center(app, state) for state in states]
    width = max(1.0, app.viewport.cell * 0.04)
    for number in range(len(points) - 1):
        if points[number] != points[number + 1]:
            share = (number + 1) / (len(points) - 1)
            sheet.line(points[number : number + 2], width, blend(theme.TRAIL_OLD, theme.TRAIL_NEW, share))


def _paint_move(sheet: PygameSheet, app: "ExplorerApp", move: Move) -> None:
    """The last move: a hollow arrow as it was intended, a filled one as it was made."""
    cell, origin, target = app.viewport.cell, _center(app, move.origin), _center(app, move.target)
    if move.intended != move.made or move.origin == move.target:
        hollow = arrow_outline(origin, int(move.intended), cell * 0.44, 0.0, round(cell * 1.6))
        sheet.polygon(hollow, theme.PAPER)
        sheet.line([*hollow, hollow[0]], max(1.0, cell / 50), theme.AGENT)
    if move.origin != move.target:
        paint_head(sheet, origin, target, (cell * 0.15, cell * 0.11), theme.AGENT)
