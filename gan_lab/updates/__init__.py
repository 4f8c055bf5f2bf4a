"""Update rules of games, one a file; `spectrum` predicts the rate of each."""

from typing import Any, Final

from gan_lab.errors import choose
from gan_lab.updates.alternating import Alternating
from gan_lab.updates.consensus import Consensus
from gan_lab.updates.extragradient import Extragradient
from gan_lab.updates.implicit import Implicit
from gan_lab.updates.optimistic import Optimistic
from gan_lab.updates.simultaneous import Simultaneous
from gan_lab.updates.update import Update

UPDATES: Final[dict[str, type[Update]]] = {
    rule.name: rule for rule in (Simultaneous, Alternating, Extragradient, Optimistic, Consensus, Implicit)
}


def find_update(update: "str | Update", **options: Any) -> Update:
    """An update rule by name; `WiringError` with the nearest names for an unknown one.

    >>> find_update("extragradient")
    Extragradient: w+ = w + h v(w); w' = w + h v(w+)
    """
    return update if isinstance(update, Update) else choose(update, UPDATES, "update")(**options)


__all__ = [
    "UPDATES",
    "Alternating",
    "Consensus",
    "Extragradient",
    "Implicit",
    "Optimistic",
    "Simultaneous",
    "Update",
    "find_update",
]
