"""Energy-based networks: `nn.EnergyBlock`, one or several in a stack, under the training loop.

    one block       a deep convolutional Hopfield network (or a dense one), trained by any row of `nn.algorithms`
    several blocks  a feedforward stack: a block's contrast hands its input's gradient down (`learners.stacks`)
    read-out        a linear layer above the last block, outside of the dynamics, for the cross-entropy

Sources: Laborieux, Ernoult, Scellier, Bengio, Grollier and Querlioz, Front. Neurosci. 15, 2021 (the read-out);
Scellier, Ernoult, Kendall and Kumar, NeurIPS 2023, arXiv:2312.15103; Nest and Ernoult, NeurIPS 2024,
arXiv:2409.03306 (blocks in a feedforward stack).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from eqspike.core.config import Section
from eqspike.core.errors import EqspikeError
from eqspike.core.rates import FEEDBACKS, FORMS, UPDATES
from eqspike.learners.fit import misfit_of_outputs, together
from eqspike.learners.gradient import GradientLearner
from eqspike.learners.images import ImageReader
from eqspike.learners.losses import LOSSES, misfit_of_values
from eqspike.learners.optimisers import OptimiserRecipe
from eqspike.learners.registry import Recipe
from eqspike.learners.stacks import BlockRecipe, Stack, make_stack
from eqspike.nn.algorithms import ALGORITHMS
from eqspike.nn.settings import UNSETTLED, EnergySettings

PRECISIONS: dict[str, torch.dtype | None] = {
    "parameters": None, "bfloat16": torch.bfloat16, "float64": torch.float64,
}  # fmt: skip


@dataclass(frozen=True)
class EnergyRecipe(Recipe):
    """Blocks and how they relax and learn.

    Attributes:
        images: what the first block sees.
        blocks: from the lowest.
        settings: of every block; a loss other than the squared error nudges by a constant force.
        loss: key of `learners.losses.LOSSES`.
        read_out: outputs of a linear layer above the last block; 0: none.
        rates: learning rate of each layer, the read-out last, or empty: the optimiser's for all.
    """

    images: ImageReader
    blocks: tuple[BlockRecipe, ...]
    settings: EnergySettings
    loss: str
    optimiser: OptimiserRecipe
    read_out: int = 0
    rates: tuple[float, ...] = ()
    kind: ClassVar[str] = "energy-block"
    presented: ClassVar[str] = "images"
    data_parallel: ClassVar[bool] = True

    @staticmethod
    def read(section: Section, training: Section) -> EnergyRecipe:
        """Read a model's `learner` section of kind `energy-block`.

        Raises:
            ConfigError: for an unknown key, a value out of range or layers that do not fit.
            UnsupportedError: for a combination that does not work.
        """
        section.explain(
            blocks="one block, or several in a stack with batch normalisation between them",
            loss="cost at the output",
            algorithm="contrastive algorithm, a row of `eqspike.nn.algorithms`",
            form="how contrasts are computed: as a difference of gradients, or between two states",
            free_steps="largest number of steps of the free phase",
            nudged_steps="largest number of steps of a nudged phase",
            tolerance="a sample is at rest when no state changes by more in a step; 0: all steps are done",
            nudged_tolerance="the same for nudged phases, as a share of the nudge",
            updates="layers all at once, or even and odd ones in turn",
            relaxation_factor="how many times as far as a plain step each step goes; above 1, fewer lead to rest",
            precision="number format of the relaxation; `parameters`: that of the weights",
        )
        images = ImageReader.read(section)
        blocks = tuple(BlockRecipe.read(block) for block in section.sections("blocks"))
        if not blocks:
            raise section.error("blocks", "a list of at least one block")
        read_out = section.integer("read_out", 0, low=0, high=100_000)
        loss = section.choice("loss", tuple(LOSSES), "squared-error")
        settings = _read_settings(section, 1.0 if loss == "squared-error" else 0.0)
        rates: tuple[float, ...] = ()
        training.explain(
            learning_rates="one per layer, the read-out last, instead of `learning_rate`; null: that one",
        )
        if training.has("learning_rates") and not training.is_null("learning_rates"):
            layers = sum(len(block.layers) for block in blocks) + bool(read_out)
            rates = training.numbers("learning_rates", length=layers, low=0, high=1e6)
        optimiser = OptimiserRecipe.read(training, rates)
        return EnergyRecipe(images, blocks, settings, loss, optimiser, read_out, rates)

    def open(self, seed: int, device: str, stages: int) -> GradientLearner:
        """A learner with its initial weights drawn from `seed`."""
        del stages
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            module = self.module()
        return GradientLearner(
            module, self._optimiser, LOSSES[self.loss], self.images, device=device,
            augmented=self.images.augmented,
        )  # fmt: skip

    def misfit(self, input_shape: tuple[int, ...], outputs: int) -> str:
        """See `learners.registry.Recipe`."""
        last = self.read_out or self.blocks[-1].layers[-1].size
        where = (
            "learner.read_out" if self.read_out else "size of the last of learner.blocks' layers"
        )
        return together(
            misfit_of_outputs(last, outputs, where), self.images.misfit(input_shape, self._takes)
        )

    def _takes(self, images: ImageReader) -> bool:
        """Whether layers such as these can be made for such images."""
        try:
            with torch.random.fork_rng([]):
                make_stack(images.shape, self.blocks, self.settings, self.read_out)
        except EqspikeError:
            return False
        return True

    def misfit_of_values(self) -> str:
        """See `learners.registry.Recipe`."""
        return misfit_of_values(self.loss)

    def weights(self) -> dict[str, int]:
        """See `learners.registry.Recipe`."""
        return {name: value.numel() for name, value in self.module().named_parameters()}

    def module(self) -> Stack:
        """The blocks and what stands between, below and above them."""
        return make_stack(self.images.shape, self.blocks, self.settings, self.read_out)

    def _optimiser(self, module: Any) -> Any:
        if not self.rates:
            return self.optimiser.make(module.parameters())
        groups = zip(module.layer_parameters(), self.rates, strict=True)
        return self.optimiser.make([{"params": those, "lr": rate} for those, rate in groups])


def _read_settings(section: Section, curvature: float) -> EnergySettings:
    feedback = section.choice("feedback", FEEDBACKS, "tied")
    angle = section.number("angle", 0.0, low=0, high=180)
    if angle and feedback == "tied":
        raise section.error("angle", "0 where feedback is tied", "set feedback: separate")
    return EnergySettings(
        algorithm=section.choice("algorithm", tuple(ALGORITHMS), "c-ep"),
        beta=section.number("beta", 0.25, above=0, high=100),
        form=section.choice("form", FORMS, "difference"),
        free_steps=section.integer("free_steps", 60, low=1, high=100_000),
        nudged_steps=section.integer("nudged_steps", 15, low=1, high=100_000),
        tolerance=section.number("tolerance", 1e-3, low=0, high=1),
        nudged_tolerance=section.number("nudged_tolerance", 1e-3, low=0, high=1),
        dead_zone=section.number("dead_zone", 0.0, low=0, high=1),
        updates=section.choice("updates", UPDATES, "even-odd"),
        relaxation_factor=section.number("relaxation_factor", 1.0, above=0, high=1.9),
        feedback=feedback,
        angle=angle,
        curvature=curvature,
        points=section.integer("points", 4, low=2, high=1000),
        precision=PRECISIONS[section.choice("precision", tuple(PRECISIONS), "parameters")],
        warm_start=section.flag("warm_start", False),
        unsettled=section.choice("unsettled", UNSETTLED, "ignore"),
    )
