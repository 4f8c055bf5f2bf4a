"""Update rules of games, one in each file; `spectrum` predicts the rate of each."""

from typing import Any, Final

from gan_lab.errors import WiringError, choose
from gan_lab.errors.argument_names import names_of, refusal
from gan_lab.updates.alternating import Alternating
from gan_lab.updates.competitive import CompetitiveGradient
from gan_lab.updates.consensus import Consensus
from gan_lab.updates.extragradient import Extragradient
from gan_lab.updates.implicit import Implicit
from gan_lab.updates.lookahead import Lookahead
from gan_lab.updates.optimistic import Optimistic
from gan_lab.updates.simultaneous import Simultaneous
from gan_lab.updates.symplectic import SymplecticAdjustment
from gan_lab.updates.unrolled import Unrolled
from gan_lab.updates.update import Update

UPDATES: Final[dict[str, type[Update]]] = {
    rule.name: rule
    for rule in (
        Simultaneous,
        Alternating,
        Extragradient,
        Optimistic,
        Consensus,
        Unrolled,
        Implicit,
        SymplecticAdjustment,
        CompetitiveGradient,
        Lookahead,
    )
}


def find_update(update: "str | Update", **options: Any) -> Update:
    """An update rule by name; `WiringError` with the nearest names for an unknown one.

    >>> find_update("extragradient")
    Extragradient: w+ = w + h v(w); w' = w + h v(w+)
    """
    if isinstance(update, Update):
        if options:
            raise WiringError(f"{', '.join(options)}: a rule that is made already takes no options; make it with them")
        return update
    if isinstance(update, type) and issubclass(update, Update):
        raise WiringError(f"update is the class {update.__name__}; expected a rule, made by {update.__name__}()")
    rule = choose(update, UPDATES, "update")
    known = names_of(rule.__init__)
    if strange := [name for name in options if name not in known]:
        raise refusal(f"the update {update!r}", strange, known)
    return rule(**options)


__all__ = [
    "UPDATES",
    "Alternating",
    "CompetitiveGradient",
    "Consensus",
    "Extragradient",
    "Implicit",
    "Lookahead",
    "Optimistic",
    "Simultaneous",
    "SymplecticAdjustment",
    "Unrolled",
    "Update",
    "find_update",
]
