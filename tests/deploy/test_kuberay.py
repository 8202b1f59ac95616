"""The Kubernetes files are ones that KubeRay's resource definitions take."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lab.cli import OPTIONS
from lab.engine.options import SearchOptions
from tests.deploy.extract_kuberay_schema import SCHEMA

FILES = {
    kind: Path(__file__).parents[2] / "deploy" / "kuberay" / f"{kind.lower()}.yaml"
    for kind in ("RayCluster", "RayJob")
}


def resources(kind: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(FILES[kind].read_text()))


def main_resource(kind: str) -> dict[str, Any]:
    (found,) = [resource for resource in resources(kind) if resource["kind"] == kind]
    return found


def cluster_spec(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = main_resource(kind)["spec"]
    return spec if kind == "RayCluster" else dict(spec["rayClusterSpec"])


def check(resource: dict[str, Any]) -> None:
    """Raise jsonschema.ValidationError for what KubeRay's resource definitions refuse."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(resource, {**schema, "$ref": f"#/$defs/{resource['kind']}"})


@pytest.mark.parametrize("kind", FILES)
def test_kuberay_takes_the_file(kind: str) -> None:
    check(main_resource(kind))


def with_unknown_field(spec: dict[str, Any]) -> None:
    spec["workerGroupSpecs"][0]["maxReplica"] = 3


def with_number_as_parameter(spec: dict[str, Any]) -> None:
    spec["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0


def without_template(spec: dict[str, Any]) -> None:
    del spec["headGroupSpec"]["template"]


def with_misspelt_container(spec: dict[str, Any]) -> None:
    spec["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["volumeMount"] = []


def with_unknown_authentication(spec: dict[str, Any]) -> None:
    spec["authOptions"]["mode"] = "password"


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    "spoil",
    [
        with_unknown_field,
        with_number_as_parameter,
        without_template,
        with_misspelt_container,
        with_unknown_authentication,
    ],
)
def test_kuberay_refuses_a_spoilt_file(kind: str, spoil: Callable[[dict[str, Any]], None]) -> None:
    resource = main_resource(kind)
    spec = resource["spec"]
    spoil(spec if kind == "RayCluster" else spec["rayClusterSpec"])
    with pytest.raises(jsonschema.ValidationError):
        check(resource)


def test_a_job_makes_the_cluster_that_the_other_file_makes() -> None:
    assert cluster_spec("RayJob") == cluster_spec("RayCluster")


@pytest.mark.parametrize("kind", FILES)
def test_all_nodes_share_one_volume_that_many_may_write(kind: str) -> None:
    (claim,) = [found for found in resources(kind) if found["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    spec = cluster_spec(kind)
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        claims = {
            volume["name"]: volume["persistentVolumeClaim"]["claimName"]
            for volume in pod["volumes"]
        }
        (mount,) = pod["containers"][0]["volumeMounts"]
        assert claims[mount["name"]] == claim["metadata"]["name"]
        assert mount["mountPath"] == "/studies"


@pytest.mark.parametrize("kind", FILES)
def test_nobody_is_root_and_nobody_without_the_token_is_let_in(kind: str) -> None:
    spec = cluster_spec(kind)
    assert spec["authOptions"] == {"mode": "token"}
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        assert group["template"]["spec"]["securityContext"]["runAsNonRoot"] is True


def test_the_job_asks_for_a_search_that_its_cluster_can_hold() -> None:
    import tyro

    command, storage, name, *args = shlex.split(main_resource("RayJob")["spec"]["entrypoint"])
    assert (command, storage) == ("search-or-resume", "/studies")
    assert name.isidentifier()
    with OPTIONS:
        options = tyro.cli(SearchOptions, args=args)
    options.check()
    (group,) = cluster_spec("RayJob")["workerGroupSpecs"]
    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert options.cpus_per_worker is not None
    assert options.cpus_per_worker <= int(limits["cpu"])
    num_workers = int(options.workers or 1) * int(options.concurrent or 1)
    assert num_workers * float(options.gpus_per_worker or 1) <= group["maxReplicas"]
    assert group["minReplicas"] >= 1, "a search starts only where a run fits"
