"""A local rule printed for Loihi's learning engine: the text of `dw`, its traces and its gate.

    LocalRule     (rate / beta) coefficient S_pre trace_post            trace <- trace + (S - trace) / tau
    Loihi         mantissa 2^exponent x0 y1 (factors of the tag)        y1 <- y1 exp(-1 / tau') + impulse S

A trace of the chip is a whole number of 7 bits, `area` times the rule's. Both traces must have one area, or the
rule would see a change of rate where there is none: with area A the impulse is A / tau to the nearest integer, and
the decay is then chosen so that the area is A exactly, exp(-1 / tau') = 1 - impulse / A. The time constant in use
is therefore A / impulse, and Lava is given tau' = -1 / ln(1 - impulse / A).

Scales are coarse, mantissa 2^exponent with 3 bits and exponents from -7. The area is chosen with them: the largest
at which traces rarely saturate and the product of area and scale is near what is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eqspike.chips.loihi.gates import Gate
from eqspike.chips.loihi.traces import LARGEST_TRACE
from eqspike.core.errors import UnsupportedError
from eqspike.core.local_rule import LocalRule, Product, Side

SMALLEST_EXPONENT, LARGEST_EXPONENT = -7, 1
"""The chip's scales reach 2^8; above 2^1 a single event could cross the range of the weights."""

LARGEST_AREA = 200
"""Traces saturate at 127: at mean rates above 127 / 200 spikes per step, where neurons seldom are."""

TOLERANCE = 0.05
"""Relative error of a scale up to which the larger area is preferred."""

_NAMES: dict[Side, str] = {"pre": "x", "post": "y"}


@dataclass(frozen=True)
class LoihiTrace:
    """A trace of every neuron on both sides: whole impulse, and Lava's time constant in steps."""

    impulse: int
    tau: float


@dataclass(frozen=True)
class LoihiProduct:
    """mantissa 2^exponent x (spike of one side) x (trace number `trace` of the other) x (gate)."""

    mantissa: int
    exponent: int
    spike: Side
    trace: int

    @property
    def factors(self) -> str:
        """Spike and trace by the chip's names, such as `x0*y2`."""
        other: Side = "post" if self.spike == "pre" else "pre"
        return f"{_NAMES[self.spike]}0*{_NAMES[other]}{self.trace + 1}"


@dataclass(frozen=True)
class ScaleRounding:
    """Coefficient of a product, times rate / beta: as wanted and as the chip has it."""

    factors: str
    wanted: float
    got: float


@dataclass(frozen=True)
class LoihiRule:
    """What the learning engine of one coupling is given.

    Attributes:
        products: in the order in which the chip adds them; traces: of both sides.
        gate: of all products; decimation: k of phases of 2^k steps.
        area: what a trace of 1.0 of the local rule is on the chip.
        report: of each product, what rounding its scale did.
    """

    products: tuple[LoihiProduct, ...]
    traces: tuple[LoihiTrace, ...]
    gate: Gate
    decimation: int
    area: int
    report: tuple[ScaleRounding, ...]

    @property
    def weight_text(self) -> str:
        """The rule `dw`."""
        terms: list[str] = []
        for product in self.products:
            sign = "-" if product.mantissa < 0 else "+" if terms else ""
            scale = f"{abs(product.mantissa)}*2^{product.exponent}"
            terms.append(f"{sign}{scale}*{product.factors}{self.gate.factors}")
        return " ".join(terms)

    @property
    def tag_text(self) -> str:
        """The rule `dt`."""
        return self.gate.rule(self.decimation)

    def transposed(self) -> LoihiRule:
        """The same rule for the copy of the weights that points the other way."""
        turned = tuple(
            replace(product, spike="post" if product.spike == "pre" else "pre")
            for product in self.products
        )
        return replace(self, products=turned)

    def arguments(self) -> dict[str, object]:
        """Keyword arguments of Lava's `Loihi2FLearningRule`."""
        result: dict[str, object] = {"dw": self.weight_text, "dt": self.tag_text, "t_epoch": 1}
        for index, trace in enumerate(self.traces, start=1):
            for side in _NAMES.values():
                result[f"{side}{index}_impulse"] = trace.impulse
                result[f"{side}{index}_tau"] = trace.tau
        return result


def print_rule(
    rule: LocalRule, scale: float, codes: float, gate: Gate, decimation: int, *, clamped: bool
) -> LoihiRule:
    """Print a rule for one coupling.

    Args:
        rule: with one or two traces; scale: learning rate / beta, above 0; codes: mantissas of a weight of 1.0.
        gate, decimation: when it acts.
        clamped: whether the presynaptic side is the input: its rates do not change, so products with its traces
            are left out.

    Raises:
        UnsupportedError: for a rule with more traces than the chip has.
    """
    if not 1 <= len(rule.traces) <= 2:
        raise UnsupportedError(
            f"a neuron has two traces on each side on Loihi, the rule has {len(rule.traces)}"
        )
    wanted = [p for p in rule.products if not (clamped and p.trace_side == "pre")]
    best: tuple[float, LoihiRule] | None = None
    for area in range(LARGEST_AREA, 0, -1):
        traces = _traces(rule, area)
        if traces is None:
            continue
        printed = _printed(rule, wanted, traces, area, scale, codes, gate, decimation)
        error = max(abs(r.got / r.wanted - 1) for r in printed.report)
        if error <= TOLERANCE:
            return printed
        if best is None or error < best[0]:
            best = (error, printed)
    if best is None:
        raise UnsupportedError("the rule's time constants leave no whole impulse of a trace")
    return best[1]


def _traces(rule: LocalRule, area: int) -> tuple[LoihiTrace, ...] | None:
    """Traces of that area, or None where an impulse would not be close to its time constant's."""
    traces = []
    for trace in rule.traces:
        impulse = round(area / trace.tau)
        if not 1 <= impulse <= min(LARGEST_TRACE, area - 1):
            return None
        if abs(impulse * trace.tau / area - 1) > TOLERANCE:
            return None
        traces.append(LoihiTrace(impulse, float(-1 / np.log1p(-impulse / area))))
    return tuple(traces)


def _printed(
    rule: LocalRule, wanted: list[Product], traces: tuple[LoihiTrace, ...], area: int, scale: float,
    codes: float, gate: Gate, decimation: int,
) -> LoihiRule:  # fmt: skip
    names = [trace.name for trace in rule.traces]
    products, report = [], []
    for product in wanted:
        unit = gate.gain * area / codes
        mantissa, exponent = _scale(abs(scale * product.coefficient) / unit, gate)
        mantissa = mantissa if product.coefficient > 0 else -mantissa
        printed = LoihiProduct(mantissa, exponent, product.spike, names.index(product.trace))
        products.append(printed)
        report.append(
            ScaleRounding(
                printed.factors, scale * product.coefficient, mantissa * 2.0**exponent * unit
            )
        )
    return LoihiRule(tuple(products), traces, gate, decimation, area, tuple(report))


def _scale(wanted: float, gate: Gate) -> tuple[int, int]:
    """Nearest mantissa and exponent, in ratio; the largest mantissa where several are equal."""
    pairs = [
        (mantissa, exponent)
        for mantissa in reversed(gate.mantissas)
        for exponent in range(SMALLEST_EXPONENT, LARGEST_EXPONENT + 1)
    ]
    return min(pairs, key=lambda pair: abs(np.log(pair[0] * 2.0 ** pair[1] / wanted)))
