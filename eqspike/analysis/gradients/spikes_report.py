"""The report of a spiking network's gradient check."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from eqspike.analysis.gradients.expected import LIMIT_FILTERS
from eqspike.analysis.gradients.report import GradientReport, Table, by_measure, measures
from eqspike.analysis.gradients.spikes import (
    FACTORS,
    LEAST_COSINE,
    NOISE,
    THEOREM_ERROR,
    GradientCheck,
    PhaseLength,
)
from eqspike.analysis.gradients.spikes_figure import gradient_figure

CRITERION = (
    f"criterion: error of the theorem at most {THEOREM_ERROR:g} at the smallest beta; cosine against the rate "
    f"network at least {LEAST_COSINE:g} in the limit, and at x{FACTORS[-1]} not more than {NOISE:g} below that at "
    "the model's own phases, for every coupling and bias"
)


def report(check: GradientCheck) -> GradientReport:
    """Data, tables, verdict and figure.

    Tables: the theorem, the spiking rule at the model's own phases, and longer ones.
    """
    tables = _theorem(check), _own_phases(check), _growth(check)
    figures = {"gradient_check.png": lambda: gradient_figure(check)}
    return GradientReport(_findings(check), tables, CRITERION, check.failures(), figures=figures)


def _findings(check: GradientCheck) -> dict[str, Any]:
    """Plain JSON data.

    `cosine`, `relative_error` and `size` compare the spiking rule, at the model's own phases, with the rate
    network's update at the same beta, by coupling and bias; `exact_gradient` compares it with minus the exact
    gradient of the loss without a nudge, as `rate_network` does for the rate network's update.
    """
    own = check.growth[0]
    return {
        "samples": check.samples,
        "beta": check.beta,
        "kept_share": check.kept_share,
        **by_measure(own.against_rates),
        "exact_gradient": by_measure(own.against_exact),
        "rate_network": by_measure(check.rates_against_exact),
        "theorem": [asdict(point) for point in check.theorem],
        "growth": [_length(length) for length in check.growth],
        "limit": _length(check.limit),
    }


def _theorem(check: GradientCheck) -> Table:
    return Table(
        "Rate network with a smooth activation against the exact gradient, largest relative error",
        ("beta", "one-sided", "centered"),
        tuple((f"{p.beta:g}", f"{p.one_sided:.1e}", f"{p.centered:.1e}") for p in check.theorem),
    )


def _own_phases(check: GradientCheck) -> Table:
    own, rates = check.growth[0], check.rates_against_exact
    return Table(
        f"Spiking rule at the model's phases and beta {check.beta:g}, {check.samples} images "
        f"(traces keep {check.kept_share:.2f} of a rate's step)",
        (
            "coupling",
            "cosine",
            "relative error",
            "size",
            "cosine, exact gradient",
            "rate network's",
        ),
        tuple(
            (
                name,
                *measures(similarity),
                f"{own.against_exact[name].cosine:.4f}",
                f"{rates[name].cosine:.4f}",
            )
            for name, similarity in own.against_rates.items()
        ),
    )


def _growth(check: GradientCheck) -> Table:
    names = [f"x{length.factor}" for length in check.growth]
    return Table(
        "Cosine against the rate network as phases and traces grow together; in the limit, phases are "
        f"x{check.limit.factor} and the filters of traces and neurons x{LIMIT_FILTERS}",
        ("phases", "free + nudged steps", *check.growth[0].against_rates),
        tuple(
            (
                name,
                f"{length.free_steps} + {length.nudged_steps}",
                *(f"{similarity.cosine:.4f}" for similarity in length.against_rates.values()),
            )
            for name, length in zip([*names, "limit"], [*check.growth, check.limit], strict=True)
        ),
    )


def _length(length: PhaseLength) -> dict[str, Any]:
    return {
        "factor": length.factor,
        "free_steps": length.free_steps,
        "nudged_steps": length.nudged_steps,
        **by_measure(length.against_rates),
        "exact_gradient": by_measure(length.against_exact),
    }
