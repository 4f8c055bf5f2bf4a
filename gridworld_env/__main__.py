"""`python -m gridworld_env`: the command `gridworld`."""

from gridworld_env.cli import app

if __name__ == "__main__":
    app(prog_name="gridworld")
