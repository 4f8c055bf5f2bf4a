"""What is shown: values, policy and proofs of planning; what a learner has learned; a policy by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gridworld_env.explorer.planning import Planning
from gridworld_env.rendering.overlay import Overlay, in_compass_order

if TYPE_CHECKING:
    from gridworld_env.explorer.session import Session

PLAN, LEARN, HAND = "plan", "learn", "hand"


@dataclass(frozen=True)
class View:
    """A way of looking.

    Attributes:
        name: What it is called.
        help: One line that says what is shown.
        draw: The numbers and weights, actions in the model's order.
        key: That shows it.
        mode: "plan", "learn" or "hand": to which mode of the explorer it belongs.
        title: Of its button, if it is not its name.
    """

    name: str
    help: str
    draw: Callable[["Session"], Overlay]
    key: str
    mode: str = PLAN
    title: str = ""


def _possible(planning: Planning) -> Overlay:
    return Overlay(values=planning.values, policy=planning.possible_actions().astype(np.float32))


def _width(planning: Planning) -> Overlay:
    proof = planning.certify()
    with np.errstate(invalid="ignore"):
        return Overlay(values=np.where(proof.lower == proof.upper, 0.0, proof.upper - proof.lower))


def _values(it: "Session") -> Overlay:
    return Overlay(values=it.planning.values)


def _policy(it: "Session") -> Overlay:
    return Overlay(values=it.planning.values, policy=it.planning.policy)


def _visited(it: "Session") -> Overlay:
    return Overlay(values=it.planning.visits(), policy=it.planning.policy)


def _learned_greedy(it: "Session") -> Overlay:
    run = it.learning.run
    return Overlay(values=run.action_values.max(axis=1), policy=run.greedy.astype(np.float32))


def _learned_loss(it: "Session") -> Overlay:
    return Overlay(values=it.learning.losses(), policy=it.learning.run.greedy.astype(np.float32))


def _hand(it: "Session") -> Overlay:
    return Overlay(values=it.by_hand.values, policy=it.by_hand.probabilities.astype(np.float32))


def _hand_loss(it: "Session") -> Overlay:
    return Overlay(values=it.by_hand.verdict.regrets, policy=it.by_hand.probabilities.astype(np.float32))


VIEWS: Final = {
    view.name: view
    for view in (
        View("values", "V as numbers and colours", _values, "1"),
        View("policy", "The policy as arrows over V", _policy, "2"),
        View("Q", "Q(s, a) as four triangles", lambda it: Overlay(action_values=it.planning.action_values()), "3"),
        View(
            "residual",
            "How much one backup would change V",
            lambda it: Overlay(values=it.planning.residuals()),
            "4",
            title="Change",
        ),
        View("optimal", "Actions that the bounds do not rule out", lambda it: _possible(it.planning), "5"),
        View("lower", "Proven lower bound of V*", lambda it: Overlay(values=it.planning.certify().lower), "6"),
        View("upper", "Proven upper bound of V*", lambda it: Overlay(values=it.planning.certify().upper), "7"),
        View("width", "Upper minus lower bound", lambda it: _width(it.planning), "8"),
        View("visited", "How often the policy is in each square", _visited, "9", title="Visits"),
        View(
            "learned",
            "What was learned: Q in triangles",
            lambda it: Overlay(action_values=it.learning.run.action_values),
            "f5",
            LEARN,
            "Learned Q",
        ),
        View("greedy", "The greedy policy over max Q", _learned_greedy, "f6", LEARN),
        View(
            "visits",
            "How often each action was tried",
            lambda it: Overlay(action_values=it.learning.run.visits.astype(np.float64)),
            "f7",
            LEARN,
        ),
        View("loss", "V* minus the exact V of the greedy policy", _learned_loss, "f8", LEARN),
        View("arrows", "Your policy over its exact V", _hand, "f9", HAND),
        View("lost", "What your policy loses: V* minus its V", _hand_loss, "f10", HAND, "What it loses"),
    )
}


def shows_optimal(view: str) -> bool:
    """Whether tips point out the optimal actions: beside what is learned, and beside what is lost."""
    return VIEWS[view].mode == LEARN or view == "lost"


def draw(view: str, session: "Session") -> Overlay:
    """The overlay of a view, actions in compass order.

    Raises:
        PlannerError: There is no such thing, such as a proof at discount 1 for values that are far off.
        MapError: The map is too large for it.
    """
    return in_compass_order(VIEWS[view].draw(session), session.document.rules.action_moves)
