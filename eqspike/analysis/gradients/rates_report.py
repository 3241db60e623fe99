"""The report of a rate network's gradient check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from eqspike.analysis.gradients.rates import (
    BETAS,
    FACTORS,
    PROCESS_ERROR,
    THEOREM_ERROR,
    RateGradientCheck,
)
from eqspike.analysis.gradients.rates_figure import error_figure, process_figure
from eqspike.analysis.gradients.report import GradientReport, Table, by_measure, own_table
from eqspike.analysis.gradients.spikes import NudgeError

CRITERION = (
    "criterion, where both directions have equal weights or rule a-ep: centered error at most "
    f"{THEOREM_ERROR:g} and error of every process at most {PROCESS_ERROR:g} at beta {BETAS[-1]:g}"
)


UNPROVED = "Nothing is proved of this rule with weights that differ between the directions, so nothing is asked"


def report(check: RateGradientCheck) -> GradientReport:
    """Data, tables, verdict and figures.

    Tables: the sum, the steps, and the rule as the model uses it.
    """
    steps = [_processes(check)] if check.processes else []
    steps += [_factors(check)] if check.factors else []
    figures: dict[str, Callable[[], Any]] = {"gradient_check.png": lambda: error_figure(check)}
    if check.processes:
        figures["processes.png"] = lambda: process_figure(check)
    success = "The check holds" if check.proved else UNPROVED
    tables = (_theorem(check), *steps, _own(check))
    return GradientReport(_findings(check), tables, CRITERION, check.failures(), success, figures)


def _findings(check: RateGradientCheck) -> dict[str, Any]:
    """Plain JSON data.

    `cosine`, `relative_error` and `size` compare the rule at the model's own beta and phases with minus the exact
    gradient, by coupling and bias; `angle_degrees` is the angle of all of them together.
    """
    return {
        "samples": check.samples,
        "beta": check.beta,
        "free_steps": check.free_steps,
        "symmetric": check.symmetric,
        **by_measure(check.own),
        "angle_degrees": check.angle,
        "theorem": [asdict(point) for point in check.theorem],
        "slopes": slopes(check.theorem),
        "nudge_outside": [asdict(point) for point in check.outside],
        "processes": dict(check.processes),
        "learning_rate_factors": {f"{factor:g}": e for factor, e in check.factors.items()},
    }


def slopes(points: tuple[NudgeError, ...]) -> dict[str, float]:
    """Powers of beta with which the errors fall between the two smallest betas."""
    larger, smaller = points[-2:]
    decades = np.log10(larger.beta / smaller.beta)
    return {
        name: float(np.log10(getattr(larger, name) / getattr(smaller, name)) / decades)
        for name in ("one_sided", "centered")
    }


def _theorem(check: RateGradientCheck) -> Table:
    slope = slopes(check.theorem)
    rows = [
        (f"{p.beta:g}", f"{p.one_sided:.1e}", f"{p.centered:.1e}", f"{o.centered:.1e}")
        for p, o in zip(check.theorem, check.outside, strict=True)
    ]
    rows.append(("power of beta", f"{slope['one_sided']:.3f}", f"{slope['centered']:.3f}", ""))
    return Table(
        f"The rule at rest ({check.free_steps} steps), weights held, against the exact gradient, largest relative "
        "error",
        ("beta", "one-sided", "centered", "centered, nudge outside"),
        tuple(rows),
    )


def _processes(check: RateGradientCheck) -> Table:
    return Table(
        f"Step by step, beta {BETAS[-1]:g}, centered: relative error over {check.steps} steps"
        + (f", learning rates x{FACTORS[-1]:g}" if check.factors else ""),
        ("process", "relative error"),
        tuple((name, f"{error:.1e}") for name, error in check.processes.items()),
    )


def _factors(check: RateGradientCheck) -> Table:
    return Table(
        f"The same with weights that move more, beta {BETAS[-1]:g}: largest relative error",
        ("learning rates, relative to the model's", "relative error"),
        tuple((f"{factor:g}", f"{error:.1e}") for factor, error in check.factors.items()),
    )


def _own(check: RateGradientCheck) -> Table:
    return own_table(
        f"The rule at the model's phases and beta {check.beta:g}, {check.samples} images: together "
        f"{check.angle:.1f} degrees from the gradient",
        check.own,
    )
