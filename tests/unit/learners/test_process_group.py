"""A process that is ending says why, even if torchrun's SIGTERM comes before it has."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal
from eqspike.core.errors import EqspikeError, ProcessGoneError
from eqspike.learners.launch import Launch
from eqspike.learners.process_group import ProcessGroup

try:
    with ProcessGroup(Launch(), "cpu"):
        {inside}
except EqspikeError as error:
    os.kill(os.getpid(), signal.SIGTERM)
    print("said:", type(error).__name__)
"""
TERMINATED = "os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("raise ProcessGoneError('a connection was closed')", "ProcessGoneError"),
        ("raise EqspikeError('no space left')", "EqspikeError"),
        (TERMINATED, "ProcessGoneError"),
    ],
)
def test_sigterm_does_not_silence_a_process_that_ends(inside: str, said: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(inside=inside)],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.stdout == f"said: {said}\n", ended.stderr
