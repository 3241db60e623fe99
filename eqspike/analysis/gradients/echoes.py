"""Hamiltonian units: their backward pass against backpropagation through time, in float64.

The reference is automatic differentiation of the plain loop over time. Dropout and batch normalisation are those
of learning, with the same draws on both sides. Echoes of linear oscillators and reconstructed states are exact; an
echo of nonlinear ones has an error of order eps^2, a one-sided one of order eps. Source: Pourcel and Ernoult,
arXiv:2506.05259, 2025.
"""

from __future__ import annotations

from typing import Any, cast

from numpy.typing import NDArray

from eqspike.analysis.gradients.learners_figure import parameters_figure
from eqspike.analysis.gradients.modules import Probe
from eqspike.analysis.gradients.report import GradientReport, Table, by_measure
from eqspike.analysis.gradients.spikes import Similarities, compare
from eqspike.core.errors import ConfigError
from eqspike.core.learner import Arrays
from eqspike.learners.registry import Recipe
from eqspike.learners.series import SeriesRecipe, with_time
from eqspike.nn.hamiltonian.unit import HamiltonianUnit

BOUNDS = {
    ("linear", "rhel"): 1e-12,
    ("linear", "reversible"): 1e-12,
    ("log-cosh", "rhel"): 1e-8,
    ("log-cosh", "reversible"): 1e-8,
    ("linear", "rhel-one-sided"): 1e-3,
    ("log-cosh", "rhel-one-sided"): 1e-3,
}
"""Largest relative error of any parameter, by kind of units and backward pass."""


def check(
    recipe: Recipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int
) -> GradientReport:
    """See `learners.check_learner`; of a recipe of kind `hssm`.

    Raises:
        ConfigError: if the backward pass is the reference itself.
        ActivityError: if a gradient is exactly zero, or states are not finite.
    """
    of = cast(SeriesRecipe, recipe)
    if of.backward == "bptt":
        raise ConfigError(
            "learner.backward 'bptt' is what others are compared with; choose --set learner.backward=rhel"
        )
    series = with_time(inputs) if of.time_channel else inputs
    probe = Probe.of(of, series, targets, weights, seed)
    found = probe.gradients()
    for unit in probe.module.modules():
        if isinstance(unit, HamiltonianUnit):
            unit.backward_by, unit.scan = "bptt", "loop"
    return report(of, len(inputs), compare(found, probe.gradients()))


def report(recipe: SeriesRecipe, samples: int, found: Similarities) -> GradientReport:
    """Data, table, verdict and figure."""
    bound = BOUNDS[recipe.units, recipe.backward]
    failures = tuple(
        f"{name}: relative error {each.relative_error:.1e} (needed: at most {bound:g})"
        for name, each in found.items()
        if not each.relative_error <= bound
    )
    data = {
        "samples": samples, "units": recipe.units, "backward": recipe.backward, "bound": bound,
        **by_measure(found),
    }  # fmt: skip
    table = Table(
        f"Backward pass {recipe.backward} of {recipe.units} units against backpropagation through time, float64, "
        f"{samples} samples",
        ("parameter", "cosine", "relative error"),
        tuple(
            (name, f"{each.cosine:.6f}", f"{each.relative_error:.1e}")
            for name, each in found.items()
        ),
    )
    criterion = f"criterion: relative error of every parameter at most {bound:g}"
    title = f"Backward pass of {recipe.units} units"
    figures = {
        "gradient_check.png": lambda: parameters_figure({recipe.backward: found}, bound, title)
    }
    return GradientReport(data, (table,), criterion, failures, figures=figures)
