"""Makes the page of the explorer that explore.md links: python docs/explore_page.py [FOLDER]."""

import sys
from pathlib import Path

from gridworld_env.explorer.map_document import make_document
from gridworld_env.explorer.page.write import write_explorer


def write(folder: Path) -> None:
    """The lecture's map as a page, as `gridworld explore --html` writes it."""
    write_explorer(folder / "explore_page.html", make_document({"map_name": "lecture"}), "lecture")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
