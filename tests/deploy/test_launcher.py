"""The cluster-launcher files are ones that Ray's launcher and the clouds take."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

ROOT = Path(__file__).parents[2]
FILES = {name: ROOT / "deploy" / f"{name}.yaml" for name in ("aws", "gcp")}
INSTANCE: dict[str, Any] = {
    "$comment": "the fields we use of Compute Engine's instances.insert, v1",
    "type": "object",
    "additionalProperties": False,
    "required": ["machineType", "disks"],
    "properties": {
        "machineType": {"type": "string", "pattern": "^[a-z0-9]+-[a-z]+-[0-9]+$"},
        "disks": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["boot", "initializeParams"],
                "properties": {
                    "boot": {"type": "boolean"},
                    "autoDelete": {"type": "boolean"},
                    "type": {"enum": ["PERSISTENT", "SCRATCH"]},
                    "initializeParams": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "diskSizeGb": {"type": "integer"},
                            "sourceImage": {"type": "string", "pattern": "^projects/.+/images/"},
                        },
                    },
                },
            },
        },
        "scheduling": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "provisioningModel": {"enum": ["SPOT", "STANDARD"]},
                "instanceTerminationAction": {"enum": ["DELETE", "STOP"]},
                "onHostMaintenance": {"enum": ["TERMINATE", "MIGRATE"]},
            },
        },
        "serviceAccounts": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["email", "scopes"],
                "properties": {
                    "email": {"type": "string", "pattern": "^[^@]+@[^@]+$"},
                    "scopes": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


def content(cloud: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILES[cloud].read_text())
    return loaded


def check_by_ray(config: dict[str, Any]) -> dict[str, Any]:
    """What `ray up` makes of a file before it asks the cloud for anything."""
    prepared: dict[str, Any] = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    return prepared


def check_by_aws(node: dict[str, Any]) -> str:
    """What AWS's own description of RunInstances has against a node; empty for nothing."""
    session = pytest.importorskip("botocore.session").get_session()
    validate = pytest.importorskip("botocore.validate").ParamValidator().validate
    shape = session.get_service_model("ec2").operation_model("RunInstances").input_shape
    return str(validate({**node, "MinCount": 1, "MaxCount": 1}, shape).generate_report())


def spot(config: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = config["available_node_types"]["spot_gpu"]
    return found


@pytest.mark.parametrize("cloud", FILES)
def test_ray_takes_the_file(cloud: str) -> None:
    prepared = check_by_ray(content(cloud))
    assert (
        prepared["max_workers"] >= spot(prepared)["max_workers"] >= spot(prepared)["min_workers"]
    )


def misspelt(config: dict[str, Any]) -> None:
    config["max_worker"] = config.pop("max_workers")


def without_head(config: dict[str, Any]) -> None:
    config["head_node_type"] = "heda"


def with_half_a_cpu(config: dict[str, Any]) -> None:
    spot(config)["resources"]["CPU"] = 0.5


def with_unknown_node_setting(config: dict[str, Any]) -> None:
    spot(config)["spot"] = True


def with_few_workers(config: dict[str, Any]) -> None:
    spot(config)["min_workers"] = config["max_workers"] + 1


@pytest.mark.parametrize("cloud", FILES)
@pytest.mark.parametrize(
    "spoil",
    [misspelt, without_head, with_half_a_cpu, with_unknown_node_setting, with_few_workers],
)
def test_ray_refuses_a_spoilt_file(cloud: str, spoil: Callable[[dict[str, Any]], None]) -> None:
    config = content(cloud)
    spoil(config)
    with pytest.raises((jsonschema.ValidationError, ValueError)):
        check_by_ray(config)


def test_aws_takes_every_node() -> None:
    for node in content("aws")["available_node_types"].values():
        assert check_by_aws(node["node_config"]) == ""


def test_aws_refuses_a_spoilt_node() -> None:
    node = spot(content("aws"))["node_config"]
    node["InstanceMarketOptions"] = {"MarketTyp": "spot"}
    assert "MarketTyp" in check_by_aws(node)


def test_google_takes_every_node() -> None:
    for node in content("gcp")["available_node_types"].values():
        jsonschema.validate(node["node_config"], INSTANCE)


def test_google_refuses_a_spoilt_node() -> None:
    node = spot(content("gcp"))["node_config"]
    node["scheduling"] = [{"preemptible": True}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(node, INSTANCE)


@pytest.mark.parametrize("cloud", FILES)
def test_workers_are_spot_machines_and_the_head_is_not(cloud: str) -> None:
    nodes = content(cloud)["available_node_types"]
    bought = {
        name: node["node_config"].get("InstanceMarketOptions", {}).get("MarketType") == "spot"
        or node["node_config"].get("scheduling", {}).get("provisioningModel") == "SPOT"
        for name, node in nodes.items()
    }
    assert bought == {"head": False, "spot_gpu": True}
    assert nodes["head"]["resources"]["CPU"] == 0


@pytest.mark.parametrize("cloud", FILES)
def test_nobody_without_the_token_is_let_in(cloud: str) -> None:
    config = content(cloud)
    assert config["file_mounts"]["/home/ray/.ray/auth_token"] == "~/.ray/auth_token"
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        (start,) = [line for line in config[commands] if "ray start" in line]
        assert start.index("RAY_AUTH_MODE=token") < start.index("ray start")


@pytest.mark.parametrize("cloud", FILES)
def test_what_is_mounted_exists_and_is_all_that_an_installation_needs(cloud: str) -> None:
    mounted = [path for path in content(cloud)["file_mounts"].values() if path[0] != "~"]
    assert all((ROOT / path).exists() for path in mounted)
    files = {"pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md"}
    assert files | {"lab", "search_spaces", "reports"} == set(mounted)
