"""Models on which learners are told apart by how they explore."""

from gridworld_env.dynamics.outcome_mdp import OutcomeMDP, Table
from gridworld_env.grid.legend import at_least_one
from planners.arguments import check_switch
from planners.memory import check_memory


def river_swim(num_states: int = 6) -> OutcomeMDP:
    """RiverSwim: 0 LEFT swims with the current, 1 RIGHT against it.

    LEFT in the leftmost state pays .005, RIGHT in the rightmost state 1. Episodes begin on the left and have no end.

    Args:
        num_states: Number S of states, at least 2.

    Source: Strehl and Littman (2008), Journal of Computer and System Sciences 74; the numbers are those of Osband,
    Russo and Van Roy (2013) and their TabulaRL: V*(0) of 20 steps is 3.397264.
    """
    last = at_least_one("num_states", num_states) - 1
    check_memory(1000.0 * (last + 1), f"a model of {last + 1} states", "Make a smaller one")
    P: Table = {s: {0: [(1.0, max(s - 1, 0), 0.0, False)]} for s in range(last + 1)}
    for s in range(last + 1):
        P[s][1] = [(0.05, s - 1, 0.0, False), (0.6, s, 0.0, False), (0.35, min(s + 1, last), 0.0, False)]
    P[0] = {0: [(1.0, 0, 0.005, False)], 1: [(0.4, 0, 0.0, False), (0.6, min(1, last), 0.0, False)]}
    P[last][1] = [(0.4, max(last - 1, 0), 1.0, False), (0.6, last, 1.0, False)]
    return OutcomeMDP.from_gym_dict(P, [1.0] + [0.0] * last)


def six_arms() -> OutcomeMDP:
    """SixArms: the arm with the largest reward is the one that succeeds least often.

    Action a in state 0 leads to state a + 1 with probability 1, .15, .1, .05, .03 or .01, and otherwise stays. In state
    1 every action but 4 pays 50 and stays; in state s > 1 action s - 1 pays 133, 300, 800, 1666 or 6000 and stays. All
    others lead back to state 0.

    Source: Strehl and Littman (2008), Journal of Computer and System Sciences 74; the numbers are those of the file
    sixarms.mdp of Machado, Bellemare and Bowling (2020).
    """
    works, pays = (1.0, 0.15, 0.1, 0.05, 0.03, 0.01), (50.0, 133.0, 300.0, 800.0, 1666.0, 6000.0)
    P: Table = {0: {a: [(p, a + 1, 0.0, False), (1.0 - p, 0, 0.0, False)] for a, p in enumerate(works)}}
    for s, reward in enumerate(pays, 1):
        stays = {0, 1, 2, 3, 5} if s == 1 else {s - 1}
        P[s] = {a: [(1.0, s, reward, False) if a in stays else (1.0, 0, 0.0, False)] for a in range(6)}
    return OutcomeMDP.from_gym_dict(P, [1.0] + [0.0] * 6)


def deep_sea(size: int = 10, stochastic: bool = False) -> OutcomeMDP:
    """Deep Sea: a diver sinks one row in each step, and reaches the treasure only by always choosing 1 RIGHT.

    The state is row * size + column; 0 LEFT and 1 RIGHT move by a column. RIGHT costs .01 / size, and in the last
    column it pays 1. A step in the last row ends the episode. V*(0) = .99. In the stochastic form RIGHT fails with
    probability 1 / size; bsuite's Gaussian noise on the rewards of the last row, of mean 0, is left out.

    Args:
        size: Number N of rows and of columns.
        stochastic: Whether RIGHT may fail.

    Source: Osband et al. (2020), Behaviour Suite for Reinforcement Learning, Section 2.
    """
    last = at_least_one("size", size) - 1
    check_switch("stochastic", stochastic)
    check_memory(1000.0 * size * size, f"a model of {size * size} states", "Make a smaller one")
    works = 1.0 - 1.0 / size if stochastic else 1.0
    P: Table = {}
    for row in range(size):
        for column in range(size):
            here, ends = row * size + column, row == last
            below = here if ends else here + size  # the state of this column, a row further down
            aside = [0, 0] if ends else [-min(1, column), min(1, last - column)]
            paid = (1.0 if column == last else 0.0) - 0.01 / size
            right = [(works, below + aside[1], paid, ends), (1.0 - works, below, paid, ends)]
            P[here] = {0: [(1.0, below + aside[0], 0.0, ends)], 1: right}
    return OutcomeMDP.from_gym_dict(P, [1.0] + [0.0] * (size * size - 1))
