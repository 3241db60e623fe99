"""The arguments of the commands that run many trainings: `sweep` and `reproduce`."""

from __future__ import annotations

import argparse

from eqspike.cli.commands import add_command as _add
from eqspike.cli.commands import add_format, add_validation
from eqspike.cli.values import minutes, path, seconds, whole


def add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`eqspike sweep`."""
    text = "train and price every combination of some settings, or search them, on all cores or many machines"
    parser = _add(commands, "sweep", "sweeping:sweep", text)
    parser.add_argument("model", metavar="MODEL", help="library name or YAML file")
    parser.add_argument("task", metavar="TASK", help="library name or YAML file")
    parser.add_argument(
        "--vary", action="append", required=True, metavar="KEY=[V1, V2]", dest="axes",
        help="a setting of the model, or seed, and its values; repeat for a grid; with a sampler also "
        "KEY=uniform(LOW, HIGH), log(LOW, HIGH) or whole(LOW, HIGH)",
    )  # fmt: skip
    parser.add_argument(
        "--sampler", default="grid", metavar="NAME",
        help="what chooses the points: grid (every combination) or optuna (default: grid)",
    )  # fmt: skip
    parser.add_argument(
        "--trials", type=whole, metavar="N", help="points that the sampler proposes, in all"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides",
        help="change the model at every point; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--chip", action="append", default=[], metavar="CHIP", dest="chips",
        help="price each run on it; may be repeated; 'all' takes every profile",
    )  # fmt: skip
    parser.add_argument("--engine", help="engine of all runs (default: the model's)")
    parser.add_argument("--seed", type=whole, default=0, help="seed, where not varied (default: 0)")
    parser.add_argument("--epochs", type=whole, metavar="N", help="replaces the model's epochs")
    parser.add_argument(
        "--limit", type=whole, metavar="N", help="only the first N training samples"
    )
    add_validation(parser)
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder of the runs and the table (default: sweeps/MODEL-TASK)",
    )
    _add_workers(parser)
    add_format(parser)
    parser.add_argument(
        "--checkpoint-seconds", type=seconds, default=120.0, metavar="S",
        help="time between checkpoints inside an epoch (default: 120)",
    )  # fmt: skip


def add_reproduce(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`eqspike reproduce`."""
    text = (
        "run a paper's table again, its published rows beside ours; without a name, list the tables"
    )
    parser = _add(commands, "reproduce", "reproducing:reproduce_tables", text)
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="library name, YAML file, or 'all' for every table"
    )
    parser.add_argument("--list", action="store_true", help="list the tables")
    parser.add_argument(
        "--budget", type=minutes, metavar="MINUTES",
        help="shorten trainings so that all fit, and stop in time (default: whole trainings)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=path, metavar="DIR", default="reproductions",
        help="folder of the tables and of their runs (default: reproductions)",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="replace tables of another budget in --out"
    )
    _add_workers(parser)
    add_format(parser)


def _add_workers(parser: argparse.ArgumentParser) -> None:
    """Who computes."""
    parser.add_argument(
        "--workers", type=whole, metavar="N", help="processes on this machine (default: one a core)"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="a running Dask scheduler instead, such as tcp://host:8786",
    )  # fmt: skip
