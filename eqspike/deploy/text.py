"""`deployment.md`: a deployment for people."""

from __future__ import annotations

from collections.abc import Sequence

from eqspike.chips.loihi.arithmetic import STATE_SHIFT
from eqspike.deploy.contents import Deployment


def markdown(deployment: Deployment) -> str:
    """The deployment as Markdown: accuracy, parameters, rounding, registers, cores."""
    title = deployment.provenance["title"]
    parts = [
        f"# {title} on {deployment.chip.title}\n",
        _accuracy(deployment),
        "## Parameters\n",
        _parameters(deployment),
        "## Rounding\n",
        _rounding(deployment),
        "## Registers\n",
        _registers(deployment),
        "## Cores\n",
        _cores(deployment),
    ]
    return "\n".join(parts)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _accuracy(deployment: Deployment) -> str:
    change = 100 * (deployment.integers.accuracy - deployment.floats.accuracy)
    rows = [
        ("accuracy", f"{deployment.floats.accuracy:.2%}", f"{deployment.integers.accuracy:.2%}"),
        *(
            (f"mean rate, {name}", f"{rate:.4f}", f"{deployment.integers.rates[name]:.4f}")
            for name, rate in deployment.floats.rates.items()
        ),
    ]
    return (
        f"Test samples: {deployment.samples}. Integers change the accuracy by {change:+.2f} points. "
        "Rates are of the free phase, in spikes per neuron and step.\n\n"
        + _table(("", "floats", "integers"), rows)
    )


def _parameters(deployment: Deployment) -> str:
    network = deployment.network
    lines = [
        f"{network.unit:.6g} integer steps of current and membrane potential stand for 1.0 of the model.\n"
    ]
    rows = [
        (
            layer.name,
            str(layer.size),
            str(layer.neuron.current_decay),
            str(layer.neuron.voltage_decay),
            f"{layer.neuron.threshold} << {STATE_SHIFT}",
            f"{layer.bias_mantissas.min()} to {layer.bias_mantissas.max()}, << {layer.bias_exponent}",
        )
        for layer in network.layers
    ]
    lines.append(
        _table(("layer", "neurons", "du", "dv", "threshold", "bias mantissas, shift"), rows)
    )
    rows_of_couplings = [
        (
            coupling.name,
            f"{coupling.mantissas.min()} to {coupling.mantissas.max()}",
            str(coupling.exponent),
            "both ways" if coupling.bidirectional else "one way",
        )
        for coupling in network.couplings
    ]
    nudge = network.nudge
    rows_of_couplings.append(
        ("teacher", f"+-{nudge.mantissa}", str(nudge.exponent), "to the outputs")
    )
    lines.append(_table(("coupling", "mantissas", "exponent", "direction"), rows_of_couplings))
    return "\n".join(lines)


def _rounding(deployment: Deployment) -> str:
    report = deployment.calibration.report
    arrays = [
        (
            name,
            f"{found.step:.3g}",
            f"{found.clipped:.2%}",
            f"{found.rounded:.1%}",
            f"{found.lost:.1%}",
            f"{found.mean_error:.2g}",
            f"{found.max_error:.2g}",
            f"{found.relative_error:.2%}",
        )
        for name, found in report.arrays.items()
    ]
    header = (
        "array",
        "step",
        "clipped",
        "changed",
        "rounded to 0",
        "mean error",
        "largest error",
        "relative (rms)",
    )
    scalars = [
        (name, f"{found.wanted:.6g}", f"{found.got:.6g}") for name, found in report.scalars.items()
    ]
    return (
        "In the model's units.\n\n"
        + _table(header, arrays)
        + "\n"
        + _table(("parameter", "wanted", "on the chip"), scalars)
    )


def _registers(deployment: Deployment) -> str:
    calibration = deployment.calibration
    rows = [
        (
            name,
            f"{met.fill['synaptic_input']:.1%}",
            f"{met.fill['current']:.1%}",
            f"{met.fill['potential']:.1%}",
            f"{met.lowest_potential} to {met.highest_potential}",
        )
        for name, met in calibration.extremes.items()
    ]
    return (
        f"Fullest registers over {calibration.samples} training samples, both phases; 100 % is the limit. "
        f"The unit was chosen so that none is filled by more than half.\n\n"
        + _table(("layer", "synaptic input", "current", "potential", "potential, steps"), rows)
    )


def _cores(deployment: Deployment) -> str:
    mapping = deployment.mapping
    names = tuple(mapping.layers[0].used)
    rows = [
        (layer.layer, str(len(layer.cores)), *(str(layer.used[name]) for name in names))
        for layer in mapping.layers
    ]
    limits = [str(mapping.limits[name]) if name in mapping.limits else "unknown" for name in names]
    rows.append(("limit", str(mapping.limits.get("cores", "unknown")), *limits))
    header = (
        "layer",
        "cores",
        *(name.removesuffix("_per_core").replace("_", " ") for name in names),
    )
    return "What the fullest core of each layer uses.\n\n" + _table(header, rows)
