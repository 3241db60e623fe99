"""`eqspike demo`: the whole way on real digits shipped with the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from eqspike.cli.estimating import energies_json, print_summary
from eqspike.cli.printing import message, print_json
from eqspike.cli.progress import ProgressDisplay
from eqspike.core.errors import EqspikeError
from eqspike.experiment import resolve
from eqspike.experiment.configuration import Configuration, load_configuration
from eqspike.experiment.data import length_of
from eqspike.experiment.estimating import estimate_run
from eqspike.experiment.evaluating import evaluate_run
from eqspike.experiment.runs import Watcher, start
from eqspike.reports import report_json, write_report
from eqspike.training import RunFolder

MODEL, TASK = "eqspike-100", "mnist-sample"
EPOCHS = 20
CHIPS = ("loihi1", "generic-45nm-int8", "odin")
_DEMO_HAS = ("task", "engine", "seed", "limit", "test_limit", "validation")


def demo(options: argparse.Namespace) -> int:
    """Train on 5,000 real MNIST images, evaluate on 1,000 others, estimate energy, draw figures."""
    out = Path(options.out)
    configuration = resolve(MODEL, TASK, epochs=EPOCHS)
    message("5,000 MNIST images shipped with eqspike, 1,000 others for the test")
    display = ProgressDisplay(*length_of(configuration))
    watcher = Watcher(message, display.report, display.epoch)
    start(configuration, out, force=_is_demo(out, configuration), watcher=watcher)
    evaluation = evaluate_run(out)
    report = estimate_run(out, CHIPS)
    with RunFolder(out).adding():
        paths = write_report(report, out / "energy")
    figures = _figures(out)
    if options.json:
        data = report_json(report)["chips"]
        print_json(
            {
                "run": str(out),
                "accuracy": evaluation.accuracy,
                "samples": evaluation.samples,
                "chips": {name: energies_json(chip) for name, chip in data.items()},
                "report": str(paths[-1]),
                "figures": [str(path) for path in figures],
            }
        )
        return 0
    print(f"\ntest accuracy {evaluation.accuracy:.4f} on {evaluation.samples} images\n")
    print_summary(report)
    print(f"\nenergy report (open it in a browser): {paths[-1]}")
    for path in figures:
        print(f"figure: {path}")
    return 0


def _is_demo(out: Path, demo: Configuration) -> bool:
    """Whether a folder holds a demo, which is made anew; any other run is the user's own."""
    try:
        found = load_configuration(RunFolder(out).config_path)
    except EqspikeError:  # no run, or none that can be read
        return False
    alike = all(getattr(found, name) == getattr(demo, name) for name in _DEMO_HAS)
    return alike and (found.model.name, found.model.epochs) == (MODEL, EPOCHS)


def _figures(out: Path) -> list[Path]:
    """Figures, where matplotlib is installed."""
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        message("no figures: matplotlib is not installed (pip install matplotlib)")
        return []
    from eqspike.experiment.drawing import draw_run

    return draw_run(out)
