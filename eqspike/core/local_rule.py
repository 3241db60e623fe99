"""One local learning rule, written once as data and printed for each engine.

A rule is a sum of products: the spike of one side of a synapse times a low-pass trace of the other side. It is
evaluated only in phases that learn. Traces obey, per time step and per neuron,

    trace <- trace + (S - trace) / tau            S = 1 where the neuron spikes in this step, else 0
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eqspike.core.errors import ConfigError

Side = Literal["pre", "post"]


@dataclass(frozen=True)
class Trace:
    """A leaky average of a neuron's spikes.

    Attributes:
        name: unique within the rule.
        tau: time constant in time steps, at least 1.
    """

    name: str
    tau: float


@dataclass(frozen=True)
class Product:
    """coefficient x (spike of one side) x (trace of the other side)."""

    coefficient: float
    spike: Side
    trace: str

    @property
    def trace_side(self) -> Side:
        """The side whose trace is read: always the one that did not give the spike."""
        return "post" if self.spike == "pre" else "pre"


@dataclass(frozen=True)
class LocalRule:
    """A sum of products gated to the phases that learn.

    Attributes:
        traces: the low-pass traces each neuron keeps.
        products: the terms of the weight change; the change is divided by the nudging strength beta.
        rate: name of the trace that estimates an output's rate for the nudge; by default the first.
    """

    traces: tuple[Trace, ...]
    products: tuple[Product, ...]
    rate: str = ""

    def __post_init__(self) -> None:
        names = [trace.name for trace in self.traces]
        used = {product.trace for product in self.products} | ({self.rate} - {""})
        if not names or len(set(names)) != len(names) or not all(n.isidentifier() for n in names):
            raise ConfigError(
                f"a local rule needs traces named by different identifiers, got {names}"
            )
        if used - set(names):
            raise ConfigError(
                f"a local rule has traces {names}, got products of or a rate by {sorted(used - set(names))}"
            )
        if any(not trace.tau >= 1 for trace in self.traces):
            raise ConfigError(
                f"time constants must be at least 1 step, got {[t.tau for t in self.traces]}"
            )

    @property
    def rate_trace(self) -> int:
        """Place in `traces` of the one that estimates rates."""
        return next((i for i, t in enumerate(self.traces) if t.name == self.rate), 0)

    @property
    def symmetric(self) -> bool:
        """Whether a spike of either side asks for the same combination of the other side's traces."""
        return self.coefficients("pre") == self.coefficients("post")

    def coefficients(self, spike: Side) -> tuple[float, ...]:
        """Coefficient of each trace (in the order of `traces`) in the products started by a spike of `spike`."""
        return tuple(
            sum(p.coefficient for p in self.products if p.spike == spike and p.trace == t.name)
            for t in self.traces
        )

    def as_text(self) -> str:
        """The rule as a formula, for reports: `dw = + c pre_spike*post_fast ...`."""
        terms = [
            f"{p.coefficient:+.6g}*{p.spike}_spike*{p.trace_side}_{p.trace}" for p in self.products
        ]
        return "dw = (" + " ".join(terms) + ") / beta"


def derivative_rule(tau_fast: float, tau_slow: float) -> LocalRule:
    """The rule of EqSpike: a spike of one side times the rate derivative of the other.

    The derivative of a rate is estimated by (fast - slow) / (tau_slow - tau_fast): summed over time after a
    rate step of size D it gives D, whatever the time constants.

    Args:
        tau_fast, tau_slow: time constants in time steps, 1 <= tau_fast < tau_slow.
    """
    gain = 1.0 / (tau_slow - tau_fast)
    return LocalRule(
        traces=(Trace("fast", tau_fast), Trace("slow", tau_slow)),
        products=(
            Product(+gain, "pre", "fast"),
            Product(-gain, "pre", "slow"),
            Product(+gain, "post", "fast"),
            Product(-gain, "post", "slow"),
        ),
    )
