"""Batch normalisation over the whole of a batch whose samples are spread over processes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqspike.core.errors import ConfigError
from eqspike.nn import shares


class BatchNorm(nn.BatchNorm1d):
    """PyTorch's batch normalisation, of inputs of any number of axes; of a shared batch, over the whole of it.

    y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and variance over samples and places.

    Raises:
        ConfigError: from the forward pass, for a batch of a single value a channel, which has no variance.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        """Any shape (samples, channels, ...)."""

    def forward(self, values: Tensor) -> Tensor:
        """Of values (samples, channels, ...)."""
        places = shares.total(len(values)) * values[0, 0].numel()
        judged = self.training or self.running_mean is None
        if judged and places < 2:
            raise ConfigError(
                "batch normalisation needs the variance of a batch, got a batch of one sample; choose the batch "
                "size or the number of samples so that no batch is left with one"
            )
        if not (judged and shares.shared()):
            normal: Tensor = super().forward(values)
            return normal
        axes = [axis for axis in range(values.dim()) if axis != 1]
        column = [1, -1] + [1] * (values.dim() - 2)
        middle = shares.summed(values.sum(axes)) / places
        centred = values - middle.view(column)
        variance = shares.summed(centred.square().sum(axes)) / places
        self._keep(middle.detach(), variance.detach() * (places / (places - 1)))
        normal = centred * (variance + self.eps).rsqrt().view(column)
        if self.affine:
            normal = normal * self.weight.view(column) + self.bias.view(column)
        return normal

    @torch.no_grad()
    def _keep(self, middle: Tensor, variance: Tensor) -> None:
        """The running averages."""
        if self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        momentum = (
            self.momentum if self.momentum is not None else 1 / int(self.num_batches_tracked or 1)
        )
        self.running_mean.lerp_(middle, momentum)
        self.running_var.lerp_(variance, momentum)
