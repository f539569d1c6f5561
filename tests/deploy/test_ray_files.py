"""The files for a Ray cluster: they hold what a cluster needs, and commands, settings and paths that are there."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl_project.settings import read_settings
from etl_project.sources.location import Bucket

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/ray"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def cluster() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "cluster.yaml").read_text("utf-8"))
    return read


def test_the_compose_file_starts_a_store_a_head_and_two_workers_on_a_network_of_their_own(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert set(services) == {"s3", "posts", "head", "worker-1", "worker-2"}
    assert all(service["networks"] == ["inside"] and "ports" not in service for service in services.values())
    ours = [service for name, service in services.items() if name != "s3"]
    assert {service["image"] for service in ours} == {"etl-ray"}, "each machine has the same code"
    for service in ours:
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        assert service["environment"]["RAY_AUTH_TOKEN"].startswith("${RAY_AUTH_TOKEN:?"), "no token is written down"
        assert service["environment"]["RAY_USAGE_STATS_ENABLED"] == "0"
        needed = service["depends_on"]
        assert set(needed) <= set(services)
    assert services["worker-1"]["command"] == services["worker-2"]["command"]
    head, worker = (shlex.join(services[name]["command"]) for name in ("head", "worker-1"))
    assert re.search(r"ray start --head --port=(\d+)", head)[1] == re.search(r"--address=head:(\d+)", worker)[1]  # type: ignore[index]
    mounted = [volume.split(":")[0] for service in ours for volume in service.get("volumes", [])]
    files = [name for name in mounted if name.startswith("./") and "." in name[2:]]
    assert files and all((FOLDER / name).is_file() for name in files)
    assert [name for name in mounted if not name.startswith("./")] == list(compose["volumes"])


def test_the_settings_of_the_compose_file_read_the_bucket_on_the_cluster() -> None:
    settings = read_settings(FOLDER / "etl.toml")
    assert settings.engine.kind == "ray" and settings.engine.address == "auto"
    assert settings.sources[0].location == Bucket("s3://posts")


def test_the_image_of_a_cluster_is_that_of_one_machine_with_two_extras() -> None:
    text = (FOLDER / "Containerfile").read_text("utf-8")
    first = (ROOT / "deploy/Containerfile").read_text("utf-8")
    assert "FROM etl\n" in text and re.search(r"-t etl \.", text)
    assert "/opt/etl[ray,objects]" in text and "WORKDIR /opt/etl" in first
    assert text.rindex("USER etl") > text.rindex("USER root")


def test_the_cluster_file_starts_ray_on_every_machine_with_a_token(cluster: dict[str, Any]) -> None:
    assert cluster["provider"]["type"] == "local"
    assert cluster["min_workers"] == cluster["max_workers"] == len(cluster["provider"]["worker_ips"])
    head, worker = cluster["head_start_ray_commands"][-1], cluster["worker_start_ray_commands"][-1]
    assert "--head --port=6379" in head and "--address=$RAY_HEAD_IP:6379" in worker
    assert all("RAY_AUTH_MODE=token" in command for command in (head, worker))


_VALIDATE = """
import sys, yaml
from ray.autoscaler._private.util import prepare_config, validate_config
with open(sys.argv[1]) as file:
    validate_config(prepare_config(yaml.safe_load(file)))
"""


@pytest.mark.prove("ray")
def test_ray_itself_takes_the_cluster_file() -> None:
    """In a process of its own: Ray reads once whether clusters ask for a token, and those of other tests do."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, in an environment of its own: `.ci/run ray` makes it")
    subprocess.run([sys.executable, "-c", _VALIDATE, str(FOLDER / "cluster.yaml")], check=True, timeout=120)


_PARSE = """
import json, sys
from ray.scripts import scripts
for words in json.loads(sys.argv[1]):
    getattr(scripts, words[0]).make_context(words[0], words[1:])
"""


def ray_commands(text: str) -> list[list[str]]:
    """Words after `ray` of each command `ray start …` or `ray stop …` in a text, without variables of the shell."""
    lines = re.findall(r"(?<![\w-])ray ((?:start|stop)\b[^\n#;&|]*)", text.replace("$RAY_HEAD_IP", "10.0.0.1"))
    return [shlex.split(line.rstrip(" '\"]")) for line in lines]


def all_ray_commands(compose: dict[str, Any], cluster: dict[str, Any]) -> list[list[str]]:
    started = [shlex.join(service["command"]) for service in compose["services"].values() if "command" in service]
    begun = [*cluster["head_start_ray_commands"], *cluster["worker_start_ray_commands"]]
    shown = re.findall(r"^    (ray start .*)$", (ROOT / "docs/scale.md").read_text("utf-8"), re.MULTILINE)
    return [words for text in (*started, *begun, *shown) for words in ray_commands(text)]


def test_the_commands_that_start_ray_are_found(compose: dict[str, Any], cluster: dict[str, Any]) -> None:
    assert sum(words[0] == "start" for words in all_ray_commands(compose, cluster)) >= 7


@pytest.mark.prove("ray")
def test_ray_itself_takes_the_commands(compose: dict[str, Any], cluster: dict[str, Any]) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs ray, in an environment of its own: `.ci/run ray` makes it")
    commands = json.dumps(all_ray_commands(compose, cluster))
    subprocess.run([sys.executable, "-c", _PARSE, commands], check=True, timeout=120)
