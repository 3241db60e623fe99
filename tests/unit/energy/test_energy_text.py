"""Amounts as text."""

from __future__ import annotations

import pytest

from eqspike.core.quantities import Interval
from eqspike.energy import text


def plain(shown: str) -> str:
    """The text with ordinary spaces, to be readable in a test."""
    return shown.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0 J"),
        (23.6e-12, "23.6 pJ"),
        (1e-12, "1.00 pJ"),
        (0.03e-12, "30.0 fJ"),
        (1.234e-9, "1.23 nJ"),
        (31.96e-6, "32.0 µJ"),
        (999.4e-12, "999 pJ"),
        (999.9e-12, "1.00 nJ"),  # rounding carries into the next prefix
        (9.999e-6, "10.0 µJ"),
        (99.96e-3, "100 mJ"),
        (5.0, "5.00 J"),
        (1.5e3, "1.50 kJ"),
        (1e-25, "0.00 zJ"),  # beyond the prefixes the last one stays
    ],
)
def test_joules(value: float, shown: str) -> None:
    assert plain(text.joules(value)) == shown


def test_amounts_do_not_break_over_lines() -> None:
    assert " " not in text.joules(1e-9)
    assert " " not in text.percent(0.5)


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (Interval(1e-6, 2e-6, 3e-6), "1.00 – 3.00 µJ"),
        (Interval(41.5e-9, 3e-6, 16e-6), "41.5 nJ – 16.0 µJ"),
        (Interval(2e-9, 2e-9, 2e-9), "2.00 nJ"),
    ],
)
def test_range(interval: Interval, shown: str) -> None:
    assert plain(text.si_range(interval, "J")) == shown


def test_range_in_watts() -> None:
    assert plain(text.si_range(Interval(1e-3, 1e-3, 2e-3), "W")) == "1.00 – 2.00 mW"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (7, "7"), (1234567, "1 234 567"), (0.5, "0.5"), (12.345, "12.3"), (1234.5, "1 234")],
)
def test_count(value: float, shown: str) -> None:
    assert plain(text.count(value)) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.001, "< 1 %"),
        (0.0099, "< 1 %"),
        (0.01, "1 %"),
        (0.21, "21 %"),
        (1, "100 %"),
    ],
)
def test_percent(share: float, shown: str) -> None:
    assert plain(text.percent(share)) == shown


@pytest.mark.parametrize(
    ("exponent", "shown"), [(-12, "1 pJ"), (-8, "10 nJ"), (-7, "100 nJ"), (0, "1 J"), (4, "10 kJ")]
)
def test_power_of_ten(exponent: int, shown: str) -> None:
    assert plain(text.power_of_ten(exponent)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.0634, "0.063"),
        (4.0, "4"),
        (31.7, "32"),
        (665.0, "660"),
        (12_890.0, "13000"),
        (1e6, "1×10⁶"),
        (2.54e12, "2.5×10¹²"),
        (9.96e6, "1×10⁷"),
        (3e-9, "3×10⁻⁹"),
    ],
)
def test_scientific(value: float, shown: str) -> None:
    assert text.scientific(value) == shown
