"""`eqspike schema`."""

from __future__ import annotations

import argparse
import json

from eqspike.cli.printing import message
from eqspike.experiment.schemas import json_schema, keys_of


def schema(options: argparse.Namespace) -> int:
    """The JSON schema of a kind of description; its readers are asked for it, which takes some seconds."""
    if not options.json:
        message(f"reading descriptions of {options.kind}s in all ways...")
    print(json.dumps(json_schema(options.kind, keys_of(options.kind)), indent=2))
    return 0
