"""The phases of rules that compare a free network with a nudged one, and the sign of the nudge."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.config import Section
from eqspike.core.phases import Nudge, Phase
from eqspike.rules.readings import EndContrast

SIGNS = ("positive", "random", "both")


@dataclass(frozen=True)
class Nudging:
    """A free phase, then one or two nudged ones that start from its end.

    Attributes:
        free_steps, nudged_steps: length of each phase in steps.
        beta: nudging strength, not 0.
        sign: `positive`: one nudged phase with +beta. `random`: one, its sign drawn for each sample.
            `both`: one with +beta and one with -beta, compared with each other.
    """

    free_steps: int
    nudged_steps: int
    beta: float
    sign: str = "positive"

    @property
    def centered(self) -> bool:
        """Whether the two nudged phases are compared with each other."""
        return self.sign == "both"

    @property
    def contrast(self) -> EndContrast:
        """Of the nudged phase with the free one, or of both nudged ones."""
        return EndContrast("nudged", "nudged back" if self.centered else "free")

    def phases(self, *, continual: bool) -> tuple[Phase, ...]:
        """Free relaxation, then the nudged phases, in which continual rules learn at every step."""
        names = ("nudged", "nudged back") if self.centered else ("nudged",)
        signs: tuple[Nudge, ...] = (
            (1, -1) if self.centered else ("drawn" if self.sign == "random" else 1,)
        )
        nudged = (
            Phase(name, self.nudged_steps, sign, "free end", learns=continual)
            for name, sign in zip(names, signs, strict=True)
        )
        return (Phase("free", self.free_steps, start="rest"), *nudged)

    @staticmethod
    def read(section: Section) -> Nudging:
        """Read the keys of a model's `rule` section that say how the network is nudged.

        Raises:
            ConfigError: for a phase without steps, or a nudge of 0.
        """
        section.explain(
            beta="nudging strength, not 0",
            free_steps="length of the free phase in steps",
            nudged_steps="length of a nudged phase in steps",
            beta_sign="sign of the nudge: always plus, drawn per sample, or both in two phases that are compared",
        )
        beta = section.number("beta", low=0, high=10)
        if beta == 0:
            raise section.error(
                "beta", "above 0", "without a nudge both phases are equal and nothing is learnt"
            )
        return Nudging(
            section.integer("free_steps", low=1, high=100_000),
            section.integer("nudged_steps", low=1, high=100_000),
            beta,
            section.choice("beta_sign", SIGNS, "positive"),
        )
