"""The kinds that can be watched, and how the API names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Obj = dict[str, Any]
"""A Kubernetes object as decoded JSON. Raw on purpose: typed models cost 30 times the time."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One watchable collection."""

    name: str
    path: str
    """Path of the collection over all namespaces."""


PODS = Kind("Pod", "/api/v1/pods")
EVENTS = Kind("Event", "/api/v1/events")
NODES = Kind("Node", "/api/v1/nodes")
SERVICE_ACCOUNTS = Kind("ServiceAccount", "/api/v1/serviceaccounts")
ENDPOINT_SLICES = Kind("EndpointSlice", "/apis/discovery.k8s.io/v1/endpointslices")


def name_of(obj: Obj) -> str:
    """Return ``metadata.name``."""
    return str(obj["metadata"]["name"])


def namespace_of(obj: Obj) -> str:
    """Return ``metadata.namespace``; empty for cluster-scoped objects."""
    return str(obj["metadata"].get("namespace", ""))


def uid_of(obj: Obj) -> str:
    """Return ``metadata.uid``."""
    return str(obj["metadata"].get("uid", ""))
