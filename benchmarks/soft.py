"""Plans with a temperature: beside `solve` at the same error, near V* at 1e-6, and beside jaxdp's soft operator.

    python benchmarks/soft.py
    python benchmarks/soft.py --jaxdp PYTHON_OF_JAXDP      # pip install jaxdp, in an environment of its own

Times are of the processor, the best of five that take turns. jaxdp has no rule to stop: its operator is applied until V
changes by 1e-9 or less, compiled before, in float64. It is asked about the model without an end: it collects entropy
after it, too.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

TEMPERATURE, SMALL = 0.1, 1e-6
CHANGE = 1e-9


def models() -> dict[str, Any]:
    """Models of three kinds."""
    import gymnasium as gym

    import gridworld_env
    import planners

    rng = np.random.default_rng(0)
    P = np.zeros((500, 4, 500))
    for row in P.reshape(-1, 500):
        row[rng.choice(500, 5, replace=False)] = rng.dirichlet(np.ones(5))
    maze = gym.make("GridWorld-v0", desc=gridworld_env.random_map(100, 100, seed=1), slip=0.2)
    return {
        "random, 500 states": planners.TabularMDP.from_arrays(P, rng.normal(size=(500, 4)), axes="SAS"),
        "maze, 100 x 100": planners.as_model(maze),  # pyright: ignore[reportArgumentType]
        "FrozenLake 8x8": planners.as_model(gym.make("FrozenLake-v1", map_name="8x8")),
    }


def beside_solve(name: str, model: Any, discount: float) -> None:
    import planners

    soft_times, hard_times = [], []
    for _ in range(5):
        began = time.process_time()
        soft = planners.solve(model, discount=discount, temperature=TEMPERATURE)
        middle = time.process_time()
        hard = planners.solve(model, discount=discount, tolerance=max(soft.error_bound, 1e-12))
        soft_times.append(middle - began)
        hard_times.append(time.process_time() - middle)
    ratio = min(soft_times) / min(hard_times)
    cold = planners.solve(model, discount=discount, temperature=SMALL)
    apart = float(np.abs(cold.values - hard.values).max())
    allowed = SMALL * math.log(model.num_actions) / (1 - discount) + cold.error_bound + hard.error_bound
    print(f"{name}, discount {discount}: {ratio:.1f} times as long as solve ({min(hard_times) * 1000:.1f} ms)")
    print(f"  both off by {soft.error_bound:.0e}; at {SMALL:g}: {apart:.2e} from V*, allowed {allowed:.2e}", flush=True)


def beside_jaxdp(python: str, name: str, model: Any, discount: float) -> None:
    import planners

    S, A = model.rewards.shape
    P = model.transitions.toarray().reshape(S, A, S).transpose(1, 2, 0)  # column-stochastic
    R = np.broadcast_to(model.rewards.T[:, :, None], (A, S, S))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        np.savez(path, P=P, R=R, discount=discount)
        subprocess.run([python, __file__, "--within", str(path)], check=True)
        told = json.loads(path.with_suffix(".json").read_text())
    began = time.process_time()
    plan = planners.solve(model, discount=discount, temperature=TEMPERATURE, tolerance=CHANGE / (1 - discount))
    seconds = time.process_time() - began
    apart = np.abs(np.array(told["values"]) - plan.values).max()
    print(f"  jaxdp: {apart:.1e} apart (our bound {plan.error_bound:.0e}); its {told['sweeps']} sweeps took "
          f"{told['seconds']:.4f} s, ours {seconds:.4f} s", flush=True)  # fmt: skip


def within_jaxdp(path: Path) -> None:
    """Run by the Python that has jaxdp."""
    import chex
    import jax

    chex.disable_asserts()  # they cannot be compiled
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from jaxdp.mdp.mdp import MDP
    from jaxdp.operator import SoftBellmanOptOp

    given = np.load(path)
    states = given["P"].shape[-1]
    mdp = MDP(
        transition=jnp.array(given["P"]), reward=jnp.array(given["R"]), initial=jnp.full(states, 1 / states),
        terminal=jnp.zeros(states),
    )  # fmt: skip
    discount, operator = float(given["discount"]), SoftBellmanOptOp(temperature=TEMPERATURE)

    @jax.jit
    def solved(mdp: Any) -> Any:
        def going_on(carry: Any) -> Any:
            return carry[1] > CHANGE

        def sweep(carry: Any) -> Any:
            values = operator.v(mdp, carry[0], discount)
            return values, jnp.abs(values - carry[0]).max(), carry[2] + 1

        return jax.lax.while_loop(going_on, sweep, (jnp.zeros(states), jnp.inf, 0))

    jax.block_until_ready(solved(mdp))
    began = time.process_time()
    values, _, sweeps = jax.block_until_ready(solved(mdp))
    seconds = time.process_time() - began
    told = {"values": np.asarray(values).tolist(), "sweeps": int(sweeps), "seconds": seconds}
    path.with_suffix(".json").write_text(json.dumps(told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jaxdp", help="a Python that has jaxdp")
    parser.add_argument("--within", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.within:
        within_jaxdp(given.within)
        return
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    for name, model in models().items():
        for discount in (0.9, 0.99):
            beside_solve(name, model, discount)
            if given.jaxdp and not model.termination.any():  # after an end it collects entropy for ever
                beside_jaxdp(given.jaxdp, name, model, discount)


if __name__ == "__main__":
    main()
