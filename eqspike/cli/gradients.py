"""`eqspike check-gradient`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eqspike.analysis.gradient_figure import gradient_figure
from eqspike.analysis.gradients import GradientCheck, Similarities, check_gradient
from eqspike.analysis.style import save
from eqspike.cli.printing import json_text, message, print_json, print_table
from eqspike.core.errors import ConfigError
