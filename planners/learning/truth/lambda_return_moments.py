"""The first two moments of the estimates of the offline lambda-return algorithm, exactly, for any lambda.

At the end of an episode V(S_t) <- V(S_t) + alpha [G_t^lambda - V(S_t)] for t = 0, 1, ..., with lambda-returns of the
estimates V before the episode. The same, step by step, with a (dutch) trace e, the changes C V of the estimates, and
delta = R + gamma V(S') - V(S) = d (V, 1):

    e(S) <- (1 - alpha) e(S) + alpha,   C(S, .) <- (1 - alpha) C(S, .)          at the visit of S
    C <- C + e d^T,   e <- gamma lambda e                                       at the step to S'

e and C are linear in each other and do not depend on V. So the expectations of e, e e^T, C, C e and C C of the steps
of an episode, with the state they are in, are linear systems of S equations each, (i, k) apart from all others. They
give the matrix that takes the moments of V over an episode.

Source: Singh and Dayan (1998), Machine Learning 32, Section 3, for updates at the end of a trial; Sutton and Barto
(2018), Section 12.1, for the algorithm; van Seijen et al. (2016), Section 4, for the trace.
"""

import numpy as np
from numpy.typing import NDArray

from planners.learning.truth.chain import Chain
from planners.memory import check_memory

Array = NDArray[np.float64]


class LambdaReturnMoments:
    """The moments of the offline lambda-return algorithm.

    Args:
        chain: The chain of the policy, of S states, that always ends.
        rate: alpha.
        trace_decay: lambda; 1 is Monte Carlo of every visit.

    Raises:
        NotEnoughMemoryError: S^4 numbers do not fit.
    """

    def __init__(self, chain: Chain, rate: float, trace_decay: float) -> None:
        """Solve for an episode: `change`, (S, n), is E[C], and `changes`, (S, S, n, n), E[C C] of (i, k, j, l)."""
        S, beta = chain.num_states, chain.discount * trace_decay
        check_memory(8.0 * 8 * S * S * (S + 1) ** 2, f"the moments of {S} estimates")
        back, ending = _matrices(chain)
        to, ended, d = _differences(chain)
        visits = np.linalg.solve(np.eye(S) - back, chain.start)
        kept, gained = (
            1.0 - rate * np.eye(S),
            rate * np.eye(S),
        )  # (i, s): what a visit of s leaves of row i, and adds
        both = kept[:, None] * kept  # (i, k, s)

        e = kept * _solved(beta * back, kept, beta * (gained * visits) @ back.T)
        source = e[:, None] * gained + gained[:, None] * e + gained[:, None] * gained * visits
        e = e + gained * visits  # E[e; s], summed over the steps, after the visit of s; so are the next three
        ee = both * _solved(beta**2 * back, both, beta**2 * source @ back.T) + source
        c = kept[:, None] * _solved(back, kept, np.einsum("is,tsj->ijt", e, to))  # (i, j, s)
        source = c[:, None] * gained[:, None]  # (i, k, j, s)
        inflow = beta * (source @ back.T + np.einsum("iks,tsj->ikjt", ee, to))
        ce = both[:, :, None] * _solved(beta * back, both, inflow) + source

        # What a product of rows i and k becomes until the end, from a state on: y = kept kept (ending + P y).
        y = np.linalg.solve(np.eye(S) - both[..., None] * back.T, (both * ending)[..., None])[..., 0]
        after = np.einsum("ikt,tsj->iksj", y, to) + ended  # sum of p d_j times that, over the outcomes of s
        weight = chain.probability * np.where(chain.ends, 1.0, y[..., chain.next_state]) * ee[..., chain.state]
        cross = ce @ after  # (i, k, j, l)
        self.change: Array = c @ ending + e @ ended
        self.changes: Array = (
            cross + cross.transpose(1, 0, 3, 2) + np.einsum("iko,oj,ol->ikjl", weight, d, d, optimize=True)
        )

    def after_episode(self, moments: Array) -> Array:
        """(n, n) E[(V, 1)(V, 1)^T] after another episode."""
        S, found = len(self.change), moments.copy()
        change = self.change @ moments  # (S, n) E[C (V, 1) (V, 1)^T]
        found[:S] += change
        found[:, :S] += change.T
        found[:S, :S] += np.tensordot(self.changes, moments, axes=2)
        return found


def _matrices(chain: Chain) -> tuple[Array, Array]:
    """(S, S) probabilities of s from s', transposed, and (S,) those of an end."""
    ending = chain.summed(chain.probability, ends=True).toarray()[:, 0]
    return chain.summed(chain.probability).toarray().T, ending


def _differences(chain: Chain) -> tuple[Array, Array, Array]:
    """(S', S, n) sums of p d over the outcomes from s to s', (S, n) over those that end, and (n outcomes, n) d."""
    S, count = chain.num_states, len(chain.state)
    d, each = np.zeros((count, S + 1)), np.arange(count)
    d[each, chain.next_state] = np.where(chain.ends, 0.0, chain.discount)
    d[each, chain.state] -= 1.0
    d[:, S] = chain.reward
    to, ended, on = np.zeros((S, S, S + 1)), np.zeros((S, S + 1)), ~chain.ends
    np.add.at(to, (chain.next_state[on], chain.state[on]), chain.probability[on, None] * d[on])
    np.add.at(ended, chain.state[~on], chain.probability[~on, None] * d[~on])
    return to, ended, d


def _solved(back: Array, kept: Array, inflow: Array) -> Array:
    """X of x = back (kept x) + inflow, by the last axis; one matrix for all of the axes that `kept` lacks."""
    matrices = np.eye(len(back)) - back * kept[..., None, :]
    many = inflow if inflow.ndim > kept.ndim else inflow[..., None, :]
    found = np.linalg.solve(matrices, many.swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.asarray(found if inflow.ndim > kept.ndim else found[..., 0, :], dtype=np.float64)
