"""A real Ray cluster of two nodes on loopback: nothing is lost or read twice, whatever happens to those who read."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import dying_ray
import psutil
import pytest
from conftest import Site as PostSite
from conftest import pinned
from loopback_s3 import serve_s3
from ray_lane import Nodes, cpu_seconds, listening, nodes
from test_local import LARGE, in_batches, source, statuses, write

from benchmarks.bench import forget
from benchmarks.corpus.site import Site, generate
from benchmarks.stages import derived_digest, refresh
from etl_project.engines import dispatch
from etl_project.engines.batch import Batch, ManifestRow, batches
from etl_project.engines.dispatch import EngineUnavailable
from etl_project.engines.engine import Engine, TasksLost
from etl_project.engines.local import LocalEngine
from etl_project.engines.ray import RayEngine
from etl_project.engines.ray_worker import ReadBatch
from etl_project.limits import Limits
from etl_project.scan.fingerprint import code_version
from etl_project.sources.place import PinnedSource
from etl_project.sources.signature import FileTask, Signature
from etl_project.sources.source import Source

__all__ = ["source"]  # a fixture

POSTS = int(os.environ.get("ETL_RAY_POSTS", "20000"))
HALVED = 50 if POSTS >= 20_000 else 8
"""Posts of the batches of which one is halved: each time its process dies, and another starts."""

MOST_CPU = 1.5
"""Times the CPU seconds of the processes of this machine."""

pytestmark = [pytest.mark.prove("ray"), pytest.mark.timeout(1_800)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, in an environment of its own: `.ci/run ray` makes it, ETL_RAY_PYTHON names another")
    with pytest.MonkeyPatch.context() as environment, serve_s3() as store:
        for name, value in store.environment.items():
            environment.setenv(name, value)
        with nodes(2) as started:
            started.store = store
            yield started


JOIN = """
import sys
from etl_project.engines.dispatch import EngineUnavailable
from etl_project.engines.ray import RayEngine
from etl_project.scan.fingerprint import code_version
try:
    RayEngine(sys.argv[1], None, code_version).warm(1 << 30)
except EngineUnavailable as error:
    print(error)
"""


@pytest.fixture(scope="module")
def stranger(cluster: Nodes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Who tries to connect with another token, beside the first tests: Ray gives up after a quarter of a minute."""
    token = tmp_path_factory.mktemp("stranger") / "token"
    token.write_text("0" * 64)
    with subprocess.Popen(
        [sys.executable, "-c", JOIN, cluster.address],
        env={**os.environ, "RAY_AUTH_TOKEN_PATH": str(token)}, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.fixture(scope="module")
def connected(cluster: Nodes, stranger: subprocess.Popen[str]) -> Iterator[RayEngine]:
    """An engine that stays connected from test to test, as each connection starts processes of its own."""
    made = RayEngine(cluster.address, None, code_version)
    yield made
    made.close()


@pytest.fixture
def engine(connected: RayEngine, cluster: Nodes) -> RayEngine:
    """A new engine, by the connection that there is: it has read nothing yet."""
    connected.warm(LARGE)
    made = RayEngine(cluster.address, None, code_version)
    made._cluster = connected._cluster
    return made


@pytest.fixture
def unconnected(connected: RayEngine) -> None:
    """Let go of the connection, for a test that makes its own: a process has one."""
    connected.close()


def run(engine: RayEngine, work: list[Batch], read: Callable[[Batch], ReadBatch]) -> dict[str, str]:
    """Path -> status, or the reason it was rejected for; a path that was staged twice is an error."""
    engine._read = read
    return statuses(list(engine.run(work, LARGE)))


def test_a_worker_killed_half_way_loses_nothing_and_doubles_nothing(engine: RayEngine, source: PinnedSource) -> None:
    names = [f"{n:04}.md" for n in range(400)] + ["marked.md"]
    work = in_batches(source, write(source, sorted(names)), 50)
    assert run(engine, work, dying_ray.die_once) == dict.fromkeys(names, "loaded")
    assert (work[0].staging / "tried").exists()
    assert len(engine.nodes) == 2, "both nodes read"


def test_posts_that_kill_their_readers_are_rejected_and_no_other_is_lost(
    engine: RayEngine, source: PinnedSource
) -> None:
    names = [f"{n:04}.md" for n in range(6 * HALVED)]
    killer = f"{2 * HALVED:04}-killer.md"
    work = in_batches(source, write(source, sorted([*names, killer])), HALVED)
    expected = dict.fromkeys(names, "loaded") | {killer: "crashed_parser"}
    assert run(engine, work, dying_ray.die_on_killers) == expected


def test_a_node_that_goes_half_way_loses_nothing(engine: RayEngine, cluster: Nodes, source: PinnedSource) -> None:
    names = [f"{n:04}.md" for n in range(72)]
    engine._read = dying_ray.slowly
    rows: list[ManifestRow] = []
    try:
        for row in engine.run(in_batches(source, write(source, names), 6), LARGE):
            rows.append(row)
            if len(rows) == 4:
                cluster.tell("lose")
    finally:
        cluster.tell("add")
    assert statuses(rows) == dict.fromkeys(names, "loaded")


def test_tasks_are_run_and_those_that_kill_are_named(engine: RayEngine) -> None:
    assert sorted(engine.run_tasks(dying_ray.half, range(10))) == [number / 2 for number in range(10)]
    with pytest.raises(TypeError):
        list(engine.run_tasks(dying_ray.half, ["no number"]))  # type: ignore[list-item]
    with pytest.raises(TasksLost) as lost:
        list(engine.run_tasks(os._exit, [3]))
    assert lost.value.items == [3]


def test_a_worker_that_hangs_is_not_waited_for(
    engine: RayEngine, connected: RayEngine, source: PinnedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "SLOW_SECONDS", 2)
    monkeypatch.setattr(dispatch, "LOOK_SECONDS", 0.5)
    names = [f"{n:04}.md" for n in range(60)] + ["marked.md"]
    began = time.monotonic()
    work = in_batches(source, write(source, sorted(names)), 20)
    try:
        assert run(engine, work, dying_ray.hang_once) == dict.fromkeys(names, "loaded")
        assert time.monotonic() - began < 600
    finally:
        connected.close()  # only with the connection the process that hangs ends


@pytest.mark.usefixtures("unconnected")
def test_nobody_but_this_machine_reaches_the_cluster_or_one_that_is_started_here(
    cluster: Nodes, source: PinnedSource
) -> None:
    assert cluster.addresses() == {"127.0.0.1"}
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    handler = signal.getsignal(signal.SIGTERM)
    engine = RayEngine(None, None, code_version)
    try:
        engine.warm(LARGE)
        ours = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
        assert len(ours) > 3 and listening([psutil.Process(), *ours]) == {"127.0.0.1"}
        names = [f"{n}.md" for n in range(20)]
        assert statuses(list(engine.run(in_batches(source, write(source, names), 5), LARGE))) == dict.fromkeys(
            names, "loaded"
        )
        assert list(engine.nodes) == ["127.0.0.1"]
    finally:
        engine.close()
    _, alive = psutil.wait_procs(ours, timeout=30)
    assert alive == [], "what was started here is ended here"
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.usefixtures("unconnected")
def test_a_machine_with_other_code_is_named_before_it_reads(cluster: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_CODE", "another")
    with pytest.raises(EngineUnavailable, match=r"The machine 127\.0\.0\.1 .* has another code of etl-project"):
        RayEngine(cluster.address, None, dying_ray.code_of_the_environment).warm(LARGE)


@pytest.mark.usefixtures("unconnected")
def test_a_machine_without_the_code_is_named(cluster: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "only_here.py").write_text("def code():\n    return 'the code'\n")
    monkeypatch.syspath_prepend(tmp_path)
    code = importlib.import_module("only_here").code
    with pytest.raises(EngineUnavailable, match=r"cannot run the code that reads posts: .*only_here"):
        RayEngine(cluster.address, None, code).warm(LARGE)


@pytest.mark.usefixtures("unconnected")
def test_an_address_without_a_cluster_says_what_to_do(cluster: Nodes) -> None:
    with pytest.raises(EngineUnavailable, match=r"no Ray cluster at 127\.0\.0\.1:1: .*ray start --address=HOST:PORT"):
        RayEngine("127.0.0.1:1", None, code_version).warm(LARGE)


def test_who_has_not_the_token_of_the_cluster_is_told_of_it(cluster: Nodes, stranger: subprocess.Popen[str]) -> None:
    said, _ = stranger.communicate(timeout=300)
    assert stranger.returncode == 0
    assert said.startswith(f"The Ray cluster '{cluster.address}' cannot be used: ")
    assert "with the token of the cluster in ~/.ray/auth_token" in said


@pytest.mark.usefixtures("unconnected")
def test_objects_are_read_by_the_machines_of_the_cluster_each_once(
    cluster: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl_project.engines.ray.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", 20)
    here, there = PostSite(tmp_path / "here"), PostSite(tmp_path / "there")
    here.configure('dialect = "jekyll"\n')
    there.folder.mkdir()
    for number in range(200):
        file = here.write(f"_posts/2026-01-02-{number:03}.md")
        cluster.store.put("harbour", f"posts/_posts/{file.name}", file.read_bytes())
    there.config.write_text(
        f'[engine]\nkind = "ray"\naddress = "{cluster.address}"\n\n'
        '[[source]]\nname = "site"\nlocation = "s3://harbour/posts"\ndialect = "jekyll"\n'
    )
    cluster.store.forget()
    loaded = there.load()
    assert loaded and loaded.files_read == 200 and len(loaded.nodes) == 2
    assert cluster.store.asked["LIST"] == 1, "no worker lists"
    got = Counter(key for key in cluster.store.keys if key.startswith("posts/_posts/"))
    assert len(got) == 200 and set(got.values()) == {1}
    here.load()
    rows = "SELECT path, title, text_hash, published_at FROM articles ORDER BY path"
    assert here.query_work(rows) == there.query_work(rows)


def configured(site: Site, engine: str) -> None:
    text = site.settings.read_text("utf-8").partition("\n[engine]")[0]
    site.settings.write_text(f"{text}\n[engine]\n{engine}\n", "utf-8")


@pytest.mark.usefixtures("unconnected")
def test_every_table_is_that_of_the_local_engine(
    cluster: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl_project.engines.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.ray.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", 100)
    site = Site(tmp_path / "site", POSTS // 10, "mixed")
    generate(site, processes=2)
    digests = []
    for engine in ('kind = "local"', f'kind = "ray"\naddress = "{cluster.address}"'):
        configured(site, engine)
        forget(site)
        refresh(site.settings)
        digests.append(derived_digest(site.warehouse))
    assert digests[0] == digests[1]


def test_no_secret_reaches_the_files_of_the_cluster(
    engine: RayEngine, cluster: Nodes, source: PinnedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")
    work = in_batches(source, write(source, ["a.md", "killer.md", "b.md"]), 3)
    run(engine, work, dying_ray.die_on_killers)
    logs = [file for file in cluster.folder.rglob("*") if file.is_file()]
    assert len(logs) > 5
    secrets = ("planted-secret", "the-secret-key")  # here, and in the environment of the cluster
    assert [file for file in logs for secret in secrets if secret.encode() in file.read_bytes()] == []


def tasks_of(folder: Path) -> list[FileTask]:
    tasks = []
    for file in sorted(folder.rglob("*.md")):
        path, at = file.relative_to(folder).as_posix(), file.stat()
        signature = Signature(at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino)
        tasks.append(FileTask(path, f"s:{path}", False, None, False, signature))
    return tasks


def test_warm_workers_take_at_most_half_as_much_cpu_again_as_local_ones(
    engine: RayEngine,
    cluster: Nodes,
    stranger: subprocess.Popen[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Fewer posts would measure what a cluster takes while it waits.
    count = max(POSTS, 4_000)
    monkeypatch.setattr("etl_project.engines.batch.BATCH_FILES", count // 10)
    site = Site(tmp_path / "site", count)
    generate(site, processes=2)
    folder = site.folder / "finews"
    place, tasks = pinned(Source("s", folder, dialect="jekyll")), tasks_of(folder)
    assert len(tasks) == count
    stranger.wait(300)  # it would be counted
    local = LocalEngine(2)
    local.warm(LARGE)
    spent: dict[str, list[float]] = {"local": [], "ray": []}

    def read(name: str, one: Engine, number: int) -> None:
        staging = tmp_path / f"{name}-{number}"
        staging.mkdir()

        def family() -> list[psutil.Process]:
            here = psutil.Process()
            if name == "ray":
                return [here, *cluster.processes()]
            theirs = {process.pid for process in cluster.processes()}
            return [here, *(child for child in here.children(recursive=True) if child.pid not in theirs)]

        before = cpu_seconds(family())
        first = Batch("001", place, Limits(), (), 0, staging)
        rows = list(one.run(batches([tasks], first), LARGE))
        spent[name].append(cpu_seconds(family()) - before)
        assert sum(row.read for row in rows) == len(tasks)

    try:
        # The first round makes processes warm: what they import is no part of the comparison.
        for number in range(4):
            read("local", local, number)
            read("ray", engine, number)
    finally:
        local.close()
    here, there = (min(spent[name][1:]) for name in ("local", "ray"))
    with capsys.disabled():
        print(f"\nCPU seconds of {len(tasks):,} posts: local {spent['local']}, Ray {spent['ray']}", file=sys.stderr)
    assert there <= MOST_CPU * here, spent
