"""Where a test asks how a run is played, and not what it is worth, looks at the truth take few samples."""

import pytest

PLAY = ("environments", "payoffs", "recipes", "replays", "training", "updates", "watch")  # rooms of such tests
WHOLE_SAMPLES = ("diagnosis", "games")  # rooms whose tests ask what samples say, and not how high a score may be


@pytest.fixture(autouse=True)
def looks_of_this_room(request: pytest.FixtureRequest) -> None:
    """A file whose tests need whole looks has a fixture of this name of its own."""
    if request.path.parent.name in PLAY:
        request.getfixturevalue("brief_looks")
    elif request.path.parent.name in WHOLE_SAMPLES:
        request.getfixturevalue("short_climbs")
