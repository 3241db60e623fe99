"""All commands and their options. Commands are imported when they run, so that help answers at once."""

from __future__ import annotations

import argparse

from eqspike.cli.commands import add_accept_changes, add_format, add_validation
from eqspike.cli.commands import add_command as _add
from eqspike.cli.description_arguments import add_descriptions
from eqspike.cli.energy_arguments import add_estimate, add_report
from eqspike.cli.grid_arguments import add_reproduce, add_sweep
from eqspike.cli.parser import Parser
from eqspike.cli.values import milliseconds, path, seconds, whole
from eqspike.core.version import package_version


def build_parser() -> argparse.ArgumentParser:
    """Parser of the whole command line; the chosen command is in `command`."""
    parser: argparse.ArgumentParser = Parser(
        prog="eqspike",
        description="Train spiking networks by Equilibrium Propagation, count every event, estimate chip energy.",
        epilog="Exit status: 0 done, 1 a check did not hold, 2 wrong use or input, 70 a fault of eqspike, "
        "130 stopped by the user, 141 nobody reads the output any more.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _train(commands)
    _evaluate(commands)
    _parity(commands)
    _deploy(commands)
    _export(commands)
    _check_gradient(commands)
    add_estimate(commands)
    add_report(commands)
    _meter(commands)
    add_sweep(commands)
    add_reproduce(commands)
    _plot(commands)
    _list(commands)
    add_descriptions(commands)
    _add(commands, "doctor", "doctor:doctor", "say what works on this machine")
    _demo(commands)
    return parser


class _Version(argparse.Action):
    """Prints the version; looked up only when asked for."""

    def __init__(self, option_strings: list[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        print(f"eqspike {package_version()}")
        parser.exit()


def _train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _add(commands, "train", "training:train", "train a model on a task into a run folder")
    parser.add_argument("model", nargs="?", metavar="MODEL", help="library name or YAML file")
    parser.add_argument("task", nargs="?", metavar="TASK", help="library name or YAML file")
    parser.add_argument(
        "--config", type=path, metavar="FILE", help="a run's config.yaml, instead of MODEL TASK"
    )
    parser.add_argument(
        "--engine",
        help="fast, brian2 or brian2:TARGET, lava or lava:fused, torch; see 'eqspike list engines' "
        "(default: fast, for rate neurons torch)",
    )
    parser.add_argument("--seed", type=whole, help="seed (default: 0)")
    parser.add_argument("--epochs", type=whole, metavar="N", help="replaces the model's epochs")
    parser.add_argument(
        "--limit", type=whole, metavar="N", help="use only the first N training samples"
    )
    parser.add_argument(
        "--test-limit", type=whole, metavar="N", help="test with only the first N test samples"
    )
    add_validation(parser)
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="run folder (default: runs/MODEL-TASK-SEED)"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument("--force", action="store_true", help="delete the run in --out first")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change the model, such as rule.beta=0.3; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint-seconds", type=seconds, default=120.0, metavar="S",
        help="time between checkpoints inside an epoch (default: 120)",
    )  # fmt: skip
    parser.add_argument(
        "--log", metavar="LOGGER", help="also write the metrics for another program: tensorboard"
    )


def _evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "accuracy, activity and event counts of a run on its test set"
    parser = _add(commands, "evaluate", "evaluating:evaluate", text)
    parser.add_argument("run", type=path, metavar="RUN", help="run folder")
    parser.add_argument("--engine", help="another engine than the run was trained with")
    parser.add_argument("--limit", type=whole, metavar="N", help="only the first N test samples")
    add_accept_changes(parser)


def _parity(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "compare two engines on a run: spikes or messages, weight changes and event counts"
    parser = _add(commands, "parity", "parity:parity", text)
    parser.add_argument("run", type=path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--engines",
        default="fast,brian2",
        metavar="A,B",
        help="engines, such as fast,brian2:cpp_standalone or fast-int,lava (default: fast,brian2)",
    )
    parser.add_argument(
        "--samples", type=whole, default=20, metavar="N", help="test samples (default: 20)"
    )
    add_accept_changes(parser)


def _deploy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = (
        "round a run to a chip's integers, check the chip's limits and write what it is loaded with"
    )
    parser = _add(commands, "deploy", "deploying:deploy", text)
    parser.add_argument(
        "run", type=path, metavar="RUN", help="run folder, or a .nir file of another tool"
    )
    parser.add_argument("--chip", required=True, metavar="CHIP", help="loihi1, or a YAML file")
    parser.add_argument(
        "--samples", type=whole, metavar="N",
        help="training samples that decide the scale (default: 1000)",
    )  # fmt: skip
    parser.add_argument("--limit", type=whole, metavar="N", help="only the first N test samples")
    parser.add_argument(
        "--spikes", type=path, metavar="FILE",
        help=".nir file: .npy or .npz with the spikes of the inputs (samples, steps, inputs)",
    )  # fmt: skip
    parser.add_argument(
        "--step-ms",
        type=milliseconds,
        metavar="MS",
        help=".nir file: the time step it was trained with",
    )
    parser.add_argument(
        "--lava",
        action="store_true",
        help=".nir file: also run it in Lava; status 1 if spikes differ",
    )
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="folder of the files (default: RUN/deployment)"
    )
    add_accept_changes(parser)


def _export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "write a run in the form of another tool: a stand-alone Brian2 script, or a NIR file"
    parser = _add(commands, "export", "exporting:export", text)
    parser.add_argument("run", type=path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--format", choices=("brian2", "nir"), default="brian2", help="default: brian2"
    )
    parser.add_argument(
        "--sample", type=whole, metavar="N", help="brian2: test sample it presents (default: 0)"
    )
    parser.add_argument(
        "--form", choices=("population", "layers"),
        help="nir: all neurons as one node, or a node for each layer (default: population)",
    )  # fmt: skip
    parser.add_argument(
        "--step-ms", type=milliseconds, metavar="MS", help="nir: length of a time step (default: 1)"
    )
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="folder of the files (default: RUN/FORMAT)"
    )
    add_accept_changes(parser)


def _check_gradient(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "compare the rule's expected change with the exact gradient, numerically"
    parser = _add(commands, "check-gradient", "gradients:check_gradient", text)
    parser.add_argument("model", metavar="MODEL", help="library name or YAML file")
    parser.add_argument("task", metavar="TASK", help="library name or YAML file")
    parser.add_argument(
        "--samples", type=whole, metavar="N", help="training samples (default: 50; 8 for learners)"
    )
    parser.add_argument("--seed", type=whole, default=0, help="seed of the weights (default: 0)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change the model, such as learner.algorithm=p-ep; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--run",
        type=path,
        metavar="RUN",
        help="use the weights of this run instead of initial ones",
    )
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="also write the figure and the table there"
    )
    add_format(parser)
    add_accept_changes(parser)


def _meter(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "time and energy of a run on this machine, by its own counters (RAPL, NVML) where it has some"
    parser = _add(commands, "meter", "metering:meter", text)
    parser.add_argument("run", type=path, metavar="RUN", help="run folder")
    parser.add_argument(
        "--batch", action="append", type=whole, default=[], metavar="N", dest="batch_sizes",
        help="samples handed over at a time; may be repeated (default: 1 and 1000)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=10.0,
        metavar="S",
        help="of each measurement (default: 10)",
    )
    parser.add_argument("--engine", help="another engine, such as torch:cuda")
    parser.add_argument(
        "--out", type=path, metavar="FILE", help="also write the result there, as JSON"
    )
    add_accept_changes(parser)


def _plot(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "figures of a run: learning curve, spike raster, receptive fields, rates; or weight change by spike lag"
    parser = _add(commands, "plot", "plotting:plot", text)
    parser.add_argument(
        "runs", nargs="+", type=path, metavar="RUN",
        help="run folder; of several, their learning curves in one figure; 'stdp RUN' draws weight change against "
        "spike lag, of isolated pairs and of the network as it learns",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="folder of the figures (default: RUN/plots)"
    )
    add_format(parser)
    parser.add_argument(
        "--sample",
        type=whole,
        default=0,
        metavar="N",
        help="test sample of the raster (default: 0)",
    )
    parser.add_argument(
        "--samples", type=whole, default=100, metavar="N",
        help="stdp: training samples presented (default: 100)",
    )  # fmt: skip
    parser.add_argument("--engine", default="fast", help="stdp: what presents them (default: fast)")
    add_accept_changes(parser)


def _list(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _add(
        commands,
        "list",
        "listing:list_library",
        "what the library holds, and which parts there are",
    )
    kinds = (
        "models",
        "tasks",
        "chips",
        "tables",
        "rules",
        "neurons",
        "memories",
        "engines",
        "learners",
        "task-kinds",
    )
    parser.add_argument("kind", nargs="?", choices=kinds, help="only this kind")


def _demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "train, evaluate and estimate on real digits shipped with eqspike"
    parser = _add(commands, "demo", "demonstration:demo", text)
    parser.add_argument("--out", type=path, metavar="DIR", default="runs/demo", help="run folder")
