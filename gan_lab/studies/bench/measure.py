"""One run of the benchmark: a game, a method and a seed; what came out, and what it cost."""

import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from gan_lab.errors import DivergedError, GameError
from gan_lab.games import MixtureGame
from gan_lab.metrics.blur import measure_blur
from gan_lab.studies.bench.cases import make_case, recipe_of
from gan_lab.studies.bench.protocol import PROTOCOLS
from gan_lab.training.loop import train
from gan_lab.training.run import Run

SAMPLES = 50_000
OF_A_MODE = 2_000  # for widths: of 500 samples of the data, an eigenvalue is off by 6 %, and one of 200 by 20 %


def measure(game: str, method: str, seed: int, steps: int | None = None, radius: float = 1.0) -> dict[str, Any]:
    """Train, and score the live and the averaged generator.

    Returns:
        A row: game, method, seed, steps, seconds, processor_seconds, megabytes (peak of the whole process, before it is
        scored), and for "live" and, where the recipe keeps one, "averaged": the figures of `score`. A run that diverged
        has "diverged": why.
    """
    found = make_case(game, radius)
    recipe = recipe_of(method, found)
    begin, worked = time.perf_counter(), time.process_time()
    row: dict[str, Any] = {"game": game, "method": method, "seed": seed, "radius": radius}
    try:
        run = train(found, recipe=recipe, steps=steps, seed=seed)
    except DivergedError as error:
        return row | {"steps": error.step, "diverged": str(error)}
    row |= {"steps": run.steps, "seconds": round(time.perf_counter() - begin, 1)}
    row["processor_seconds"] = round(time.process_time() - worked, 1)
    row["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    noise = int(np.random.default_rng([seed, 1]).integers(2**31))  # with the same for all runs, one draw biases all
    row["live"] = score(found, run, averaged=False, noise=noise)
    if run.average is not None:
        row["averaged"] = score(found, run, averaged=True, noise=noise)
    return row


def score(game: MixtureGame, run: Run, *, averaged: bool, noise: int) -> dict[str, Any]:
    """The figures of a generator by 50,000 samples: modes, shares, widths and JSD, and each protocol's own.

    `noise` is the seed of the samples' noise.
    `narrowest` and `widest` are the least and the largest eigenvalue of a mode's covariance within three standard
    deviations, over that of the data there; `within` is the number of modes with all of them from 0.8 to 1.25. They are
    of `width_samples` samples, at least 2,000 a mode. In more than two dimensions the mean of the eigenvalues stands
    for them: 5,000 samples of the data in 1200 dimensions have eigenvalues from .3 to 2.2 themselves.
    """
    samples = run.sample(max(SAMPLES, OF_A_MODE * len(game.means)), seed=noise, averaged=averaged)
    truth = game.truth(samples[:SAMPLES], np.random.default_rng([noise, 1]))
    core = np.nan_to_num(measure_blur(game, samples).core)
    if game.dimension > 2:
        core = core.mean(axis=1, keepdims=True)
    found: dict[str, Any] = {
        "modes": int(truth["modes"]),
        "high_quality": truth["high_quality"],
        "excess_reverse_kl": truth["reverse_kl"] - truth["reverse_kl_floor"],
        "narrowest": float(core.min()),
        "widest": float(core.max()),
        "within": int(((core > 0.8) & (core < 1.25)).all(axis=1).sum()),
        "width_samples": len(samples),
        "jsd": truth["jsd"],
    }
    return found | {name: protocol.score(game, samples) for name, protocol in PROTOCOLS.items() if name != "ours"}


def measure_apart(game: str, method: str, seed: int, steps: int | None = None, radius: float = 1.0) -> dict[str, Any]:
    """`measure` in a process of its own, so that its peak memory is its own.

    Raises:
        GameError: The process failed; with what it said.
    """
    arguments = json.dumps([game, method, seed, steps, radius])
    code = "import json; from gan_lab.studies.bench import measure; "
    code += f"print(json.dumps(measure(*json.loads({arguments!r}))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise GameError(f"{method} on {game} with the seed {seed} failed: {found.stderr.strip().splitlines()[-1]}")
    return json.loads(found.stdout.splitlines()[-1])
