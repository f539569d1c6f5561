"""Dagster's web server and daemon, started on a free port and stopped together."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path
from types import FrameType

import psutil

from etl_project.database.lock import LockHeld, RefreshLock, describe_holder
from etl_project.errors import Stop
from etl_project.servers.dagster_home import prepare_home
from etl_project.servers.orphans import end_orphans, ends_with_its_parent, owner
from etl_project.settings import Settings

FIRST_PORT, LAST_PORT = 3000, 3099

_START_SECONDS = 120
_STOP_SECONDS = 10
_WATCH_SECONDS = 5
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_WORKSPACE = """# Written by `etl ui` at every start.
load_from:
  - python_module:
      module_name: etl_project.definitions
      location_name: etl_project
"""


class CannotServe(Stop):
    """The web server cannot be started: the message says why and what to do."""


def serve(settings: Settings, host: str = "127.0.0.1", port: int | None = None, open_browser: bool = False) -> int:
    """Run Dagster's web server and daemon until Ctrl-C or a signal to end, then stop every process of theirs.

    Where one of them dies, the one that has the code included, all are started again.

    Args:
        settings: tell where runs are recorded; each run reads the settings file again.
        host: address to listen on.
        port: port to listen on; the first free one from 3000 on by default.
        open_browser: open the page when it answers.

    Returns:
        0, the exit status of a server that was told to stop.

    Raises:
        CannotServe: the port is taken, the servers run already, or do not start.
    """
    port = _free_port(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    home = prepare_home(settings)
    (home / "workspace.yaml").write_text(_WORKSPACE, "utf-8")
    served = RefreshLock(home / "ui.lock")
    try:
        served.acquire(f"etl ui at {address}")
    except LockHeld as held:
        raise CannotServe(f"{home} has its servers already: {describe_holder(held.holder)}") from None
    if ended := end_orphans(home):
        print(f"{ended} processes of an etl ui that was killed were still there, and are ended.", file=sys.stderr)
    stop = _Told()
    # Handlers of our own also keep the children from inheriting signals that a script has set to be ignored.
    before = {number: signal.signal(number, stop.tell) for number in _SIGNALS}
    try:
        announced = False
        while not stop.wait(0):
            servers = _start(settings.file, home, host, port)
            try:
                if _answers(f"{address}/server_info", port, servers, stop) and not announced:
                    print(f"Dagster is at {address} (Ctrl-C stops it).", flush=True)
                    announced = True
                    if open_browser:
                        webbrowser.open(address)
                _watch(servers, stop)
            finally:
                _end(servers)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
        served.release()
    return 0


class _Told:
    """Whether a signal told this process to stop.

    A byte in a pipe: an event holds a lock for a moment while it is waited for, and a handler that is called in that
    moment would wait for it for ever.
    """

    def __init__(self) -> None:
        self._told, self._tell = os.pipe()

    def tell(self, number: int, frame: FrameType | None) -> None:
        os.write(self._tell, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait to be told, at most so long."""
        return bool(select.select([self._told], [], [], seconds)[0])

    def close(self) -> None:
        os.close(self._told)
        os.close(self._tell)


def _free_port(host: str, port: int | None) -> int:
    for candidate in range(FIRST_PORT, LAST_PORT + 1) if port is None else [port]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, candidate))
                return candidate
            except PermissionError as error:
                raise CannotServe(
                    f"port {candidate} of {host} cannot be used: {error}; choose one above 1023"
                ) from None
            except socket.gaierror as error:
                raise CannotServe(f"{host!r} is no address of this machine: {error}") from None
            except OSError:
                continue
    if port is None:
        raise CannotServe(f"no port from {FIRST_PORT} to {LAST_PORT} of {host} is free; name another with --port")
    raise CannotServe(f"port {port} of {host} is taken or not of this machine; leave --port out to take a free one")


def _start(config: Path, home: Path, host: str, port: int) -> subprocess.Popen[bytes]:
    """Start the servers in a session of their own, by which all of their processes can be found again."""
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "--workspace", str(home / "workspace.yaml")]
    command += ["--host", host, "--port", str(port), "--log-level", "warning", "--code-server-log-level", "warning"]
    environment = os.environ | {"DAGSTER_HOME": str(home), "ETL_CONFIG": str(config)} | owner(home)
    # What the servers have to say goes where errors go; the output is the one line with the address.
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=2,
        start_new_session=True,
        preexec_fn=ends_with_its_parent,
    )


def _answers(url: str, port: int, servers: subprocess.Popen[bytes], stop: _Told) -> bool:
    """Wait for the web server to answer; False when told to stop meanwhile."""
    # A proxy of the environment has no business between two processes of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while not stop.wait(0.2):
        # Another program may have taken the port meanwhile: its answer is not ours.
        if _listens(servers.pid, port):
            with contextlib.suppress(OSError), opener.open(url, timeout=5):
                return True
        if servers.poll() is not None or time.monotonic() > deadline:
            raise CannotServe("Dagster did not start; what it wrote above says why")
    return False


def _watch(servers: subprocess.Popen[bytes], stop: _Told) -> None:
    """Wait until told to stop, or until a server is gone that will not come back.

    Dagster ends when its web server or daemon dies. The process that has the code it neither watches nor starts again:
    pages would show an error, and schedules would be silent. It is missed twice, for it is replaced when code is
    loaded anew.
    """
    missed = 0
    while not stop.wait(_WATCH_SECONDS) and servers.poll() is None and missed < 2:
        missed = 0 if _has_code(servers.pid) else missed + 1


def _has_code(leader: int) -> bool:
    """Whether a process of the session has loaded the code."""
    for process in _of_session(leader):
        with contextlib.suppress(psutil.Error):
            if {"api", "grpc"} <= set(process.cmdline()):
                return True
    return False


def _listens(leader: int, port: int) -> bool:
    """Whether a process of the session has the port."""
    for process in _of_session(leader):
        with contextlib.suppress(psutil.Error):
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp")):
                return True
    return False


def _end(servers: subprocess.Popen[bytes]) -> None:
    """Ask the servers to stop, and end whatever of theirs is left."""
    if servers.poll() is None:
        servers.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            servers.wait(_STOP_SECONDS)
    for force in (psutil.Process.terminate, psutil.Process.kill):
        left = _of_session(servers.pid)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                force(process)
        psutil.wait_procs(left, timeout=3)
    servers.wait()


def _of_session(leader: int) -> list[psutil.Process]:
    left = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
        except (OSError, psutil.Error):
            continue
    return left
