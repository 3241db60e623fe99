"""Run the tests that come with Lava, to see whether Lava works on this machine: `make lava-suite`.

Left out are the tutorials, the plots and, without psutil, the count of open files. Pytest's last line gives
the figures. Lava's wheel installs its tests as a top-level package `tests`, in which they also import each other;
they are run from an empty folder, so that neither the tests nor the pytest settings of a checkout get mixed in.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import types
from pathlib import Path

from eqspike.core.errors import EqspikeError
from eqspike.engines.lava.compatibility import missing_lava, prepare_lava

HUNG_S = 300
"""A test of Lava that takes longer ends the run, with the places where its threads stand."""

LEFT_OUT = ("tutorials", "utils/test_plots.py")
NEEDS_PSUTIL = "magma/runtime/test_leakage.py"


def main(options: list[str]) -> int:
    """Run them; `options` are handed to pytest. Returns pytest's status, 0 if none failed.

    Raises:
        MissingPackageError: if Lava, or pytest, is not installed.
    """
    folder = suite_folder()
    prepare_lava()
    import pytest

    left_out = [*LEFT_OUT]
    if importlib.util.find_spec("psutil") is None:
        # Lava looks for models in every module beside a process's own, so all of them must be importable.
        sys.modules["psutil"] = types.ModuleType("psutil")
        left_out.append(NEEDS_PSUTIL)
    with tempfile.TemporaryDirectory() as neutral:
        os.chdir(neutral)
        ignored = [f"--ignore={folder / name}" for name in left_out]
        settings = ["-c", os.devnull, "--rootdir", str(folder.parent), "-p", "no:cacheprovider"]
        hung = ["faulthandler_exit_on_timeout=true", f"faulthandler_timeout={HUNG_S}"]
        quiet = ["-q", "-W", "ignore", *(word for option in hung for word in ("-o", option))]
        status = int(pytest.main([*settings, *quiet, *ignored, *options, str(folder)]))
        os.chdir("/")
    return status


def suite_folder() -> Path:
    """Folder of Lava's tests.

    Raises:
        MissingPackageError: if they are not there.
    """
    found = importlib.util.find_spec("lava")
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place).parent / "tests" / "lava"
        if folder.is_dir():
            return folder
    raise missing_lava("Lava's own test suite")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EqspikeError as error:
        sys.exit(f"eqspike: {error}")
