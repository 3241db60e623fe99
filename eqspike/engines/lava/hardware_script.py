"""A stand-alone Lava script of a network in Loihi's integers: inference in simulation or on a Loihi 2.

The script needs Lava and NumPy only. Its simulation is tested against the engines here; on silicon it was not run.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eqspike.chips.loihi import LoihiCoupling, LoihiLayer, LoihiNetwork
from eqspike.core.files import write_together
from eqspike.core.showing import docstring_text
from eqspike.engines.integers.loihi import refuse_odd_weights

_HEAD = '''"""Inference of a spiking network of {sizes} neurons, through Lava: in simulation, or on a Loihi 2.

    python {script}                              the sample in {arrays}, in Lava's simulation
    python {script} --spikes IN.npy --raster OUT.npy
    python {script} --hardware                   on a Loihi 2; needs Lava's extension for Loihi

It was trained as: {title}.
NOT RUN ON SILICON. The simulation is checked; the hardware path follows Lava's documentation and is untested.

{arrays} has weights and biases, and as `sample` the input spikes of a test sample of class `label`, with the
spikes of the outputs that eqspike's integers give, `expected`. Other inputs have the same form: ({pixels} lines,
steps) of 0 and 1. A spike sent in step t acts in step t + 1. All registers start at zero, and one presentation
is one run of this script.
"""

import argparse
import dataclasses
import importlib
import sys
from pathlib import Path

import numpy as np


def prepare():
    """Make Lava 0.10 importable on Python 3.11 and later, which want defaults of dataclasses to have a hash."""
    original = dataclasses._process_class

    def process(cls, *options, **named):
        made = original(cls, *options, **named)
        if made.__hash__ is None and made.__module__.startswith("lava."):
            made.__hash__ = object.__hash__
        return made

    dataclasses._process_class = process
    try:
        importlib.import_module("lava.magma.compiler.var_model")
    finally:
        dataclasses._process_class = original


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--spikes", help="input spikes, (lines, steps) of 0 and 1; default: the sample in {arrays}")
    words.add_argument("--raster", help="where to write the spikes of the outputs, (outputs, steps)")
    words.add_argument("--hardware", action="store_true", help="on a Loihi 2 instead of in simulation")
    options = words.parse_args()
    arrays = np.load(Path(__file__).with_name("{arrays}"))
    if options.spikes is None and "sample" not in arrays:
        words.error("{arrays} has no sample; give --spikes")
    spikes = arrays["sample"] if options.spikes is None else np.load(options.spikes)
    if spikes.ndim != 2 or len(spikes) != {pixels} or not np.isin(spikes, (0, 1)).all():
        words.error(f"the input spikes must be ({pixels}, steps) of 0 and 1, got shape {{spikes.shape}}")
    raster = run(arrays, spikes, options.hardware)
    print("spikes of the outputs:", *raster.sum(1))
    if options.raster:
        np.save(options.raster, raster)
    if options.spikes is not None:
        return 0
    equal = np.array_equal(raster, arrays["expected"])
    verdict = "equal to" if equal else "NOT EQUAL to"
    print(f"a test sample of class {{int(arrays['label'])}}; {{verdict}} what eqspike's integers give")
    return 0 if equal else 1


def run(arrays, spikes, hardware):
    if sys.version_info >= (3, 11):
        prepare()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2HwCfg, Loihi2SimCfg
    from lava.proc.dense.process import Dense
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source
    from lava.proc.lif.process import LIF

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

    return raster


if __name__ == "__main__":
    sys.exit(main())
"""


@dataclass(frozen=True)
class Sample:
    """A test sample as the chip would see it.

    Attributes:
        lines: input spikes, (lines, steps) of 0 and 1; label: its class.
        expected: spikes of the outputs in the integers of the chip, (outputs, steps).
    """

    lines: NDArray[Any]
    label: int
    expected: NDArray[Any]

    def as_arrays(self) -> dict[str, NDArray[Any]]:
        """Under the names that the script reads."""
        return {"sample": self.lines, "label": np.array(self.label), "expected": self.expected}


def write_hardware_script(
    network: LoihiNetwork,
    path: Path,
    title: str = "a spiking network",
    sample: Sample | None = None,
) -> None:
    """Write the script, and beside it its arrays under the same name with the ending .npz.

    Args:
        network: what is written; path: of the script, ending in .py; title: of what was trained.
        sample: presented where the script is given no other.

    Raises:
        UnsupportedError: for weights that static synapses of eight bits cannot hold.
    """
    refuse_odd_weights(network)
    arrays = path.with_suffix(".npz")
    packed = io.BytesIO()
    np.savez_compressed(packed, **network.as_arrays(), **(sample.as_arrays() if sample else {}))
    text = hardware_script(network, path.name, arrays.name, title)
    write_together(path.parent, {path.name: text.encode(), arrays.name: packed.getvalue()})


def hardware_script(network: LoihiNetwork, script: str, arrays: str, title: str) -> str:
    """Text of the script; `script` and `arrays` are the names of its two files."""
    outputs = network.layers[-1]
    words = {
        "title": docstring_text(title),
        "sizes": "-".join(
            str(size) for size in (network.input_size, *(x.size for x in network.layers))
        ),
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
