"""Start Dagster's web server and daemon on a free port, and stop them together."""

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
from etl_project.errors import UserError
from etl_project.servers.dagster_home import prepare_home
from etl_project.servers.orphans import end_orphans, owner_environment, request_signal_at_parent_death
from etl_project.settings import Settings

FIRST_PORT, LAST_PORT = 3000, 3099

_START_TIMEOUT_SECONDS = 120
_STOP_TIMEOUT_SECONDS = 10
_WATCH_INTERVAL_SECONDS = 5
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_WORKSPACE = """# Written by `etl ui` at every start.
load_from:
  - python_module:
      module_name: etl_project.definitions
      location_name: etl_project
"""


class CannotServe(UserError):
    """The web server cannot be started. The message says why and what to do."""


def serve(settings: Settings, host: str = "127.0.0.1", port: int | None = None, open_browser: bool = False) -> int:
    """Run Dagster's web server and daemon until Ctrl-C or another stop signal, then stop all of their processes.

    When one of them dies, the code server included, all are started again.

    Args:
        settings: name the folder of Dagster's records and the settings file, which each run reads again.
        host: address to listen on.
        port: port to listen on; by default the first free one from 3000 to 3099.
        open_browser: open the page in a browser as soon as it answers.

    Returns:
        Exit status 0, once a signal has stopped the servers.

    Raises:
        CannotServe: the port is taken, the servers of this home are running already, or they do not start.
    """
    port = _free_port(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    home = prepare_home(settings)
    (home / "workspace.yaml").write_text(_WORKSPACE, "utf-8")
    lock = RefreshLock(home / "ui.lock")
    try:
        lock.acquire(f"etl ui at {address}")
    except LockHeld as held:
        raise CannotServe(
            f"the servers of {home} are running already: {describe_holder(held.holder)}. Open that address, or stop "
            "them with Ctrl-C where they were started"
        ) from None
    if ended := end_orphans(home):
        processes = "1 process" if ended == 1 else f"{ended} processes"
        print(f"Ended {processes} left by an etl ui that was killed.", file=sys.stderr)
    print(f"Starting Dagster at {address} ... (it takes some seconds)", file=sys.stderr, flush=True)
    stop = _StopSignal()
    # A signal that a script has set to be ignored would be inherited by the servers; one with a handler is not.
    handlers_before = {number: signal.signal(number, stop.set) for number in _STOP_SIGNALS}
    try:
        announced = False
        while not stop.wait(0):
            servers = _start_servers(settings.file, home, host, port)
            try:
                if _wait_for_answer(f"{address}/server_info", port, servers, stop) and not announced:
                    print(f"Dagster is at {address} (Ctrl-C stops it).", flush=True)
                    announced = True
                    if open_browser:
                        webbrowser.open(address)
                _watch_servers(servers, stop)
            finally:
                _stop_servers(servers)
    finally:
        for number, handler in handlers_before.items():
            signal.signal(number, handler)
        stop.close()
        lock.release()
    return 0


class _StopSignal:
    """Whether this process has received a stop signal.

    Implemented as a byte in a pipe: `threading.Event.wait` holds a lock for a moment, and a signal handler that runs
    in that moment would wait for the lock for ever.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def set(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal, as `signal.signal` calls it."""
        os.write(self._write_end, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait at most this long for a signal. Returns whether one has been received, now or earlier."""
        return bool(select.select([self._read_end], [], [], seconds)[0])

    def close(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)


def _free_port(host: str, port: int | None) -> int:
    for candidate in range(FIRST_PORT, LAST_PORT + 1) if port is None else [port]:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
                return candidate
            except PermissionError as error:
                raise CannotServe(
                    f"port {candidate} of {host} cannot be used: {error}; choose one above 1023"
                ) from None
            except socket.gaierror as error:
                raise CannotServe(f"{host!r} is not an address of this machine: {error}") from None
            except OverflowError:
                raise CannotServe(f"{candidate} is no port; choose one from 1024 to 65535") from None
            except OSError:
                continue
    if port is None:
        raise CannotServe(f"no port from {FIRST_PORT} to {LAST_PORT} of {host} is free; name another with --port")
    raise CannotServe(f"port {port} of {host} is taken or not of this machine; without --port a free one is taken")


def _start_servers(config: Path, home: Path, host: str, port: int) -> subprocess.Popen[bytes]:
    """Start the servers in a session of their own: all of their processes are found by its number."""
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev", "--workspace", str(home / "workspace.yaml")]
    command += ["--host", host, "--port", str(port), "--log-level", "warning", "--code-server-log-level", "warning"]
    environment = os.environ | {"DAGSTER_HOME": str(home), "ETL_CONFIG": str(config)} | owner_environment(home)
    # The servers write to stderr; stdout is for the one line with the address.
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=2,
        start_new_session=True,
        preexec_fn=request_signal_at_parent_death,
    )


def _wait_for_answer(url: str, port: int, servers: subprocess.Popen[bytes], stop: _StopSignal) -> bool:
    """Wait for the web server to answer. Returns False if a stop signal comes first."""
    # No proxy: both processes are on this machine, whatever HTTP_PROXY says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while not stop.wait(0.2):
        # Another program may have taken the port meanwhile: its answer is not ours.
        if _session_listens_on(servers.pid, port):
            with contextlib.suppress(OSError), opener.open(url, timeout=5):
                return True
        if servers.poll() is not None or time.monotonic() > deadline:
            raise CannotServe("Dagster did not start; its output above says why")
    return False


def _watch_servers(servers: subprocess.Popen[bytes], stop: _StopSignal) -> None:
    """Wait until a stop signal comes, or until a server has died and Dagster will not replace it.

    `dagster dev` ends when its web server or daemon dies, but it neither watches nor restarts the code server, without
    which pages show an error and schedules do not run. The code server must be missing twice in a row, because it is
    replaced when code is reloaded.
    """
    missed = 0
    while not stop.wait(_WATCH_INTERVAL_SECONDS) and servers.poll() is None and missed < 2:
        missed = 0 if _has_code_server(servers.pid) else missed + 1


def _has_code_server(leader: int) -> bool:
    """Whether a process of the session is Dagster's code server."""
    for process in _processes_of_session(leader):
        with contextlib.suppress(psutil.Error):
            if {"api", "grpc"} <= set(process.cmdline()):
                return True
    return False


def _session_listens_on(leader: int, port: int) -> bool:
    """Whether a process of the session listens on the port."""
    for process in _processes_of_session(leader):
        with contextlib.suppress(psutil.Error):
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp")):
                return True
    return False


def _stop_servers(servers: subprocess.Popen[bytes]) -> None:
    """Ask the servers to stop, then end the processes of their session that remain."""
    if servers.poll() is None:
        servers.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            servers.wait(_STOP_TIMEOUT_SECONDS)
    for force in (psutil.Process.terminate, psutil.Process.kill):
        remaining = _processes_of_session(servers.pid)
        for process in remaining:
            with contextlib.suppress(psutil.NoSuchProcess):
                force(process)
        psutil.wait_procs(remaining, timeout=3)
    servers.wait()


def _processes_of_session(leader: int) -> list[psutil.Process]:
    """Living processes of a session. `leader`: its number, which is that of the process that began it."""
    processes = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                processes.append(process)
        except (OSError, psutil.Error):
            continue
    return processes
