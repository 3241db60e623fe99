"""A batch that nobody else has a share of is treated as ever; what a share is of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from eqspike.core.errors import ConfigError, ProcessGoneError
from eqspike.nn import shares
from eqspike.nn.normalisation import BatchNorm


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (5, 3, 2, 2)])
@pytest.mark.parametrize("tracks", [True, False])
def test_batch_normalisation_alone_is_that_of_pytorch(shape: tuple[int, ...], tracks: bool) -> None:
    """In training and in tests, of any number of axes, to the bit."""
    known = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d}[len(shape)]
    own, other = (kind(3, track_running_stats=tracks) for kind in (BatchNorm, known))
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for training in (True, False):
        own.train(training), other.train(training)
        torch.testing.assert_close(own(values), other(values), rtol=0, atol=0)
    assert own.state_dict().keys() == other.state_dict().keys()


def test_one_sample_has_no_variance() -> None:
    with pytest.raises(ConfigError, match="got a batch of one sample; choose the batch"):
        BatchNorm(3)(torch.ones(1, 3))
    BatchNorm(3)(torch.ones(1, 3, 2))
    BatchNorm(3).eval()(torch.ones(1, 3))


def test_alone_nothing_changes() -> None:
    values = torch.arange(6.0).view(3, 2)
    assert shares.summed(values) is values
    assert shares.mean(values) is values
    assert shares.total(7) == 7
    assert shares.around(7) == (0, 0)
    assert [shares.everywhere(holds) for holds in (True, False)] == [True, False]
    torch.testing.assert_close(shares.drawn(values, torch.ones_like), torch.ones(3, 2))


def test_a_share_is_of_the_whole_batch() -> None:
    """Draws are the rows of one draw for the batch; what goes with samples is counted in proportion."""
    values = torch.zeros(3, 2)
    with shares.sharing(shares.Share(2, 3, 9)):
        assert shares.total(3) == 9
        assert shares.total(12) == 36
        assert shares.around(3) == (2, 4)
        assert float(shares.of_mean(torch.tensor(6.0))) == 2.0
        found = shares.drawn(values, lambda like: like.copy_(torch.arange(18.0).view(9, 2)))
    torch.testing.assert_close(found, torch.tensor([[4.0, 5.0], [6.0, 7.0], [8.0, 9.0]]))
    assert not shares.shared()


def test_a_process_that_is_gone_is_said_to_be() -> None:
    with pytest.raises(ProcessGoneError, match="gone: Connection closed"), shares.collective():
        raise RuntimeError("Connection closed by peer")
