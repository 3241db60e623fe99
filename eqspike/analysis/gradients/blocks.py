"""Do energy blocks learn by the gradient? Their algorithm against automatic differentiation at rest, in float64.

    exact      dL/dtheta through the fixed point (`analysis.gradients.fixed_point`)
    own        the algorithm at the model's beta, phases and tolerances
    at rest    the algorithm with phases that go on until rest, at the model's beta, a tenth of it, and `LIMITS`

As beta goes to 0, contrasts by a nudge tend to the gradient, one-sided with an error of order beta, centered of
order beta^2; implicit differentiation and backpropagation through the dynamics at rest have no beta. Contrasts by
a clamp (coupled learning) tend to something near it, which is computed too (`fixed_point`); at rest they are
compared with that. Contrastive learning is positive coupled learning at beta 1. Source: Scellier, Ernoult, Kendall
and Kumar, NeurIPS 2023, arXiv:2312.15103.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from numpy.typing import NDArray

from eqspike.analysis.gradients.learners_figure import parameters_figure
from eqspike.analysis.gradients.modules import Probe
from eqspike.analysis.gradients.report import GradientReport, Row, Table, by_measure
from eqspike.analysis.gradients.spikes import Similarities, compare
from eqspike.core.learner import Arrays
from eqspike.learners.energy import EnergyRecipe
from eqspike.learners.registry import Recipe
from eqspike.nn.algorithms import Contrast, Holomorphic, Unrolled
from eqspike.nn.settings import EnergySettings

LIMITS = (1e-4, 1e-6, 1e-8)
"""The smallest beta. The first will do where no neuron is so near to a kink of its activation that the nudge takes
it across; where one is, the next is tried, in difference form alone, which loses no digits."""

LIMIT_ERROR, EXACT_ERROR = 1e-3, 1e-6
"""Largest relative error of any parameter at the smallest beta; and of algorithms without one."""

STEPS, TOLERANCE, NUDGED_TOLERANCE = 5000, 1e-12, 1e-9
"""Of phases that go on until rest."""


@dataclass(frozen=True)
class BlockCheck:
    """What the check finds.

    Attributes:
        algorithm: key of `nn.algorithms.ALGORITHMS`.
        samples: how many.
        beta: the model's, 1 for contrastive learning; None where the algorithm has none.
        own: at the model's phases, against the gradient.
        limit: what the algorithm tends to, against the gradient; None where they are proved to be one.
        at_rest: against that limit, by beta, from the largest; the key is 0 where the algorithm has none.
    """

    algorithm: str
    samples: int
    beta: float | None
    own: Similarities
    limit: Similarities | None
    at_rest: Mapping[float, Similarities]

    def failures(self) -> tuple[str, ...]:
        """What does not hold, in words."""
        smallest, found = list(self.at_rest.items())[-1]
        needed = EXACT_ERROR if self.beta is None else LIMIT_ERROR
        where = "at rest" if self.beta is None else f"at rest, beta {smallest:g}"
        return tuple(
            f"{name}: relative error {each.relative_error:.1e} {where} (needed: at most {needed:g})"
            for name, each in found.items()
            if not each.relative_error <= needed
        )


def check(
    recipe: Recipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int
) -> GradientReport:
    """See `learners.check_learner`; of a recipe of kind `energy-block`.

    Raises:
        ConvergenceError: if the blocks do not come to rest.
        ActivityError: if a gradient is exactly zero.
        UnsupportedError: for what the algorithm cannot use.
    """
    return report(measure(cast(EnergyRecipe, recipe), inputs, targets, weights, seed))


def measure(
    recipe: EnergyRecipe, inputs: NDArray[Any], targets: NDArray[Any], weights: Arrays, seed: int
) -> BlockCheck:
    """Measure; arguments as of `check`."""
    probe = Probe.of(recipe, recipe.images(inputs), targets, weights, seed)
    settings = replace(recipe.settings, precision=None, warm_start=False)
    # All phases are of one batch: those at rest start where the last one ended.
    rest = replace(
        settings, tolerance=TOLERANCE, nudged_tolerance=NUDGED_TOLERANCE, free_steps=STEPS,
        nudged_steps=STEPS, warm_start=True, unsettled="refuse",
    )  # fmt: skip
    exact, steps = probe.at_rest(rest)
    row = settings.row
    clamp = isinstance(row, Contrast) and row.perturbation == "clamp"
    limit = probe.at_rest(rest, clamp)[0] if clamp else exact
    if isinstance(row, Unrolled):
        rest = replace(rest, nudged_steps=steps)
    own = compare(probe.by_blocks(settings), exact)
    beta: float | None = None
    at_betas = {0.0: rest}
    if isinstance(row, Contrast | Holomorphic):
        beta = 1.0 if isinstance(row, Contrast) and row.full else settings.beta
        betas = [each for each in (beta, beta / 10) if each > LIMITS[0]]
        at_betas = {each: _at(rest, each) for each in (*betas, LIMITS[0])}
    found = {each: compare(probe.by_blocks(how), limit) for each, how in at_betas.items()}
    for smaller in LIMITS[1:] if beta is not None and settings.form == "difference" else ():
        if _largest(found[min(found)]) > LIMIT_ERROR:
            found[smaller] = compare(probe.by_blocks(_at(rest, smaller)), limit)
    apart = compare(limit, exact) if clamp else None
    return BlockCheck(settings.algorithm, len(inputs), beta, own, apart, found)


def _at(settings: EnergySettings, beta: float) -> EnergySettings:
    """The algorithm at another beta; contrastive learning is positive coupled learning at beta 1."""
    full = isinstance(settings.row, Contrast) and settings.row.full
    algorithm = "p-cpl" if full and beta != 1 else settings.algorithm
    return replace(settings, algorithm=algorithm, beta=beta)


def report(found: BlockCheck) -> GradientReport:
    """Data, tables, verdict and figure."""
    needed, where = (LIMIT_ERROR, f" at beta {min(found.at_rest):g}")
    if found.beta is None:
        needed, where = EXACT_ERROR, ""
    criterion = f"criterion: relative error of every parameter at rest at most {needed:g}{where}"
    data = {
        "samples": found.samples,
        "algorithm": found.algorithm,
        "beta": found.beta,
        **by_measure(found.own),
        "limit": None if found.limit is None else by_measure(found.limit),
        "at_rest": [
            {"beta": beta if found.beta is not None else None, **by_measure(each)}
            for beta, each in found.at_rest.items()
        ],
    }
    title = f"Algorithm {found.algorithm}"
    figures = {"gradient_check.png": lambda: parameters_figure(_ways(found), needed, title)}
    tables = _worst(found), _by_parameter(found)
    return GradientReport(data, tables, criterion, found.failures(), figures=figures)


def _worst(found: BlockCheck) -> Table:
    rows = [
        (_name(found, beta), f"{_least(each):.6f}", f"{_largest(each):.1e}")
        for beta, each in found.at_rest.items()
    ]
    against = {"the model's phases, against the gradient": found.own}
    if found.limit is not None:
        against["the limit of clamped outputs, against the gradient"] = found.limit
    rows += [(name, f"{_least(e):.6f}", f"{_largest(e):.1e}") for name, e in against.items()]
    return Table(
        f"Algorithm {found.algorithm} against automatic differentiation at the fixed point, float64, "
        f"{found.samples} samples",
        ("", "least cosine", "largest relative error"),
        tuple(rows),
    )


def _by_parameter(found: BlockCheck) -> Table:
    columns = _ways(found)
    header = tuple(f"{of}: {what}" for of in columns for what in ("cosine", "relative error"))
    rows: list[Row] = []
    for name in found.own:
        cells = [
            (f"{each[name].cosine:.4f}", f"{each[name].relative_error:.1e}")
            for each in columns.values()
        ]
        rows.append((name, *(text for pair in cells for text in pair)))
    return Table("By parameter", ("parameter", *header), tuple(rows))


def _ways(found: BlockCheck) -> dict[str, Similarities]:
    """What is compared with the gradient or, at rest, with what the algorithm tends to."""
    at_rest = {_name(found, beta): each for beta, each in found.at_rest.items()}
    return {"the model's phases": found.own} | at_rest


def _name(found: BlockCheck, beta: float) -> str:
    return "at rest" if found.beta is None else f"at rest, beta {beta:g}"


def _least(found: Similarities) -> float:
    return min(each.cosine for each in found.values())


def _largest(found: Similarities) -> float:
    return max(each.relative_error for each in found.values())
