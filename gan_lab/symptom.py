"""A failure that was recognised in a run, with the numbers by which it was."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Symptom:
    """A failure that was recognised.

    Attributes:
        name: Of the failure: a key of `gan_lab.symptoms.SYMPTOMS`.
        evidence: The numbers by which it was recognised.
        says: What was seen, in words.
        fix: What to do.

    >>> print(Symptom("divergence", {"broken players": 1.0}, "A number is not finite.", "a smaller rate."))
    Symptom: divergence. A number is not finite. Fix: a smaller rate.
    """

    name: str
    evidence: dict[str, float]
    says: str
    fix: str

    def __str__(self) -> str:
        """Name, evidence and fix in two sentences."""
        return f"Symptom: {self.name}. {self.says} Fix: {self.fix}"
