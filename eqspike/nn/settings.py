"""How an energy block relaxes and learns."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from eqspike.core.amounts import check_flag, check_number, check_whole
from eqspike.core.errors import ConfigError, UnsupportedError
from eqspike.core.rates import FEEDBACKS, FORMS, UPDATES
from eqspike.core.showing import show
from eqspike.nn.activations import SQUASHES
from eqspike.nn.algorithms import ALGORITHMS, Algorithm, Contrast, Holomorphic
from eqspike.nn.structure import Structure

UNSETTLED = ("ignore", "warn", "refuse")


@dataclass(frozen=True)
class EnergySettings:
    """How an energy block relaxes and learns.

    Attributes:
        algorithm: key of `nn.algorithms.ALGORITHMS`.
        beta: strength of the nudge, above 0.
        form: of contrasts: `difference` (`nn.differences`) or `two-states` (`nn.two_states`).
        free_steps, nudged_steps: at most so many.
        tolerance: largest change of a state in a step at which a sample is at rest; it stays so while the others
            of the batch go on. None: all steps are done.
        nudged_tolerance: the same of nudged phases, as a share of the nudge; those of two states, and holomorphic
            ones, end once all samples are at rest.
        dead_zone: share of the force's largest component below which a hidden neuron's difference is 0: it is not
            sent, and costs nothing, and the gradient is no longer exact. In difference form alone.
        updates: `even-odd` or `synchronous`.
        relaxation_factor: how many times as far as a plain step each step goes, above 0, at most 1.9. Above 1,
            fewer steps lead to the same rest (successive over-relaxation), where no coupling joins layers that
            are updated together: so not with `synchronous`, nor with most skips. Below 1, steps are damped.
            Backpropagation through the last steps (`unrolled`) is through plain ones.
        feedback: `tied`, or `separate`: backward weights of their own, learnt with the exact gradient too.
        angle: at which separate backward weights start from the forward ones, in degrees.
        curvature: of the loss by the outputs, in units of the nudge: 1 for half the squared error. 0 makes the
            nudge a constant force, which fits any loss.
        scale: what turns the loss's gradient into a nudge: see `nn.teaching.Teaching.of`.
        points: of holomorphic Equilibrium Propagation, at least 2.
        precision: number format of the relaxation; None: that of the parameters.
        warm_start: start from the free states of the last batch, if it was of the same size.
        unsettled: what is done where a tolerance is given and a sample is not at rest after all free steps:
            `ignore` (the report tells), `warn` or `refuse`.

    Raises:
        ConfigError: for a value that is out of range.
        UnsupportedError: for a combination that does not work.
    """

    algorithm: str = "c-ep"
    beta: float = 0.1
    form: str = "difference"
    free_steps: int = 60
    nudged_steps: int = 20
    tolerance: float | None = 1e-4
    nudged_tolerance: float | None = 1e-3
    dead_zone: float = 0.0
    updates: str = "even-odd"
    relaxation_factor: float = 1.0
    feedback: str = "tied"
    angle: float = 0.0
    curvature: float = 0.0
    scale: float | str = "samples"
    points: int = 4
    precision: torch.dtype | None = None
    warm_start: bool = False
    unsettled: str = "ignore"

    def __post_init__(self) -> None:
        for name, known in (
            ("algorithm", tuple(ALGORITHMS)), ("form", FORMS), ("updates", UPDATES), ("feedback", FEEDBACKS),
            ("unsettled", UNSETTLED),
        ):  # fmt: skip
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        self._check_numbers()
        if self.relaxation_factor > 1 and self.updates == "synchronous":
            raise UnsupportedError(
                f"relaxation_factor {self.relaxation_factor} is above 1, and layers that are updated together do "
                "not come to rest so; use updates 'even-odd', or a factor of at most 1"
            )
        if self.dead_zone and not (isinstance(self.row, Contrast) and self.form == "difference"):
            raise UnsupportedError(
                "dead_zone is of the differences of a contrast in form 'difference', got algorithm "
                f"'{self.algorithm}' in form '{self.form}'; set it to 0"
            )
        self._refuse_separate()

    @property
    def row(self) -> Algorithm:
        """The algorithm as data."""
        return ALGORITHMS[self.algorithm]

    @property
    def two_states(self) -> bool:
        """Whether whole states are compared."""
        return isinstance(self.row, Contrast) and self.form == "two-states"

    def _check_numbers(self) -> None:
        for name, least in (("free_steps", 1), ("nudged_steps", 1), ("points", 2)):
            check_whole(name, getattr(self, name), least)
        check_number("beta", self.beta, above=0)
        check_number("relaxation_factor", self.relaxation_factor, above=0, high=1.9)
        for name in ("curvature", "dead_zone"):
            check_number(name, getattr(self, name), low=0)
        check_number("angle", self.angle, low=0, high=180)
        for name in ("tolerance", "nudged_tolerance"):
            check_number(name, getattr(self, name), low=0, or_none=True)
        check_flag("warm_start", self.warm_start)
        if isinstance(self.scale, str) and self.scale not in ("samples", "largest"):
            raise ConfigError(f"scale must be a number, 'samples' or 'largest', got '{self.scale}'")
        if not isinstance(self.scale, str):
            check_number("scale", self.scale, above=0)
        if self.precision is not None and not isinstance(self.precision, torch.dtype):
            raise ConfigError(
                f"precision must be a torch.dtype such as torch.bfloat16, or None, got {show(self.precision)}"
            )

    def _refuse_separate(self) -> None:
        if self.feedback == "tied":
            return
        if self.two_states:
            raise UnsupportedError(
                "feedback 'separate' has no energy whose states could be compared, got form 'two-states'; use "
                "form 'difference'"
            )
        if isinstance(self.row, Holomorphic):
            raise UnsupportedError(
                "algorithm 'holomorphic' needs an energy, got feedback 'separate'; use algorithm 'c-ep'"
            )
        if self.tolerance is None:
            raise ConfigError(
                "feedback 'separate' may have no fixed point, so rest must be looked for, got tolerance None; "
                "give one"
            )

    def refuse(self, structure: Structure, dtype: torch.dtype) -> None:
        """Refuse activations and number formats that the algorithm cannot use.

        Raises:
            UnsupportedError: saying what works instead.
        """
        if not isinstance(self.row, Holomorphic):
            return
        for layer, name in zip(structure.layers, structure.activations, strict=True):
            if not SQUASHES[name].analytic:
                known = ", ".join(key for key, squash in SQUASHES.items() if squash.analytic)
                raise UnsupportedError(
                    f"algorithm 'holomorphic' needs analytic activations ({known}), got '{name}' of layer "
                    f"'{layer.name}'"
                )
        if dtype not in (torch.float32, torch.float64):
            raise UnsupportedError(
                f"algorithm 'holomorphic' computes in float32 or float64, got {dtype}"
            )
