"""Convolutional NIR files, written and read, counted equal to delivering each spike with PyTorch.

The reference puts ones (or ones where a weight is not zero) into PyTorch's own layers and sums what arrives, spike
by spike of each sample and step; nothing of the counting is used for it.
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eqspike.core.counts import CouplingCounts, LayerCounts
from eqspike.core.errors import DataError, UnsupportedError
from eqspike.counting import count_nir

nir = pytest.importorskip("nir")
torch = pytest.importorskip("torch")
functional = torch.nn.functional

Weights = NDArray[Any]


def filed(nodes: dict[str, Any], edges: list[tuple[str, str]], type_check: bool = True) -> Any:
    """A graph, written and read."""
    file = io.BytesIO()
    nir.write(file, nir.NIRGraph(nodes, edges, type_check=type_check))
    file.seek(0)
    return nir.read(file, type_check=type_check)


def chain(*named: tuple[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    names = [name for name, _ in named]
    return dict(named), list(itertools.pairwise(names))


def fires(shape: tuple[int, ...]) -> Any:
    return nir.IF(r=np.ones(shape), v_threshold=np.ones(shape), v_reset=np.zeros(shape))


def ones(weight: Weights, effective: bool) -> Any:
    return torch.tensor((weight != 0) if effective else np.ones_like(weight)).double()


def arrived(spikes: Weights, way: Callable[[Any, bool], Any]) -> CouplingCounts:
    """Sum of what arrives of all spikes: (samples, steps, ...) through `way` of ones."""
    frames = torch.tensor(spikes.reshape(-1, *spikes.shape[2:])).double()
    return CouplingCounts(*(int(way(frames, effective).sum()) for effective in (False, True)))


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups", "kernel"),
    [
        (1, 1, 1, 1, (3, 3)), (2, 0, 1, 1, (3, 3)), ((2, 1), (1, 2), 1, 2, (3, 3)), (1, 2, 2, 1, (3, 3)),
        (1, "same", 1, 1, (3, 3)), (1, "valid", (1, 2), 2, (2, 2)), (3, 1, 1, 1, (4, 2)),
    ],
)  # fmt: skip
def test_conv2d(
    stride: Any, padding: Any, dilation: Any, groups: int, kernel: tuple[int, int]
) -> None:
    """In memory and from a file, where all numbers are arrays. Kernels that are not square defeat nir's check."""
    generator = np.random.default_rng(5)
    weight = generator.integers(-1, 2, (4, 2 // groups, *kernel)).astype(float)
    spikes = generator.integers(0, 2, (2, 3, 2, 5, 7))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    def way(frames: Any, effective: bool) -> Any:
        return functional.conv2d(frames, ones(weight, effective), **options)

    places = tuple(way(torch.zeros(1, 2, 5, 7).double(), False).shape[1:])
    node = nir.Conv2d((5, 7), weight, bias=np.zeros(4), **options)
    nodes, edges = chain(
        ("in", nir.Input(np.array([2, 5, 7]))), ("conv", node), ("out", fires(places)),
        ("end", nir.Output(np.array(places))),
    )  # fmt: skip
    checked = groups == 1 and kernel[0] == kernel[1]
    given = {"in": spikes, "out": np.zeros((2, 3, *places))}
    found = count_nir(given, filed(nodes, edges, checked))
    assert found == count_nir(given, nir.NIRGraph(nodes, edges, type_check=checked))
    expected = arrived(spikes, way)
    assert 0 < expected.effective_synaptic_operations < expected.synaptic_operations
    assert found.phases["free"].couplings == {"in->out": expected}
    assert found.phases["free"].layers["out"] == LayerCounts(0, 6 * int(np.prod(places)))


@pytest.mark.parametrize("padding", [0, 2, "same"])
def test_conv1d(padding: Any) -> None:
    """Its numbers come back from a file as arrays without axes."""
    generator = np.random.default_rng(6)
    weight = generator.integers(-1, 2, (5, 3, 3)).astype(float)
    spikes = generator.integers(0, 2, (2, 4, 3, 11))
    stride = 1 if padding == "same" else 2

    def way(frames: Any, effective: bool) -> Any:
        return functional.conv1d(frames, ones(weight, effective), stride=stride, padding=padding)

    places = tuple(way(torch.zeros(1, 3, 11).double(), False).shape[1:])
    nodes, edges = chain(
        ("in", nir.Input(np.array([3, 11]))),
        ("conv", nir.Conv1d(11, weight, stride, padding, 1, 1, np.zeros(5))),
        ("out", fires(places)), ("end", nir.Output(np.array(places))),
    )  # fmt: skip
    whole = filed(nodes, edges, type_check=padding != "same")
    found = count_nir({"in": spikes, "out": np.zeros((2, 4, *places))}, whole).phases["free"]
    assert found.couplings == {"in->out": arrived(spikes, way)}


def pooled(frames: Any, kind: str, kernel: int, stride: int, padding: int) -> Any:
    """Sum pooling; an average is the same number of ways."""
    mean = functional.avg_pool2d(frames, kernel, stride, padding, divisor_override=1)
    return mean if kind else frames


@pytest.mark.parametrize("kind", ["SumPool2d", "AvgPool2d"])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 3, 0)])
def test_a_whole_convolutional_network(kind: str, kernel: int, stride: int, padding: int) -> None:
    """Conv, IF, pooling, conv, IF, pooling, flatten, linear, IF: as sinabs and SpikingJelly write it.

    Windows may overlap, and leave the last rows out.
    """
    generator = np.random.default_rng(kernel)
    first, second = (generator.integers(-1, 2, (4, c, 3, 3)).astype(float) for c in (2, 4))
    pool = getattr(nir, kind)
    numbers = [np.array([n, n]) for n in (kernel, stride, padding)]

    def through(frames: Any, effective: bool) -> Any:
        flat = pooled(frames, kind, kernel, stride, padding)
        return functional.conv2d(flat, ones(second, effective), padding=1)

    def to_last(frames: Any, effective: bool) -> Any:
        return pooled(frames, kind, kernel, stride, padding).flatten(1) @ ones(last, effective).T

    side = through(torch.zeros(1, 4, 16, 16).double(), False).shape[-1]
    flat = pooled(torch.zeros(1, 4, side, side).double(), kind, kernel, stride, padding).numel()
    last = generator.integers(-1, 2, (10, flat)).astype(float)
    nodes, edges = chain(
        ("in", nir.Input(np.array([2, 16, 16]))),
        ("conv1", nir.Conv2d((16, 16), first, 1, 1, 1, 1, np.zeros(4))), ("one", fires((4, 16, 16))),
        ("pool1", pool(*numbers)), ("conv2", nir.Conv2d(None, second, 1, 1, 1, 1, np.zeros(4))),
        ("two", fires((4, side, side))), ("pool2", pool(*numbers)), ("flat", nir.Flatten(None, 0, -1)),
        ("full", nir.Affine(last, np.zeros(10))), ("out", fires((10,))),
        ("end", nir.Output(np.array([10]))),
    )  # fmt: skip
    spikes = {
        "in": generator.integers(0, 2, (2, 5, 2, 16, 16)),
        "one": generator.integers(0, 3, (2, 5, 4, 16, 16)),
        "two": generator.integers(0, 2, (2, 5, 4, side, side)),
        "out": generator.integers(0, 2, (2, 5, 10)),
    }
    found = count_nir(spikes, filed(nodes, edges)).phases["free"]
    assert list(found.layers) == ["in", "one", "two", "out"]
    assert found.couplings == {
        "in->one": arrived(
            spikes["in"], lambda f, e: functional.conv2d(f, ones(first, e), padding=1)
        ),
        "one->two": arrived(spikes["one"], through),
        "two->out": arrived(spikes["two"], to_last),
    }
    assert found.layers["one"] == LayerCounts(int(spikes["one"].sum()), 10 * 4 * 256)


def test_a_pooling_behind_a_convolution() -> None:
    """Taps at places that fill no window reach nobody; the others reach the neuron of their window."""
    generator = np.random.default_rng(8)
    weight = generator.integers(-1, 2, (3, 2, 3, 3)).astype(float)
    spikes = generator.integers(0, 2, (1, 4, 2, 7, 7))
    nodes, edges = chain(
        ("in", nir.Input(np.array([2, 7, 7]))),
        ("conv", nir.Conv2d((7, 7), weight, 1, 1, 1, 1, np.zeros(3))),
        ("pool", nir.SumPool2d(*(np.array([n, n]) for n in (2, 2, 0)))),
        ("out", fires((3, 3, 3))), ("end", nir.Output(np.array([3, 3, 3]))),
    )  # fmt: skip

    def way(frames: Any, effective: bool) -> Any:
        maps = functional.conv2d(frames, ones(weight, effective), padding=1)
        return pooled(maps, "sum", 2, 2, 0)

    found = count_nir({"in": spikes, "out": np.zeros((1, 4, 27))}, filed(nodes, edges))
    assert found.phases["free"].couplings == {"in->out": arrived(spikes, way)}


@pytest.mark.parametrize("name", ["pool", "flat"])
def test_what_follows_a_kernel_that_is_not_square(name: str) -> None:
    """nir finds another shape for poolings and flattening behind it; what comes in counts."""
    generator = np.random.default_rng(9)
    weight = generator.integers(-1, 2, (3, 2, 3, 2)).astype(float)
    spikes = generator.integers(0, 2, (1, 4, 2, 8, 8))
    behind = {
        "pool": (nir.SumPool2d(*(np.array([n, n]) for n in (2, 2, 0))), (3, 3, 3)),
        "flat": (nir.Flatten(np.array([3, 6, 6]), 0, -1), (126,)),
    }
    node, shape = behind[name]
    nodes, edges = chain(
        ("in", nir.Input(np.array([2, 8, 8]))),
        ("conv", nir.Conv2d((8, 8), weight, 1, 0, 1, 1, np.zeros(3))), (name, node),
        ("out", fires(shape)), ("end", nir.Output(np.array(shape))),
    )  # fmt: skip
    whole = filed(nodes, edges, type_check=name == "pool")
    assert tuple(whole.nodes[name].input_type["input"]) == (3, 6, 6)

    def way(frames: Any, effective: bool) -> Any:
        maps = functional.conv2d(frames, ones(weight, effective))
        assert maps.shape[1:] == (3, 6, 7)
        return pooled(maps, "sum" if name == "pool" else "", 2, 2, 0)

    found = count_nir({"in": spikes, "out": np.zeros((1, 4, *shape))}, whole)
    assert found.phases["free"].couplings == {"in->out": arrived(spikes, way)}


def test_a_network_that_snntorch_exports() -> None:
    """Convolution, pooling and full layer; the spikes are those that its simulation sends."""
    snntorch = pytest.importorskip("snntorch")
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(1)

    def leaky(*shape: int) -> Any:
        options = {"beta": torch.full(shape, 0.9), "threshold": torch.full(shape, 0.3)}
        return snntorch.Leaky(**options, init_hidden=True)

    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 4, stride=2), leaky(6, 6, 6), torch.nn.AvgPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(54, 10), leaky(10),
    )  # fmt: skip
    network[0].weight.data[::2] = 0
    sent = (torch.rand(5, 3, 1, 14, 14) < 0.3).float()
    hidden: list[Any] = []
    network[1].register_forward_hook(lambda *hook: hidden.append(hook[2]))
    with torch.no_grad():
        last = torch.stack([network(step) for step in sent])
    maps = torch.stack(hidden)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_to_nir(network, sent[0, :1], ignore_dims=[0])
    file = io.BytesIO()
    nir.write(file, exported)
    file.seek(0)
    spikes = {"input": sent, "1": maps, "5": last}
    found = count_nir(spikes, nir.read(file), axes=("steps", "samples", "neurons"), steps=5)
    weight = network[0].weight.detach().numpy()
    frames = sent.flatten(0, 1).double()
    expected = [
        int(functional.conv2d(frames, ones(weight, e), stride=2).sum()) for e in (False, True)
    ]
    assert found.samples == 3
    assert maps.sum() > 0
    assert found.phases["free"].couplings == {
        "input->1": CouplingCounts(*expected),
        # 6 x 6 places in windows of 2 x 2: all are in one, and each window leads to 10 outputs
        "1->5": CouplingCounts(*[int(maps.sum()) * 10] * 2),
    }


def test_shapes_that_do_not_fit_are_refused() -> None:
    """What comes in, windows, numbers, and pooling of neurons that lie in one row."""
    weight = np.ones((3, 2, 3, 3))
    pool = nir.SumPool2d(*(np.array([n, n]) for n in (2, 2, 0)))

    def counted(*parts: tuple[str, Any], shape: tuple[int, ...] = (2, 7, 7)) -> None:
        nodes, edges = chain(
            ("in", nir.Input(np.array(shape))), *parts, ("out", fires((3, 7, 7))),
            ("end", nir.Output(np.array([3, 7, 7]))),
        )  # fmt: skip
        spikes = {"in": np.zeros((1, 1, *shape)), "out": np.zeros((1, 1, 147))}
        whole = filed(nodes, edges, type_check=False)
        if len(shape) == 1 and len(parts) == 1:
            # A file has no form for this, a graph that was never checked has.
            whole.nodes["conv"].input_shape = None
        count_nir(spikes, whole)

    def conv(places: Any, **options: Any) -> tuple[str, Any]:
        given = {"stride": 1, "padding": 1, "dilation": 1, "groups": 1, "bias": np.zeros(3)}
        return "conv", nir.Conv2d(places, weight, **{**given, **options})

    counted(conv((7, 7)))
    cases: list[tuple[type[Exception], str, list[tuple[str, Any]], tuple[int, ...]]] = [
        (DataError, r"must end at the 147 neurons of 'out', got synapses of 75",
         [conv((7, 7), padding=0)], (2, 7, 7)),
        (DataError, r"'conv' .+ input of the shape \(2, 7, 7\), got \(2, 5, 7\)", [conv((7, 7))], (2, 5, 7)),
        (DataError, "windows of node 'conv' must fit", [conv((1, 1), padding=0)], (2, 1, 1)),
        (DataError, "groups of node 'conv' must divide", [conv((7, 7), groups=2)], (4, 7, 7)),
        (DataError, "'same' with stride 1", [conv((9, 9), padding="same", stride=2)], (2, 9, 9)),
        (DataError, "stride of node 'conv' must be", [conv((7, 7), stride=np.array([1.5, 1]))], (2, 7, 7)),
        (UnsupportedError, "must have an input_shape", [conv((7, 7))], (98,)),
        (UnsupportedError, "'pool' .+ neurons of the shape", [("pool", pool), conv((7, 7))], (392,)),
    ]  # fmt: skip
    for error, message, parts, shape in cases:
        with pytest.raises(error, match=message):
            counted(*parts, shape=shape)
