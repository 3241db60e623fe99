"""One time step of every free neuron: the compiled twins of `chips.loihi.arithmetic`.

All in 32-bit words, so that eight neurons fit a vector: |x| (4096 - d) would need 36 bits, but with
|x| = 4096 h + l it is 4096 h (4096 - d) + l (4096 - d), and dividing by 4096 leaves whole numbers of 24 bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eqspike.chips.loihi import LoihiNetwork
from eqspike.chips.loihi.arithmetic import DECAY_UNITY, REGISTER_LIMIT, STATE_SHIFT
from eqspike.engines.fast.compilation import inlined
from eqspike.engines.fast.layout import Layout
from eqspike.engines.fast.loihi.state import Words

_LIMIT = np.int32(REGISTER_LIMIT)
_SPAN = np.int32(2 * REGISTER_LIMIT)
_DECAY_SHIFT = np.int32(12)
_LOW_BITS = np.int32(DECAY_UNITY - 1)
_STATE_SHIFT = np.int32(STATE_SHIFT)
_SHIFTS = np.int32(31)
_ONE, _ZERO = np.int32(1), np.int32(0)
_SILENT = np.int32(2**31 - 1)


class Dynamics(NamedTuple):
    """Parameters as the kernels read them.

    Attributes:
        keep_current, keep_potential: (neurons,) what decays leave, of 4096.
        bias: (neurons,) mantissa << exponent; limit: (neurons,) threshold << 6.
        shifts: (4, layers) of each layer's input from below: left, right; from above: left, right.
        teaching: (3,) mantissa of the nudge, its left and right shift.
        targets: (nudged steps,) the target train of the right class.
    """

    keep_current: Words
    keep_potential: Words
    bias: Words
    limit: Words
    shifts: Words
    teaching: Words
    targets: Words


def make_dynamics(network: LoihiNetwork, layout: Layout, nudged_steps: int) -> Dynamics:
    """Print a network's neurons and teacher for the kernels; padding neurons never fire."""
    neurons, layers = int(layout.starts[-1]), len(layout.sizes)
    keep_current, keep_potential, bias, limit = (np.zeros(neurons, np.int32) for _ in range(4))
    limit[:] = _SILENT
    shifts = np.zeros((4, layers), np.int32)
    for index, layer in enumerate(network.layers, start=1):
        part = slice(layout.starts[index], layout.starts[index] + layer.size)
        keep_current[part] = DECAY_UNITY - layer.neuron.current_decay - 1
        keep_potential[part] = DECAY_UNITY - layer.neuron.voltage_decay
        bias[part] = layer.bias_mantissas << layer.bias_exponent
        limit[part] = layer.neuron.threshold << STATE_SHIFT
        shifts[:2, index] = _both_ways(network.couplings[index - 1].exponent)
        if index < len(network.layers):
            shifts[2:, index] = _both_ways(network.couplings[index].exponent)
    nudge = network.nudge
    return Dynamics(
        keep_current,
        keep_potential,
        bias,
        limit,
        shifts,
        np.array([nudge.mantissa, *_both_ways(nudge.exponent)], np.int32),
        nudge.targets(nudged_steps).astype(np.int32),
    )


def _both_ways(exponent: int) -> tuple[int, int]:
    """A shift by `exponent` as a left and a right shift, one of them zero: free of branches in a kernel."""
    return max(exponent, 0), max(-exponent, 0)


@inlined
def shifted(value: Any, left: Any, right: Any) -> Any:
    """(value << left) >> right in 32 bits; shifts are masked so that the compiler knows they stay below 32."""
    return np.int32(np.int32(value << (left & _SHIFTS)) >> (right & _SHIFTS))


@inlined
def gather_input(ahead: Any, back: Any, shifts: Any, starts: Any, arriving: Any) -> None:
    """Synaptic input of the step: the sums of both directions, each with its exponent."""
    for layer in range(1, shifts.shape[1]):
        left, right = shifts[0, layer], shifts[1, layer]
        left_back, right_back = shifts[2, layer], shifts[3, layer]
        first, last = starts[layer], starts[layer + 1]
        from_below, from_above, total = ahead[first:last], back[first:last], arriving[first:last]
        for i in range(total.shape[0]):
            total[i] = np.int32(
                shifted(from_below[i], left, right) + shifted(from_above[i], left_back, right_back)
            )


@inlined
def teach(arriving: Any, relay: Any, label: Any, target: Any, sign: Any, teaching: Any) -> None:
    """Add the teacher's spikes of the last step: the target's, and the outputs' own, relayed, with minus.

    `arriving` and `relay` are (outputs,); `target` is 0 or 1, `sign` that of beta.
    """
    mantissa, left, right = sign * teaching[0], teaching[1], teaching[2]
    arriving[label] += shifted(np.int32(mantissa * target), left, right)
    for i in range(arriving.shape[0]):
        arriving[i] += shifted(np.int32(-mantissa * relay[i]), left, right)


@inlined
def decayed(value: Any, keep: Any) -> Any:
    """sign(x) ((|x| keep) >> 12) in 32 bits."""
    size = np.int32(abs(value))
    high = np.int32(np.int32(size >> _DECAY_SHIFT) * keep)
    low = np.int32(np.int32(np.int32(size & _LOW_BITS) * keep) >> _DECAY_SHIFT)
    left = np.int32(high + low)
    return left if value >= _ZERO else np.int32(-left)


@inlined
def advance(
    arriving: Any, dynamics: Any, current: Any, potential: Any, spikes: Any, full_current: Any,
    full_potential: Any,
) -> None:  # fmt: skip
    """u, v and the spikes of all neurons, and what u and v were before the limits of their registers."""
    keep_current, keep_potential = dynamics.keep_current, dynamics.keep_potential
    bias, limit = dynamics.bias, dynamics.limit
    for i in range(arriving.shape[0]):
        sent = np.int32(arriving[i] << _STATE_SHIFT)
        u = np.int32(decayed(current[i], keep_current[i]) + sent)
        full_current[i] = u
        u = np.int32(u - _SPAN) if u > _LIMIT else u
        u = np.int32(u + _SPAN) if u <= -_LIMIT else u
        current[i] = u
        v = np.int32(np.int32(decayed(potential[i], keep_potential[i]) + u) + bias[i])
        full_potential[i] = v
        v = v if v < _LIMIT else np.int32(_LIMIT - _ONE)
        v = v if v > -_LIMIT else np.int32(_ONE - _LIMIT)
        fired = v > limit[i]
        spikes[i] = _ONE if fired else _ZERO
        potential[i] = _ZERO if fired else v


@inlined
def watch(
    arriving: Any, full_current: Any, full_potential: Any, peaks: Any, overflows: Any
) -> None:
    """Keep the extremes of the step and count what left its register."""
    wraps = np.int64(0)
    saturations = np.int64(0)
    inputs, currents, lowest, highest = peaks[0], peaks[1], peaks[2], peaks[3]
    for i in range(arriving.shape[0]):
        u, v = full_current[i], full_potential[i]
        inputs[i] = max(inputs[i], np.int32(abs(arriving[i])))
        currents[i] = max(currents[i], np.int32(abs(u)))
        lowest[i] = min(lowest[i], v)
        highest[i] = max(highest[i], v)
        wraps += np.int64((u > _LIMIT) | (u <= -_LIMIT))
        saturations += np.int64((v >= _LIMIT) | (v <= -_LIMIT))
    overflows[0] += wraps
    overflows[1] += saturations
