"""JSON schemas of RayCluster and RayJob, made from KubeRay's custom resource definitions.

    python -m tests.deploy.extract_kuberay_schema CRDS OUT

CRDS is `helm-chart/kuberay-operator/crds` of a checkout of https://github.com/ray-project/kuberay
at the tag that `SCHEMA` names. Descriptions, status and what has no meaning outside a cluster are
left out, equal parts are written once, and unknown fields are refused, as `kubectl apply` does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

SCHEMA = Path(__file__).with_name("kuberay-v1.7.0.schema.json")
LEFT_OUT = ("description", "default", "format")


def strict(node: Any) -> Any:
    """An OpenAPI v3 structural schema as a JSON schema that refuses unknown fields."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    kept = {
        key: {name: strict(field) for name, field in value.items()}
        if key == "properties"
        else strict(value)
        for key, value in node.items()
        if key not in LEFT_OUT and not key.startswith("x-kubernetes")
    }
    open_ended = node.get("x-kubernetes-preserve-unknown-fields", False)
    if "properties" in kept and "additionalProperties" not in kept and not open_ended:
        kept["additionalProperties"] = False
    return kept


def resource(crds: Path, kind: str) -> dict[str, Any]:
    """The strict schema of one resource in version v1, without its status."""
    definition = yaml.safe_load((crds / f"ray.io_{kind.lower()}s.yaml").read_text())
    (version,) = [found for found in definition["spec"]["versions"] if found["name"] == "v1"]
    schema: dict[str, Any] = strict(version["schema"]["openAPIV3Schema"])
    schema["properties"].pop("status")
    schema["properties"]["kind"] = {"const": kind}
    schema["properties"]["apiVersion"] = {"const": "ray.io/v1"}
    schema["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return schema


def shared(cluster: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Both resources, with pods, containers and the cluster's spec written once."""
    spec = cluster["properties"]["spec"]
    pod = spec["properties"]["headGroupSpec"]["properties"]["template"]
    pod_spec = pod["properties"]["spec"]["properties"]
    container = pod_spec["containers"]["items"]
    parts = {"container": container, "pod": pod, "clusterSpec": spec}
    pod_spec.pop("ephemeralContainers")

    def referring(node: Any, within: str | None = None) -> Any:
        for name, part in parts.items():
            if name != within and _same(node, part):
                return {"$ref": f"#/$defs/{name}"}
        if isinstance(node, dict):
            return {key: referring(value) for key, value in node.items()}
        return [referring(item) for item in node] if isinstance(node, list) else node

    return {
        "$comment": "From KubeRay v1.7.0 (Apache-2.0), see THIRD_PARTY.md; made by "
        "tests/deploy/extract_kuberay_schema.py",
        "$defs": {name: referring(part, within=name) for name, part in parts.items()}
        | {"RayCluster": referring(cluster), "RayJob": referring(job)},
    }


def _same(node: Any, part: Any) -> bool:
    """Whether two parts are equal but for what was left out of one of them."""

    def trimmed(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {k: trimmed(v) for k, v in tree.items() if k != "ephemeralContainers"}
        return [trimmed(item) for item in tree] if isinstance(tree, list) else tree

    return isinstance(node, dict) and node.keys() == part.keys() and trimmed(node) == trimmed(part)


def main(crds: Path, out: Path) -> None:
    """Write the schemas."""
    schema = shared(resource(crds, "RayCluster"), resource(crds, "RayJob"))
    out.write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
