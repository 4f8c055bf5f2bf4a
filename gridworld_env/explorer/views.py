"""What is shown of the planning: values, policy, Q, residual, actions not ruled out, bounds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from gridworld_env.explorer.planning import Planning
from gridworld_env.rendering.overlay import Overlay, in_compass_order


@dataclass(frozen=True)
class View:
    """A way of looking.

    Attributes:
        name: What it is called.
        help: One line that says what is shown.
        draw: The numbers and weights, actions in the model's order.
    """

    name: str
    help: str
    draw: Callable[[Planning], Overlay]


def _possible(planning: Planning) -> Overlay:
    return Overlay(values=planning.values, policy=planning.possible_actions().astype(np.float32))


def _width(planning: Planning) -> Overlay:
    proof = planning.certify()
    with np.errstate(invalid="ignore"):
        return Overlay(values=np.where(proof.lower == proof.upper, 0.0, proof.upper - proof.lower))


VIEWS: Final = {
    view.name: view
    for view in (
        View("values", "V as numbers and colours", lambda it: Overlay(values=it.values)),
        View("policy", "The policy as arrows over V", lambda it: Overlay(values=it.values, policy=it.policy)),
        View("Q", "Q(s, a) as four triangles", lambda it: Overlay(action_values=it.action_values())),
        View("residual", "How much one backup would change V", lambda it: Overlay(values=it.residuals())),
        View("optimal", "Every action that the proven bounds do not rule out as optimal", _possible),
        View("lower", "Proven lower bound of V*", lambda it: Overlay(values=it.certify().lower)),
        View("upper", "Proven upper bound of V*", lambda it: Overlay(values=it.certify().upper)),
        View("width", "Upper minus lower bound", _width),
    )
}


def draw(view: str, planning: Planning) -> Overlay:
    """The overlay of a view, actions in compass order.

    Raises:
        PlannerError: There is no such thing, such as a proof at discount 1 for values that are far off.
    """
    return in_compass_order(VIEWS[view].draw(planning), planning.document.rules.action_moves)
