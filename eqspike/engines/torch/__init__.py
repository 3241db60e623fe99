"""The torch engine: rate-based networks on the CPU or a GPU. PyTorch is imported here and nowhere above."""

from eqspike.core.errors import missing_package

try:
    import torch  # noqa: F401
except ImportError as missing:
    raise missing_package("torch", "torch", "the torch engine") from missing

from eqspike.engines.torch.session import TorchSession, open_torch

__all__ = ["TorchSession", "open_torch"]
