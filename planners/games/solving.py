"""The plan of a Markov game, by any of its methods."""

from inspect import signature
from typing import Any, Final

import numpy as np

from planners.errors import InvalidOptionError
from planners.games.exploitability import policies, refuse_no_game
from planners.games.game_plan import GamePlan
from planners.games.markov_game import MarkovGame
from planners.games.methods import METHODS, Best
from planners.games.stages import Stages
from planners.iteration.loop import accepted, run_iterates
from planners.iteration.progress import Progress
from planners.options import BY_DEFAULT, Tolerance, check_discount, check_run, check_tolerances, refuse_unknown
from planners.plans.plan import NotConvergedError, Status

REFUSED: Final = {"minimise": False, "device": None, "distributed": False, "temperature": None, "at_most": None}


def solve_game(
    game: MarkovGame,
    *,
    discount: Any,
    method: str = "auto",
    tolerance: float | Tolerance = BY_DEFAULT,
    relative_tolerance: float | None = None,
    max_iterations: int = 100_000,
    progress: Progress = False,
    throw: bool = True,
    **others: Any,
) -> GamePlan:
    """The value of a zero-sum game of two, and a policy of each player, with proven bounds.

    Args:
        game: A game of S states.
        discount: 0 to 1. At 1 every play has to end with probability 1, whatever the players do.
        method: "newton", "policy_iteration" or "value_iteration"; "auto": the first.
        tolerance: Largest error of any value, in units of reward.
        relative_tolerance: The same as a fraction of the largest |V|. If neither is given: 1e-6 of the largest |V|.
        max_iterations: Sweeps after which to give up.
        progress: True for a progress bar, or a function to call with each `Moment`.
        throw: Raise when the tolerance is not reached; False: return the best plan there is, with its status.
        **others: Options of `planners.solve` that games lack, which are refused.

    Raises:
        InvalidOptionError: An option out of range, or one that games lack; at discount 1 a play that need not end.
        NotConvergedError: See `throw`.

    Cost: a sweep is one product with the (S*A*B, S) matrix and a small linear program in each state without a saddle
    point. Newton's method takes some ten of them, and a linear system each.

    >>> pennies = MarkovGame.from_matrix([[2, -1], [-1, 1]])
    >>> plan = solve_game(pennies, discount=0.9)
    >>> round(plan.value(0), 9), plan.policy.probabilities.tolist()
    (0.2, [[0.4, 0.6]])
    """
    refuse_no_game(game)
    _refuse_others(others)
    name = method.replace("-", "_") if isinstance(method, str) else ""
    if name != "auto" and name not in METHODS:
        expected = ", ".join(map(repr, ("auto", *METHODS)))
        raise InvalidOptionError(f"method is {method!r}; for a MarkovGame expected {expected}")
    stages, wanted = Stages(game, check_discount(discount)), check_tolerances(tolerance, relative_tolerance)
    check_run(max_iterations, progress, throw)
    title, iterates = METHODS["newton" if name == "auto" else name]
    _ = stages.weights  # or it is refused
    best = Best(stages, wanted)
    plan = run_iterates(
        stages,
        iterates(stages, best, np.zeros(game.num_states)),
        method=title,
        tolerance=wanted,
        max_iterations=int(max_iterations),
        progress=progress,
    )
    assert best.stage is not None
    first, second = policies(stages, best.stage.rows, best.stage.columns)
    told = {each: getattr(plan, each) for each in plan.__dataclass_fields__} | {"policy": first, "model": game}
    return finish_game(accepted(GamePlan(**told, opponent=second, game=game)), throw)


def _refuse_others(others: dict[str, Any]) -> None:
    """Refuse options of `planners.solve` that games lack, unless they say nothing."""
    for option, nothing in REFUSED.items():
        given = others.pop(option, nothing)
        if given is not nothing and given != "cpu":
            advice = "negate R to plan for costs" if option == "minimise" else "leave it out"
            raise InvalidOptionError(
                f"{option} is {given!r:.80}, and a MarkovGame has no such option: its row player maximises, its "
                f"opponent minimises, in one process on the CPU; {advice}"
            )
    refuse_unknown(
        others, [name for name in signature(solve_game).parameters if name not in ("game", "others")], "a MarkovGame"
    )


def finish_game(plan: Any, throw: bool) -> GamePlan:
    """The plan; with `throw`, `NotConvergedError` where the tolerance was not reached."""
    if not throw or plan.status in (Status.CONVERGED, Status.INTERRUPTED):
        return plan
    error = NotConvergedError(plan)
    if plan.status is Status.ROUNDING_FLOOR:
        more = f"Rounding keeps float64 from proving less: ask for tolerance={2.0 * plan.error_bound:.2g} or more."
        error.args = (str(error).replace(plan.status.value, more),)
    raise error
