"""Makes the replays that replays.md and the gallery show: python docs/replay_pages.py [FOLDER]."""

import os
import sys
from pathlib import Path

os.environ["SDL_VIDEODRIVER"] = "dummy"

import gymnasium as gym

import gan_lab
import planners
from gridworld_env import LearningReplay, Replay


def write(folder: Path) -> None:
    """A page of the lecture's gridworld with its animation, one of a learner on it, and one of the Dirac GAN."""
    env = gym.make("GridWorld-v0", slip=0.2)
    replay = Replay(env, "lecture, planned")
    replay.play(planners.value_iteration(env, discount=0.9, progress=replay), seed=3)
    replay.html(folder / "replay_lecture.html")
    replay.gif(folder / "replay_lecture.gif")
    learning = LearningReplay(env, planners.QLearning(), discount=0.9, seed=1, title="lecture, Q-learning")
    learning.learn(800)
    learning.html(folder / "replay_learning.html")
    training = gan_lab.Replay()
    gan_lab.train("dirac", update="alternating", steps=200, looks=200, callbacks=[training])
    training.html(folder / "replay_dirac.html")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
