"""Options of the commands that price events."""

from __future__ import annotations

import argparse

from eqspike.cli.commands import add_accept_changes, add_command
from eqspike.cli.values import number, path, seconds, whole


def add_estimate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`eqspike estimate`."""
    text = "energy of a run, or of events counted elsewhere, on chips"
    parser = add_command(commands, "estimate", "estimating:estimate", text)
    parser.add_argument("run", type=path, nargs="?", metavar="RUN", help="run folder")
    parser.add_argument(
        "--counts", type=path, metavar="FILE",
        help="event counts as JSON instead of a run; see docs/counting.md",
    )  # fmt: skip
    parser.add_argument(
        "--chip", action="append", default=[], metavar="CHIP", dest="chips",
        help="library name or YAML file; may be repeated (default: all, every profile)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=path, metavar="DIR",
        help="folder of the report (default: energy_reports/ and the name of the run or file)",
    )  # fmt: skip
    _add_conditions(parser)
    parser.add_argument(
        "--samples-per-second", type=number, default=1.0, metavar="R",
        help="rate of training for the years until weights wear out (default: 1)",
    )  # fmt: skip


def _add_conditions(parser: argparse.ArgumentParser) -> None:
    """Options that say how chips are operated, and figures of the user."""
    add_accept_changes(parser)
    parser.add_argument(
        "--figure", action="append", default=[], metavar="CHIP.NAME=AMOUNT", dest="figures",
        help="a figure of your own, such as loihi2.synaptic_operation=5pJ or =3/5/9pJ; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--step-time", type=seconds, metavar="SECONDS",
        help="time the chips take for a time step, such as 0.001, 1ms or 10us (default: as the profile says)",
    )  # fmt: skip
    parser.add_argument("--cores", type=whole, metavar="N", help="cores in use, for power per core")
    parser.add_argument(
        "--hops", action="append", default=[], metavar="LAYER=N",
        help="tile boundaries that all copies of a spike of a layer cross; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--active-share", type=number, metavar="A",
        help="share of neuron updates that received a spike, 0 to 1 (default: unknown)",
    )  # fmt: skip


def add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`eqspike report compare`."""
    text = "pages that put several runs beside each other"
    verbs = commands.add_parser("report", help=text, description=text[0].upper() + text[1:] + ".")
    what = verbs.add_subparsers(title="reports", metavar="REPORT", required=True)
    text = "compare runs or energy reports: accuracy, events, writes, and energy on each chip"
    parser = add_command(what, "compare", "comparing:compare", text)
    parser.add_argument(
        "sources", type=path, nargs="+", metavar="RUN",
        help="two or more run folders, energy reports (folder, inputs.json or energy.json) or files of counts",
    )  # fmt: skip
    parser.add_argument(
        "--chip", action="append", default=[], metavar="CHIP", dest="chips",
        help="library name or YAML file; may be repeated; 'all' takes every profile "
        "(default: those of the reports, else loihi1 and odin)",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder of the pages (default: energy_reports/comparison)",
    )
    _add_conditions(parser)
