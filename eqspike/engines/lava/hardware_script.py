"""A stand-alone Lava script of a network in Loihi's integers: inference in simulation or on a Loihi 2.

The script needs Lava and NumPy only. Its simulation is tested against the engines here; on silicon it was not run.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from eqspike.chips.loihi import LoihiCoupling, LoihiLayer, LoihiNetwork
from eqspike.core.files import write_together
from eqspike.engines.integers.loihi import refuse_odd_weights

_HEAD = '''"""{title} on Loihi 2, through Lava: inference.

    python {script} SPIKES.npy RASTER.npy              Lava's simulation, in the chip's integers
    python {script} SPIKES.npy RASTER.npy --hardware   a Loihi 2; needs Lava's extension for Loihi

NOT RUN ON SILICON. The simulation is checked; the hardware path follows Lava's documentation and is untested.

SPIKES.npy holds what the input sends, ({pixels} lines, steps) of 0 and 1. RASTER.npy gets the spikes of the
{outputs} outputs, (outputs, steps). A spike sent in step t acts in step t + 1. All registers start at zero, and
one presentation is one run of this script. Weights and biases are in {arrays}.
"""

import sys
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF


def main(spikes_path, raster_path, hardware):
    arrays = np.load(Path(__file__).with_name("{arrays}"))
    spikes = np.load(spikes_path)
    steps = spikes.shape[1]

    source = Source(data=spikes.astype(np.int32))
    sink = Sink(shape=({outputs},), buffer=steps)
'''

_TAIL = """
    sent, received = source.s_out, sink.a_in
    if hardware:
        from lava.proc import embedded_io

        onto_chip = embedded_io.spike.PyToNxAdapter(shape=({pixels},), num_message_bits=0)
        off_chip = embedded_io.spike.NxToPyAdapter(shape=({outputs},), num_message_bits=0)
        sent.connect(onto_chip.inp)
        off_chip.out.connect(received)
        sent, received = onto_chip.out, off_chip.inp

    sent.connect({first_synapses}.s_in)
    {last_neurons}.s_out.connect(received)
{connections}
    configuration = Loihi2HwCfg() if hardware else Loihi2SimCfg(select_tag="fixed_pt")
    {last_neurons}.run(condition=RunSteps(num_steps=steps), run_cfg=configuration)
    raster = sink.data.get().astype(np.uint8)
    {last_neurons}.stop()

    np.save(raster_path, raster)
    print("spikes of the outputs:", *raster.sum(1))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--hardware" in sys.argv[3:])
"""


def write_hardware_script(
    network: LoihiNetwork, path: Path, title: str = "A spiking network"
) -> None:
    """Write the script, and beside it its arrays under the same name with the ending .npz.

    Args:
        network: what is written; path: of the script, ending in .py; title: its first words.

    Raises:
        UnsupportedError: for weights that static synapses of eight bits cannot hold.
    """
    refuse_odd_weights(network)
    arrays = path.with_suffix(".npz")
    packed = io.BytesIO()
    np.savez_compressed(packed, **network.as_arrays())
    text = hardware_script(network, path.name, arrays.name, title)
    write_together(path.parent, {path.name: text.encode(), arrays.name: packed.getvalue()})


def hardware_script(network: LoihiNetwork, script: str, arrays: str, title: str) -> str:
    """Text of the script; `script` and `arrays` are the names of its two files."""
    outputs = network.layers[-1]
    words = {
        "title": title,
        "script": script,
        "arrays": arrays,
        "pixels": str(network.input_size),
        "outputs": str(outputs.size),
        "first_synapses": f"to_{network.layers[0].name}",
        "last_neurons": outputs.name,
    }
    made = [_neurons(layer) for layer in network.layers]
    connections = []
    below = "input"
    for coupling, layer in zip(network.couplings, network.layers, strict=True):
        forward = f"to_{layer.name}"
        made.append(_synapses(forward, coupling, ".T"))
        if below != "input":
            connections.append(f"    {below}.s_out.connect({forward}.s_in)")
        connections.append(f"    {forward}.a_out.connect({layer.name}.a_in)")
        if coupling.bidirectional:
            made.append(_synapses(f"back_to_{below}", coupling, ""))
            connections.append(f"    {layer.name}.s_out.connect(back_to_{below}.s_in)")
            connections.append(f"    back_to_{below}.a_out.connect({below}.a_in)")
        below = layer.name
    tail = _TAIL.format(connections="\n".join(connections), **words)
    return _HEAD.format(**words) + "\n".join(made) + "\n" + tail


def _neurons(layer: LoihiLayer) -> str:
    neuron = layer.neuron
    return (
        f"    {layer.name} = LIF(\n"
        f"        shape=({layer.size},), du={neuron.current_decay}, dv={neuron.voltage_decay}, "
        f"vth={neuron.threshold},\n"
        f'        bias_mant=arrays["{layer.name}.bias"], bias_exp={layer.bias_exponent},\n'
        "    )"
    )


def _synapses(name: str, coupling: LoihiCoupling, turned: str) -> str:
    return (
        f'    {name} = Dense(weights=arrays["{coupling.name}"]{turned}, '
        f"weight_exp={coupling.exponent}, num_weight_bits=8)"
    )
