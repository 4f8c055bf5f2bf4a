"""The Bellman backup of a square with all its numbers: V(s) = max over a, sum over s' of p (r + discount V(s'))."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridworld_env.explorer.views import HAND

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

LINES = 10  # that there is room for below the map, at most


def formula_lines(session: "Session") -> list[str]:
    """The backup of the cursor's square: the formula, then a line for each action with the numbers of its outcomes.

    With a policy by hand V is that of the policy, and its action is marked; else V is that of planning.

    Raises:
        MapError: The map is too large for a policy by hand.
        PlannerError: That policy has no value at discount 1.
    """
    row, column = session.cursor
    state, discount = int(session.document.grid.state_of_cell[row, column]), session.document.discount
    place = f"row {row}, column {column}"
    if state < 0:
        return [f"Click a square. {place.capitalize()} is a wall"]
    if session.document.grid.terminal[state]:
        return [f"{place.capitalize()} is a terminal square: the episode ends here, so V = 0"]
    by_hand = session.mode == HAND
    values = session.by_hand.values if by_hand else session.planning.values
    told = [_action(session, state, action, values) for action in range(session.planning.num_actions)]
    largest = max(number for _, number in told)
    marks = [" = best" if np.isclose(number, largest, rtol=1e-9, atol=1e-12) else "" for _, number in told]
    if by_hand:
        chosen = int(session.by_hand.actions[state])
        marks[chosen] = f"{marks[chosen]}, your action" if marks[chosen] else " = your action"
    symbol = "sum over s' of p (r + γ V(s'))"
    symbol = f"V of your policy = {symbol}" if by_hand else f"V(s) = max over a, {symbol}"
    head = f"{place}: {symbol}, γ = {discount:.4g}. V(s) is now {_number(float(values[state]))}"
    if not by_hand:
        head += f", its backup {_number(largest)}"
    return [head, *(text + mark for (text, _), mark in zip(told, marks, strict=True))]


def _action(session: "Session", state: int, action: int, values: NDArray[np.float64]) -> tuple[str, float]:
    """The line of an action, and its action value."""
    discount, grid = session.document.discount, session.document.grid
    terms, total = [], 0.0
    outcomes = sorted(session.planning.mdp.outcomes(state, action), key=lambda one: -one.probability)
    for probability, target, reward, ends in outcomes:
        after = 0.0 if ends or discount == 0 else discount * float(values[target])
        total += probability * (reward + after)
        row, column = grid.cell_of_state[target].tolist()
        next_value = "" if ends else f" + {discount:.4g} × {_number(float(values[target]))}"
        chance = "" if probability == 1 else f"{probability:.4g} "
        terms.append(f"{chance}({reward:.4g}{next_value}; to {row}, {column})")
    name = session.document.rules.action_moves[action].name.lower().replace("_", " ")
    return f"{name}: {' + '.join(terms)} = {_number(total)}", total


def _number(number: float) -> str:
    return f"{number:.4g}" if np.isfinite(number) else "-∞" if number < 0 else "∞"
