"""DQN in one file, in the style of CleanRL, on `gym.make_vec`: what does it lose while it learns? Exactly.

    python examples/cleanrl_style_dqn.py --map lecture --slip 0.2 --steps 20000 --seed 1

Each line shows what the greedy policy of the network loses from the start (`planners.regret`), and how much the actions
gave away since the last line. Both are exact, because the tables are open. Only the learning uses samples.

Source: Mnih et al. (2015); the target of double DQN is van Hasselt, Guez and Silver (2016).
"""

import argparse

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import nn

import gridworld_env
import planners

ENVS, BATCH, MEMORY, TARGET_EVERY = 8, 128, 10_000, 50


def main() -> list[float]:
    """Learn, and return the regrets of the greedy policies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # pyright: ignore[reportOptionalMemberAccess]
    parser.add_argument("--map", default="lecture")
    parser.add_argument("--slip", type=float, default=0.2)
    parser.add_argument("--discount", type=float, default=0.95)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return learn(options.map, options.slip, options.discount, options.steps, options.seed)


def learn(map_name: str, slip: float, discount: float, steps: int, seed: int, lines: int = 10) -> list[float]:
    """Double DQN with epsilon falling from 1 to 0.05 over half of the steps."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    envs = gym.make_vec("GridWorld-v0", ENVS, map_name=map_name, slip=slip, autoreset_mode=AutoresetMode.SAME_STEP)
    envs = gridworld_env.GroundTruth(envs, discount=discount)
    S, A = envs.unwrapped.mdp.num_states, envs.unwrapped.mdp.num_actions
    Q, target = network(S, A), network(S, A)
    target.load_state_dict(Q.state_dict())
    optimizer = torch.optim.Adam(Q.parameters(), lr=1e-3)
    kinds = {"s": int, "a": int, "r": float, "next": int, "ended": bool}
    memory = {name: np.zeros(MEMORY, kind) for name, kind in kinds.items()}
    one_hot, found, given_away = torch.eye(S), [], 0.0
    states, _ = envs.reset(seed=seed)
    updates = steps // ENVS
    for update in range(1, updates + 1):
        epsilon = max(0.05, 1.0 - 1.9 * update / updates)
        with torch.no_grad():
            actions = Q(one_hot[states]).argmax(dim=1).numpy()
        actions = np.where(rng.random(ENVS) < epsilon, rng.integers(A, size=ENVS), actions)
        following, rewards, terminated, truncated, infos = envs.step(actions)
        arrived = following.copy()
        over = terminated | truncated
        if over.any():  # the last state of the old episode, not the first of the new one
            arrived[over] = np.array([infos["final_obs"][i] for i in np.flatnonzero(over)])
        places = (np.arange(ENVS) + (update - 1) * ENVS) % MEMORY
        for name, values in zip(memory, (states, actions, rewards, arrived, terminated), strict=True):
            memory[name][places] = values
        given_away += infos["regret"].sum()
        states = following
        train(Q, target, optimizer, memory, rng.integers(min(update * ENVS, MEMORY), size=BATCH), one_hot, discount)
        if update % TARGET_EVERY == 0:
            target.load_state_dict(Q.state_dict())
        if update % max(1, updates // lines) == 0:
            with torch.no_grad():
                greedy = Q(one_hot).argmax(dim=1).numpy()
            found.append(planners.regret(envs.unwrapped.mdp, greedy, discount=discount).value)
            print(f"step {update * ENVS:6}  the greedy policy loses {found[-1]:.4f}  given away {given_away:8.2f}")
            given_away = 0.0
    return found


def network(S: int, A: int) -> nn.Module:
    """One-hot state to Q."""
    return nn.Sequential(nn.Linear(S, 64), nn.ReLU(), nn.Linear(64, A))


def train(Q, target, optimizer, memory, chosen, one_hot, discount) -> None:
    """One step of gradient descent on the squared error of a batch."""
    s, a, r, following, ended = (torch.as_tensor(memory[name][chosen]) for name in ("s", "a", "r", "next", "ended"))
    with torch.no_grad():
        best = Q(one_hot[following]).argmax(dim=1, keepdim=True)
        future = target(one_hot[following]).gather(1, best)[:, 0]
        goal = r.float() + discount * future * ~ended
    loss = ((Q(one_hot[s]).gather(1, a[:, None])[:, 0] - goal) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


if __name__ == "__main__":
    main()
