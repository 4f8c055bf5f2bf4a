"""The help of `gan-lab` lists what there is, though it imports none of it."""

import pytest

from gan_lab.cli import known_names
from gan_lab.payoffs.losses import LOSSES
from gan_lab.payoffs.penalties import PENALTIES
from gan_lab.recipes.choose import RECIPES
from gan_lab.training.device import DEVICES
from gan_lab.updates import UPDATES
from gan_lab.watch.watchable_games import WATCHED


@pytest.mark.parametrize(
    ("listed", "known"),
    [
        (known_names.LOSSES, LOSSES),
        (known_names.PENALTIES, PENALTIES),
        (known_names.RECIPES, RECIPES),
        (known_names.DEVICES, DEVICES),
        (known_names.UPDATES, UPDATES),
        (known_names.WATCHED, WATCHED),
    ],
)
def test_the_help_lists_what_there_is(listed: str, known: dict[str, object]) -> None:
    assert listed == ", ".join(known), "write the names of the registry into gan_lab/cli/known_names.py"
