"""A gradient check as plain data and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eqspike.analysis.gradients.expected import LIMIT_FILTERS
from eqspike.analysis.gradients.spikes import (
    FACTORS,
    LEAST_COSINE,
    NOISE,
    THEOREM_ERROR,
    GradientCheck,
    PhaseLength,
    Similarities,
)

Row = tuple[str, ...]

CRITERION = (
    f"criterion: error of the theorem at most {THEOREM_ERROR:g} at the smallest beta; cosine against the rate "
    f"network at least {LEAST_COSINE:g} in the limit, and at x{FACTORS[-1]} not more than {NOISE:g} below that at "
    "the model's own phases, for every coupling and bias"
)


@dataclass(frozen=True)
class Table:
    """A title, a header and rows of text."""

    title: str
    header: Row
    rows: tuple[Row, ...]


def as_json(check: GradientCheck) -> dict[str, Any]:
    """Plain JSON data.

    `cosine`, `relative_error` and `size` compare the spiking rule, at the model's own phases, with the rate
    network's update at the same beta, by coupling and bias; `exact_gradient` compares it with minus the exact
    gradient of the loss without a nudge, as `rate_network` does for the rate network's update.
    """
    own = check.growth[0]
    return {
        "holds": not check.failures(),
        "failures": list(check.failures()),
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


def tables(check: GradientCheck) -> tuple[Table, ...]:
    """What people read: the theorem, the spiking rule at the model's own phases, and longer ones."""
    return _theorem(check), _own_phases(check), _growth(check)


def markdown(shown: Sequence[Table], conclusion: str, title: str) -> str:
    """Tables and a conclusion as a Markdown document."""
    lines = [f"# {title}", ""]
    for table in shown:
        lines += [f"{table.title}:", "", _markdown_row(table.header)]
        lines += [_markdown_row(("---",) * len(table.header))]
        lines += [*(_markdown_row(row) for row in table.rows), ""]
    return "\n".join([*lines, conclusion, ""])


def verdict(check: GradientCheck) -> str:
    """Whether the check holds, by which criterion, and what failed."""
    failures = check.failures()
    outcome = (
        "The check holds" if not failures else "The check does NOT hold: " + "; ".join(failures)
    )
    return f"{outcome} ({CRITERION})."


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
                f"{similarity.cosine:.4f}",
                f"{similarity.relative_error:.3f}",
                f"{similarity.size:.3f}",
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


def by_measure(similarities: Similarities) -> dict[str, Mapping[str, float]]:
    """Cosine, relative error and size, each by name."""
    return {
        measure: {name: getattr(value, measure) for name, value in similarities.items()}
        for measure in ("cosine", "relative_error", "size")
    }


def _markdown_row(cells: Row) -> str:
    return "| " + " | ".join(cells) + " |"
