"""Makes the pages that explore.md and watch.md link: python docs/pages.py [FOLDER]."""

import sys
from pathlib import Path

from gan_lab.watch.page.write import write_game
from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.page.write import write_explorer


def write(folder: Path) -> None:
    """The lecture's map, as `gridworld explore --html` writes it, and the Dirac GAN, as `gan-lab watch --html` does."""
    write_explorer(folder / "explore_page.html", make_document({"map_name": "lecture"}), "lecture")
    write_game(folder / "watch_page.html")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
