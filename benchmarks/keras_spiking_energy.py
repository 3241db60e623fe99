"""Our energy beside that of KerasSpiking's own `ModelEnergy`: a network of Keras, its figures, the same spikes.

Needs `pip install keras-spiking 'tensorflow<2.16' 'numpy<2'` beside eqspike. Exit status 1 if an energy differs.
"""

from __future__ import annotations

import argparse
import sys

import keras_spiking
import numpy as np
import tensorflow as tf

from eqspike.chips import load_profile, with_figures
from eqspike.counting import Connection, count_arrays
from eqspike.energy import estimate
from eqspike.tasks import load_task

DT_S = 1e-3
HIDDEN, OUTPUTS = 32, 10


def network(steps: int, pixels: int) -> tf.keras.Model:
    """Two full layers of spiking neurons; rates below one spike a step."""
    sent = tf.keras.Input((steps, pixels))
    layer = sent
    for size in (HIDDEN, OUTPUTS):
        layer = tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(size))(layer)
        layer = keras_spiking.SpikingActivation("sigmoid", dt=DT_S)(layer)
    return tf.keras.Model(sent, layer)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    tf.keras.utils.set_random_seed(1)
    images = load_task("digits").load("test").limit(options.samples).images
    generator = np.random.default_rng(1)
    rates = images[:, None] / 255
    sent = generator.random((len(images), options.steps, images.shape[1])) < rates
    # A spike is a value of 1/dt, so that its mean over time is a rate in hertz.
    model = network(options.steps, images.shape[1])
    given = (sent / DT_S).astype(np.float32)
    energy = keras_spiking.ModelEnergy(model, example_data=given)
    activations = [layer for layer in model.layers if "spiking" in layer.name]
    fired = tf.keras.Model(model.inputs, [layer.output for layer in activations]).predict(
        given, verbose=0
    )
    hidden, output = (np.rint(spikes * DT_S) for spikes in fired)
    first, second = (
        layer.layer.kernel.numpy() for layer in model.layers if "time_distributed" in layer.name
    )
    counts = count_arrays(
        {"input": sent, "hidden": hidden, "output": output},
        [Connection.dense("input", "hidden", first), Connection.dense("hidden", "output", second)],
        inputs=["input"],
    )
    equal = True
    for device, figures in energy.devices.items():
        if not figures["spiking"]:
            continue
        theirs = energy.total_energy(device, timesteps_per_inference=options.steps, dt=DT_S)
        given_figures = {
            "synaptic_operation": f"{figures['energy_per_synop']!r}J",
            "neuron_update": f"{figures['energy_per_neuron']!r}J",
        }
        ours = estimate(counts, with_figures(load_profile("loihi2"), given_figures)).per_sample
        typical = 0.0 if ours is None else ours.typical
        ratio = typical / theirs
        equal &= abs(ratio - 1) < 1e-5
        print(
            f"{device:10s} KerasSpiking {theirs:.6e} J, ours {typical:.6e} J an inference, ratio {ratio:.7f}"
        )
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
