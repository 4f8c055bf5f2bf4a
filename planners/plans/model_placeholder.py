"""What stands for the model of a plan where the model itself is not at hand."""

from typing import Any

from planners.errors import MissingModelError


class MissingModel:
    """What stands for the model of a plan that was loaded without one: it knows only which model it was."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        """Keep what the file says of the model, so that the plan can be saved again."""
        self.sizes, _ = arrays["model_sizes"], arrays["model_sha256"]  # a file without them is damaged
        self.identity = {name: array for name, array in arrays.items() if name.startswith("model_")}

    def __getattr__(self, name: str) -> Any:
        """Whatever is asked for: not here.

        Raises:
            MissingModelError: Always, with what to do.
        """
        raise MissingModelError(
            f"this plan was loaded without its model, which its {name!r} is asked of; "
            "planners.load_plan(path, model=env) loads it with the model"
        )

    def __repr__(self) -> str:
        """Sizes in one line."""
        return f"MissingModel({self.sizes[0]} states, {self.sizes[1]} actions)"


class BlockModel:
    """What stands for the model in a plan of some of its states: its sizes, and which model it is."""

    def __init__(self, num_states: int, num_actions: int, digest: str) -> None:
        """Keep them."""
        self.num_states, self.num_actions, self.digest = num_states, num_actions, digest

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked for: not here.

        Raises:
            MissingModelError: Always, with what to do.
        """
        raise MissingModelError(
            f"no process holds the whole model, which {name!r} is asked of; planners.load_plan(folder, model=model) "
            "loads a plan with its model, where that fits in memory"
        )

    def __repr__(self) -> str:
        """Sizes in one line."""
        return f"BlockModel({self.num_states} states, {self.num_actions} actions)"
