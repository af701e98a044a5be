from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nexapp.local.supervisor import Program, StopRequested, Supervisor, tail

from .conftest import eventually, is_alive

ROOT = Path(__file__).resolve().parents[2]
PARENT_WITH_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen(["sleep", "300"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(300)
"""


def sleeper(tmp_path: Path, name: str = "sleeper") -> Program:
    return Program(name, ("sleep", "300"), tmp_path / f"{name}.log")


def test_a_dead_process_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(sleeper(tmp_path))
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: supervisor.is_running("sleeper") and supervisor.pids()["sleeper"] != first)
    assert not is_alive(first)


def test_a_restart_takes_the_whole_group_down_first(supervisor: Supervisor, tmp_path: Path) -> None:
    noted = tmp_path / "grandchild"
    program = Program("parent", (sys.executable, "-c", PARENT_WITH_CHILD, str(noted)), tmp_path / "parent.log")
    supervisor.start(program)
    assert eventually(lambda: noted.exists() and noted.read_text() != "")
    grandchild, parent = int(noted.read_text()), supervisor.pids()["parent"]
    os.kill(parent, signal.SIGKILL)
    assert eventually(lambda: supervisor.pids()["parent"] != parent)
    assert not is_alive(grandchild)


def test_a_process_that_keeps_ending_is_tried_ever_more_rarely(supervisor: Supervisor, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    supervisor.start(Program("brief", ("sh", "-c", f"echo x >> {marks}; exit 3"), tmp_path / "brief.log"))
    assert eventually(lambda: supervisor.quick_deaths("brief") >= 3)
    assert len(marks.read_text().split()) <= 4


def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    supervisor = Supervisor(say=lambda line: None)
    noted = tmp_path / "grandchild"
    supervisor.start(Program("parent", (sys.executable, "-c", PARENT_WITH_CHILD, str(noted)), tmp_path / "p.log"))
    supervisor.start(sleeper(tmp_path))
    assert eventually(lambda: noted.exists() and noted.read_text() != "")
    pids = [*supervisor.pids().values(), int(noted.read_text())]
    supervisor.stop_all()
    assert [pid for pid in pids if is_alive(pid)] == []


def test_a_process_that_ignores_the_stop_signal_is_killed_in_time(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(say=said.append)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True); time.sleep(300)"
    )
    supervisor.start(Program("deaf", (sys.executable, "-c", deaf), tmp_path / "deaf.log", stop_seconds=0.3))
    assert eventually(lambda: "deaf" in tail(tmp_path / "deaf.log"))
    pid = supervisor.pids()["deaf"]
    supervisor.stop_all()
    assert not is_alive(pid)
    assert any("did not stop" in line for line in said)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from nexapp.local.supervisor import Program, Supervisor
supervisor = Supervisor()
supervisor.start(Program("sleeper", ("sleep", "300"), Path({str(tmp_path)!r}) / "s.log"))
print(supervisor.pids()["sleeper"], flush=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        assert is_alive(pid)
        launcher.kill()
    assert eventually(lambda: not is_alive(pid))


def test_a_stop_request_cuts_a_run_short(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.stop_requested.set()
    with pytest.raises(StopRequested):
        supervisor.run(sleeper(tmp_path))


def test_a_run_gives_the_return_code(supervisor: Supervisor, tmp_path: Path) -> None:
    assert supervisor.run(Program("seven", ("sh", "-c", "exit 7"), tmp_path / "seven.log")) == 7
