"""A rule of one's own: a triplet-like local rule with three traces, asymmetric in the two sides of a synapse.

A presynaptic spike reads the derivative of the postsynaptic rate as EqSpike does, from a fast and a slow trace. A
postsynaptic spike reads a mixture over two time scales, the second one from a third, later trace:

    dw = [S_pre D(fast, slow)_post + S_post ((1 - share) D(fast, slow)_pre + share D(slow, late)_pre)] / beta
    D(a, b) = (trace_a - trace_b) / (tau_b - tau_a)

As in the triplet rule of Pfister and Gerstner (J. Neurosci. 26(38):9673-9682, 2006), only a postsynaptic spike
looks further back; unlike it, each term is a spike times one trace: a sum of products, as `LocalRule` is.

Use: eqspike train MODEL TASK --plugin triplet_rule.py, the model having rule.kind: triplet-like and the keys of
EqSpike, with tau_late and share beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eqspike.core.config import Section
from eqspike.core.local_rule import LocalRule, Product, Trace
from eqspike.rules import EqSpike
from eqspike.rules.readings import Products


@dataclass(frozen=True)
class TripletRule(EqSpike):
    """EqSpike's phases and nudge with a local rule of three traces."""

    tau_late: float = 60.0
    share: float = 0.5
    kind: ClassVar[str] = "triplet-like"

    @property
    def local_rule(self) -> LocalRule:
        """Five products of a spike and a trace of the other side."""
        near = 1 / (self.tau_slow - self.tau_fast)
        far = self.share / (self.tau_late - self.tau_slow)
        mixed = near * (1 - self.share)
        return LocalRule(
            (Trace("fast", self.tau_fast), Trace("slow", self.tau_slow), Trace("late", self.tau_late)),
            (
                Product(near, "pre", "fast"), Product(-near, "pre", "slow"),
                Product(mixed, "post", "fast"), Product(far - mixed, "post", "slow"),
                Product(-far, "post", "late"),
            ),
        )  # fmt: skip

    @property
    def reading(self) -> Products:
        """What engines read; a rule that is derived from another says it anew."""
        return Products(self.local_rule)

    @staticmethod
    def read(section: Section) -> TripletRule:
        """Read a model's `rule` section."""
        late = section.number("tau_late", 60.0, low=1, high=10_000)
        share = section.number("share", 0.5, low=0, high=1)
        common = EqSpike.read(section)
        if late <= common.tau_slow:
            raise section.error("tau_late", f"above tau_slow, {common.tau_slow:g}")
        return TripletRule(**vars(common), tau_late=late, share=share)


RULES = {"triplet-like": TripletRule}
