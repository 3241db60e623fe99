"""Whatever ends first, nothing stays behind: no process, no shared memory, no folder."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eqspike.core.errors import EngineError, MissingPackageError
from eqspike.core.neurons import CurrentBased
from eqspike.engines.lava.child import Child, works
from eqspike.engines.lava.fused import FusedSession
from eqspike.engines.lava.session import LavaSession
from eqspike.testing import samples, small_system

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 60.0

needs_lava = pytest.mark.skipif(
    importlib.util.find_spec("lava") is None, reason="Lava is not installed"
)
needs_proc = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="reads what runs from /proc"
)

PARENT = """
from eqspike.core.neurons import CurrentBased
from eqspike.engines.lava.session import LavaSession
from eqspike.testing import samples, small_system

system = small_system(neuron=CurrentBased())
images, labels, keys = samples(system, 100)
with LavaSession(system) as session:
    print(session._child.process.pid, session._child.folder, flush=True)
    session.trace(images, labels, keys)
"""


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Fail unless the condition comes true in time."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def descendants(pid: int) -> list[int]:
    """The process and all that stem from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def segments(pids: list[int]) -> set[Path]:
    """Shared memory that Lava made and these processes map."""
    found: set[Path] = set()
    for pid in pids:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if "/dev/shm/psm_" in line and not line.endswith("(deleted)"):
                found.add(Path(line.split()[-1]))
    return found


def alive(pid: int) -> bool:
    """Whether it runs or stands still; a zombie waits to be reaped by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Traces:
    """What belongs to a child at work, and whether it is gone."""

    def __init__(self, pid: int, folder: Path) -> None:
        progress = folder / "progress.npy"
        wait_for(lambda: progress.read_bytes()[-8:] != bytes(8), "the graph did not start")
        self.pids, self.folder = descendants(pid), folder
        self.segments = segments([pid])
        assert len(self.pids) > 10, "Lava's processes are not there"
        assert self.segments, "Lava's shared memory is not there"

    def assert_gone(self) -> None:
        wait_for(lambda: not any(alive(pid) for pid in self.pids), "processes stayed")
        wait_for(lambda: not any(path.exists() for path in self.segments), "shared memory stayed")
        wait_for(lambda: not self.folder.exists(), "the folder stayed")


def strike_at_work(strike: Callable[[Traces], None], patience_s: float = 60.0) -> str:
    """Strike while samples are presented; returns the error, after checking that nothing stayed."""
    system = small_system(neuron=CurrentBased())
    batch = samples(system, 100)
    with LavaSession(system) as session:
        child, errors = session._child, list[str]()

        def present() -> None:
            try:
                session.trace(*batch)
            except EngineError as error:
                errors.append(str(error))

        thread = threading.Thread(target=present)
        thread.start()
        traces = Traces(child.process.pid, child.folder)
        child.patience_s = patience_s
        strike(traces)
        thread.join(DEADLINE_S)
        traces.assert_gone()
        assert len(errors) == 1
        with pytest.raises(EngineError, match="ended already"):
            child.ask("try")
    return errors[0]


@needs_lava
@needs_proc
def test_a_hang_is_noticed() -> None:
    """One of Lava's own processes stands still, so all wait for it."""
    message = strike_at_work(lambda traces: os.kill(traces.pids[-1], signal.SIGSTOP), 1.5)
    assert "present hung: no progress for 1.5 s, after" in message


@needs_lava
@needs_proc
def test_a_crash_is_noticed() -> None:
    message = strike_at_work(lambda traces: os.kill(traces.pids[0], signal.SIGKILL))
    assert "the child process ended during present (by signal SIGKILL)" in message


@needs_lava
@needs_proc
@pytest.mark.slow
def test_a_crash_of_a_model_is_noticed() -> None:
    """Lava itself would wait for ever."""
    message = strike_at_work(lambda traces: os.kill(traces.pids[-1], signal.SIGKILL), 1.5)
    assert "hung" in message


@needs_lava
@needs_proc
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_parent_leaves_nothing_behind(sent: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        traces = Traces(int(pid), Path(folder))
        parent.send_signal(sent)
        _, told = parent.communicate(timeout=DEADLINE_S)
    assert parent.returncode == -sent
    assert ("KeyboardInterrupt" in told) == (sent == signal.SIGINT)
    traces.assert_gone()


@needs_lava
def test_a_child_that_closes_leaves_nothing_behind() -> None:
    with Child() as child:
        assert child.versions["lava"] == "0.10.0"
        child.ask("try")
    assert child.process.returncode == 0
    assert not child.folder.exists()


@needs_lava
def test_lava_works() -> None:
    assert works() == "works (Lava 0.10.0)"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("raise ModuleNotFoundError(name='lava')", MissingPackageError),
        ("raise RuntimeError('no good')", EngineError),
    ],
)
def test_what_is_wrong_with_lava_is_told(
    content: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another package of that name, in front of any installed one, stands for a missing or broken Lava."""
    (tmp_path / "lava").mkdir()
    (tmp_path / "lava" / "__init__.py").write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(error, match=r"pip install|no good"):
        Child()
    assert "pip install" in works() or "no good" in works()


@needs_lava
@needs_proc
@pytest.mark.parametrize("place", [0, -1], ids=["the child", "the model"])
def test_a_batch_that_nobody_takes_is_noticed(place: int) -> None:
    """The engine in one process hands over whole batches; the same watch waits for each of them."""
    system = small_system()
    images, _, keys = samples(system, 4)
    with FusedSession(system) as session:
        session.scores(images, keys)
        child = session._child
        pids = descendants(child.process.pid)
        child.patience_s = 1.5
        os.kill(pids[place], signal.SIGSTOP)
        with pytest.raises(EngineError, match=r"hung: no progress for 1.5 s"):
            session.scores(images, keys)
        wait_for(lambda: not any(alive(pid) for pid in pids), "processes stayed")
        wait_for(lambda: not child.folder.exists(), "the folder stayed")
