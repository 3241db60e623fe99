"""Amounts as text: SI prefixes, grouped digits of counts, shares in per cent."""

from __future__ import annotations

from dataclasses import dataclass

from eqspike.core.quantities import Interval

_PREFIXES = {
    -21: "z",
    -18: "a",
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "µ",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
}
# No line breaks inside an amount.
_SPACE = "\u00a0"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NARROW_SPACE = "\u202f"


def si(value: float, unit: str) -> str:
    """An amount with three significant digits and an SI prefix, such as `1.23 µJ`; zero is `0 J`.

    Amounts beyond the prefixes keep the last prefix.
    """
    if value == 0.0:
        return f"0{_SPACE}{unit}"
    exponent = _prefix_exponent(value)
    return f"{_mantissa(value, exponent)}{_SPACE}{_PREFIXES[exponent]}{unit}"


def si_range(interval: Interval, unit: str) -> str:
    """The interval as `low – high`, one unit where both have the same; one amount if equal."""
    low, high = si(interval.low, unit), si(interval.high, unit)
    if low == high:
        return low
    number, _, low_unit = low.partition(_SPACE)
    return f"{number if high.partition(_SPACE)[2] == low_unit else low} – {high}"


@dataclass(frozen=True)
class Amount:
    """An amount as texts: the typical value (with its sign of a lower bound) and the interval."""

    typical: str
    interval: str


def amount(interval: Interval, unit: str = "J", sign: str = "") -> Amount:
    """An interval as texts; without a second text where it has no width."""
    typical, span = si(interval.typical, unit), si_range(interval, unit)
    return Amount(sign + typical, "" if span == typical else span)


def arrow(place: str) -> str:
    """Directed couplings with an arrow, which no browser breaks over two lines."""
    return place.replace("->", "→")


def joules(value: float) -> str:
    """Joules with an SI prefix."""
    return si(value, "J")


def power_of_ten(exponent: int) -> str:
    """Joules of a power of ten as the mark of an axis, such as `10 nJ`."""
    base = _prefix(exponent)
    return f"{10.0 ** (exponent - base):g}{_SPACE}{_PREFIXES[base]}J"


def count(value: float) -> str:
    """A count, or a mean count per sample: whole from 100 on, else three significant digits."""
    if value == int(value) or value >= 100:
        return f"{round(value):,}".replace(",", _NARROW_SPACE)
    return f"{value:.3g}"


def scientific(value: float) -> str:
    """Two significant digits; a power of ten below 0.01 and from 100 000 on, such as `2.5×10⁶`."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    if value == 0.0 or -2 <= int(exponent) < 5:
        return f"{float(f'{value:.1e}'):g}"
    power = str(int(exponent)).translate(_SUPERSCRIPTS)
    return f"{mantissa.removesuffix('.0')}×10{power}"


def percent(share: float) -> str:
    """A share as whole per cent, without rounding a small rest away."""
    if 0.0 < share < 0.01:
        return f"<{_SPACE}1{_SPACE}%"
    return f"{share * 100:.0f}{_SPACE}%"


def _prefix_exponent(value: float) -> int:
    # The exponent of the rounded value decides, so that 999.9 pJ becomes 1.00 nJ and not 1000 pJ.
    return _prefix(int(f"{value:.2e}".partition("e")[2]))


def _prefix(exponent: int) -> int:
    return min(max(exponent - exponent % 3, min(_PREFIXES)), max(_PREFIXES))


def _mantissa(value: float, exponent: int) -> str:
    scaled = float(f"{value:.2e}") / 10.0**exponent
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{decimals}f}"
