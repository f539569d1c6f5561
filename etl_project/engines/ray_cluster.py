"""A Ray cluster, started on this machine or joined: takes tasks and gives back what came of them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from etl_project.engines.dispatch import Done, EngineUnavailable, MachineLost
from etl_project.engines.halving import WorkerDied
from etl_project.engines.ray_worker import OtherVersions, Versions, answer, run_task, versions_of

INSTALL = "pip install 'etl-project[ray]'"
"""Command that installs Ray."""

_STARTS = 3
"""A busy machine may not start Ray's processes within the seconds that they wait for each other."""

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 180
"""How long a machine may take to start a process and answer."""

_STORE_BYTES_PER_PROCESS = 128 * 1024 * 1024
"""Room for what is sent and what comes back: a batch has 4 MiB of posts, seldom more than one file beyond that."""

_LONGEST_REASON = 400
"""Letters of what Ray says that are shown: some of its errors are pages."""

_LOOPBACK = "127.0.0.1"

_log = logging.getLogger(__name__)


class RayCluster:
    """Machines on which Ray runs tasks, each with the same code as this one."""

    def __init__(self, address: str | None, processes: int, code: Callable[[], str]) -> None:
        """Connect to a cluster, and make sure that its machines have the code of this one.

        Args:
            address: `host:port`, or `auto` for the cluster that this machine is part of; None starts Ray on this
                machine, for this process alone.
            processes: how many processes run tasks, where Ray is started here.
            code: tells the fingerprint of the code that reads posts.

        Raises:
            EngineUnavailable: Ray is not installed or does not start, there is no cluster, or a machine has other code.
        """
        # Both are read as Ray is imported. It would report how it is used to an address of its makers, and listen on
        # every interface of this machine.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if address is None:
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        try:
            import ray
        except ImportError:
            raise EngineUnavailable(
                f"[engine] kind = 'ray' cannot be used: the library ray is not installed. Run {INSTALL} here and on "
                "every machine of the cluster, or set kind = 'local'."
            ) from None
        self._ray = ray
        self._code, self._versions = code, versions_of(code)
        with _signals_kept():
            if address is None:
                self._start(processes)
            else:
                self._join(address)
        self._run = ray.remote(run_task)
        try:
            self._require_same_code()
            if not ray.cluster_resources().get("CPU"):
                _log.warning(
                    "The Ray cluster has no process that reads posts yet: it is waited for until a machine joins."
                )
        except BaseException:
            self.close()
            raise

    @property
    def processes(self) -> int:
        """How many tasks run at once, now: a cluster may grow."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def names(self) -> dict[str, str]:
        """Id of each machine -> its address, and what tells it from others of the same address."""
        addresses = {node["NodeID"]: str(node["NodeManagerAddress"]) for node in self._ray.nodes()}
        known = list(addresses.values())
        return {
            node: address if known.count(address) == 1 else f"{address} ({node[:6]})"
            for node, address in addresses.items()
        }

    def submit(self, function: Callable[[Any], Any], item: Any, *, is_tried_again: bool = True) -> Any:
        """Begin a task; `spread` over the machines, since batches are alike."""
        task = self._run.options(name=function.__name__, max_retries=int(is_tried_again), scheduling_strategy="SPREAD")
        return task.remote(function, item, self._code, self._versions)

    def wait(self, handles: Sequence[Any], seconds: float) -> list[Any]:
        """Wait until a task is done, at most so many seconds."""
        done, _ = self._ray.wait(list(handles), num_returns=1, timeout=seconds)
        return list(done)

    def result(self, handle: Any) -> Done[Any]:
        """Give what a task gave, or raise what it raised."""
        errors = self._ray.exceptions
        try:
            done: Done[Any] = self._ray.get(handle)
            return done
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, OtherVersions):
                raise EngineUnavailable(_describe_difference("A machine", cause.versions, self._versions)) from None
            raise cause from error
        except (errors.WorkerCrashedError, errors.OutOfMemoryError):
            raise WorkerDied from None
        except (errors.NodeDiedError, errors.ObjectLostError):
            raise MachineLost from None
        except errors.RayError as error:
            raise EngineUnavailable(
                f"The Ray cluster does not work any more: {_in_a_line(error)}. See its logs below /tmp/ray on its "
                "head node, start it anew, and refresh again."
            ) from error

    def cancel(self, handle: Any) -> None:
        """Tell Ray that nobody waits for a task; one that runs is interrupted."""
        self._ray.cancel(handle)

    def close(self) -> None:
        """Leave the cluster; end it where it was started here."""
        with _signals_kept():
            self._ray.shutdown()

    def _start(self, processes: int) -> None:
        failures = []
        for _ in range(_STARTS):
            try:
                self._ray.init(
                    address="local",
                    num_cpus=processes,
                    include_dashboard=False,
                    object_store_memory=_STORE_BYTES_PER_PROCESS * max(2, processes),
                    log_to_driver=False,
                    logging_level="ERROR",
                    _node_ip_address=_LOOPBACK,
                )
                return
            except Exception as error:  # Ray raises what its parts do: time-outs, errors of the system, its own
                failures.append(_in_a_line(error))
                self._ray.shutdown()
        raise EngineUnavailable(
            f"Ray does not start on this machine; it was tried {_STARTS} times: {'; '.join(dict.fromkeys(failures))}. "
            "A machine that is too busy is the usual reason: see /tmp/ray/session_latest/logs. Try again, or set "
            "[engine] kind = 'local'."
        )

    def _join(self, address: str) -> None:
        remedy = (
            "This machine must be a node of the cluster: run `ray start --address=HOST:PORT` on it, with the token of "
            "the cluster in ~/.ray/auth_token where it has one. Or correct [engine] address, or set kind = 'local'."
        )
        if address != "auto" and (fault := _connection_fault(address)):
            raise EngineUnavailable(f"There is no Ray cluster at {address}: {fault}. {remedy}")
        try:
            self._ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:
            self._ray.shutdown()
            raise EngineUnavailable(
                f"The Ray cluster {address!r} cannot be used: {_in_a_line(error)}. {remedy}"
            ) from error

    def _require_same_code(self) -> None:
        """Ask every machine for its versions.

        Raises:
            EngineUnavailable: one has others, none, or does not answer.
        """
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        names = self.names()
        asked = {
            self._run.options(
                name="check the code", num_cpus=0, max_retries=1,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
            ).remote(answer, None, self._code, self._versions): names[node["NodeID"]]
            for node in self._ray.nodes() if node["Alive"]
        }  # fmt: skip
        answered, silent = self._ray.wait(list(asked), num_returns=len(asked), timeout=_ANSWER_SECONDS)
        if silent:
            raise EngineUnavailable(
                f"The machine {asked[silent[0]]} of the Ray cluster does not answer within {_ANSWER_SECONDS} seconds. "
                "See whether it is overloaded, or take it out of the cluster."
            )
        for handle in answered:
            machine = f"The machine {asked[handle]} of the Ray cluster"
            try:
                self._ray.get(handle)
            except self._ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, OtherVersions):
                    raise EngineUnavailable(
                        _describe_difference(machine, error.cause.versions, self._versions)
                    ) from None
                raise EngineUnavailable(
                    f"{machine} cannot run the code that reads posts: {_last_line(error)}. Install the same "
                    "etl-project there as here, and start the cluster anew."
                ) from error
            except self._ray.exceptions.RayError as error:
                raise EngineUnavailable(f"{machine} runs no tasks: {_in_a_line(error)}. See its logs.") from error


def _describe_difference(machine: str, there: Versions, here: Versions) -> str:
    """Say what differs first: another Python or Polars makes another fingerprint of the code, too."""
    kinds = {"python": "Python", "polars": "Polars", "code": "code of etl-project or libraries it reads posts with"}
    for kind, words in kinds.items():
        if getattr(there, kind) != getattr(here, kind):
            return (
                f"{machine} has another {words} ({getattr(there, kind)}) than this one ({getattr(here, kind)}), and "
                "could read posts otherwise. Install the same there as here, and start the cluster anew."
            )
    raise AssertionError("versions that are equal differ in nothing")


def _connection_fault(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:_LONGEST_REASON].rstrip(". ")


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(". ") if lines else type(error).__name__


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep what this process does when it is told to end: Ray puts a handler of its own in the place of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where Ray sets none either
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
