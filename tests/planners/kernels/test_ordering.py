"""Orders of states, and rows put in them, against loops that are easy to read."""

import numpy as np
from scipy import sparse

from planners.kernels.ordering import order_rows, permute_rows


def random_rows(rng: np.random.Generator, states: int) -> tuple[sparse.csr_array, np.ndarray]:
    """1 to 3 rows for each state, of 0 to 3 next states, itself among them."""
    first = np.concatenate(([0], np.cumsum(rng.integers(1, 4, size=states))))
    indptr = np.concatenate(([0], np.cumsum(rng.integers(0, 4, size=first[-1])))).astype(np.int32)
    indices = rng.integers(states, size=indptr[-1]).astype(np.int32)
    return sparse.csr_array((rng.random(indptr[-1]), indices, indptr), (int(first[-1]), states)), first


def breadth_first(P: sparse.csr_array, first: np.ndarray, seeds: list[int], delays: list[int]) -> tuple[list[int], int]:
    """States in layers: seeds join in the layer of their delay, then whoever leads to one of the layer before."""
    owner = np.repeat(np.arange(len(first) - 1), np.diff(P.indptr[first]))
    order, layer, number, waiting = [], [], 0, list(zip(seeds, delays, strict=True))
    while layer or waiting:
        before, layer = layer, []
        if not before:
            number = max(number, waiting[0][1])
        for t in before:
            layer += [int(s) for s in owner[P.indices == t] if s not in order and s not in layer]
            layer = list(dict.fromkeys(layer))
        while waiting and waiting[0][1] <= number:
            seed = waiting.pop(0)[0]
            layer += [seed] if seed not in order and seed not in layer else []
        order += layer
        number += 1
    return order, number


def test_the_order_is_that_of_a_search_from_the_seeds(rng: np.random.Generator) -> None:
    for _ in range(20):
        P, first = random_rows(rng, 30)
        seeds = rng.permutation(30)[:3].astype(np.int32)
        delays = np.sort(rng.integers(0, 5, size=3)).astype(np.int32)
        order, reached, _ = order_rows(P.indptr, P.indices, first, seeds, delays)
        assert order[:reached].tolist() == breadth_first(P, first, seeds.tolist(), delays.tolist())[0]
        assert sorted(order) == list(range(30))


def test_rows_in_a_new_order_are_the_same_rows(rng: np.random.Generator) -> None:
    for states in (1, 40):
        P, first = random_rows(rng, states)
        order = rng.permutation(states).astype(np.int32)
        rank = np.argsort(order).astype(np.int32)
        indptr, indices, probability, new_first, row_of = permute_rows(P.indptr, P.indices, P.data, first, order, rank)
        expected = [row for s in order for row in range(first[s], first[s + 1])]
        assert row_of.tolist() == expected
        assert (np.diff(new_first) == np.diff(first)[order]).all()
        for new, old in enumerate(expected):
            here, there = slice(indptr[new], indptr[new + 1]), slice(P.indptr[old], P.indptr[old + 1])
            assert indices[here].tolist() == rank[P.indices[there]].tolist()
            assert probability[here].tolist() == P.data[there].tolist()
