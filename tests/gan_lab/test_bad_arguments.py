"""Every argument of the laboratory refuses what it cannot be, with a sentence that names it."""

from typing import Any

import numpy as np
import pytest

import gan_lab
from gan_lab import games, truth, updates
from tests.oracles.bad_arguments import accepted

RUN = gan_lab.train("ring8", steps=1, batch_size=4, looks=1)
SWEEP = gan_lab.sweep({"rate": [0.1]}, "dirac", steps=1)
PATH = {"path": None}


def write(path: Any) -> None:
    """To a path that can be none."""
    if path is not None:
        RUN.to_csv(path)


CALLS: dict[str, tuple[Any, dict[str, Any], dict[str, str]]] = {
    "train": (gan_lab.train, {"game": "dirac", "steps": 1},
              {"seed": "seed", "looks": "whole", "truth_every": "whole?", "progress": "switch", "device": "choice",
               "distributed": "switch", "threads": "whole?", "callbacks": "list"}),
    "sample": (RUN.sample, {"count": 2}, {"count": "whole", "averaged": "switch", "seed": "seed"}),
    "to_csv": (write, PATH, {"path": "path"}),
    "sweep": (gan_lab.sweep, {"choices": {"rate": [0.1]}, "game": "dirac", "steps": 1},
              {"progress": "switch", "threads": "whole", "processes": "whole"}),
    "bands": (SWEEP.bands, {}, {"low": "number", "high": "number"}),
    "spectrum": (gan_lab.spectrum, {"game": "dirac"}, {"penalty_weight": "number", "rate": "number"}),
    "env": (gan_lab.env, {"game": "dirac"},
            {"discriminator_steps": "whole", "penalty_weight": "number", "batch_size": "whole", "max_cycles": "whole?",
             "tensors": "switch", "render_mode": "choice"}),
    "GeneratorEnv": (gan_lab.GeneratorEnv, {}, {"batch_size": "whole", "learning": "switch"}),
    "gaussian": (games.GaussianGame, {}, {"mean": "number", "std": "number"}),
    "ring": (games.ring, {}, {"modes": "whole", "radius": "number", "std": "number"}),
    "grid": (games.grid, {}, {"side": "whole", "spacing": "number", "std": "number"}),
    "shapes": (games.ShapesGame, {}, {"held_out": "number", "noise_size": "whole", "seed": "seed"}),
    "bilinear": (games.BilinearGame, {}, {"matrix": "numbers", "bound": "number"}),
    "consensus": (updates.Consensus, {}, {"weight": "number"}),
    "kl": (truth.kl, {"p": [0.5, 0.5], "q": [0.5, 0.5]}, {"p": "numbers", "q": "numbers"}),
    "adam": (gan_lab.adam, {}, {"rate": "number"}),
    "ascent": (gan_lab.ascent, {}, {"rate": "number", "momentum": "number"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_no_argument_takes_what_it_cannot_be(name: str) -> None:
    call, valid, kinds = CALLS[name]
    assert accepted(call, valid, kinds, gan_lab.GameError) == []


def test_a_move_of_the_other_byte_order_is_played() -> None:
    env = gan_lab.env("dirac")
    env.reset(seed=1)
    env.step(np.array([0.25], dtype=">f8" if np.little_endian else "<f8"))


def test_a_long_run_takes_no_memory_before_it_needs_it() -> None:
    def stop(run: Any) -> bool:
        return run.steps >= 1

    run = gan_lab.train("dirac", steps=2**60, truth_every=1, callbacks=[stop])
    assert run.steps == 1
