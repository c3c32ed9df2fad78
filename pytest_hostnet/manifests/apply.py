"""Server-side apply of objects into one namespace, through the kubernetes dynamic client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_hostnet.manifests.load import Manifest
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.transport import Transport

if TYPE_CHECKING:
    from kubernetes.dynamic import DynamicClient

FIELD_MANAGER = "pytest-hostnet"


class ApplyError(HostnetError):
    """The API server refused an object; its own words are kept whole in ``reason``."""

    def __init__(self, found: str, *, status: int, reason: str, next_step: str = "") -> None:
        """Keep the HTTP status and the server's message."""
        super().__init__(found, next_step=next_step)
        self.status = status
        self.reason = reason


class Applier:
    """Applies manifests to one cluster; discovery is cached in ``cache`` for its life."""

    def __init__(self, transport: Transport, cache: Path) -> None:
        """``cache`` is a file that this object may write."""
        self._transport = transport
        self._cache = cache
        self._client: DynamicClient | None = None

    def apply(self, manifest: Manifest, namespace: str) -> Any:
        """Apply one object; namespaced kinds go into ``namespace``. Returns the API resource.

        Raises ApplyError with the server's words (an admission denial, an immutable field, an
        unknown kind), prefixed with the manifest's file and line.
        """
        from kubernetes.client.exceptions import ApiException

        resource = self.resource(manifest)
        obj = manifest.obj
        if resource.namespaced:
            obj = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
        try:
            resource.server_side_apply(
                body=obj,
                name=obj["metadata"]["name"],
                namespace=namespace if resource.namespaced else None,
                field_manager=FIELD_MANAGER,
            )
        except ApiException as error:
            raise self._refused(manifest, error) from error
        return resource

    def check(self, manifest: Manifest) -> None:
        """Refuse what must not be applied, before anything is.

        Raises HostnetError for an object of another namespace, and for a cluster-scoped object
        that exists already: the clean-up would delete what somebody else made.
        """
        name, own = manifest.obj["metadata"]["name"], manifest.obj["metadata"].get("namespace")
        if own is not None:
            raise HostnetError(
                f"{manifest.source}: {manifest.title} names namespace {own!r}",
                expected="no metadata.namespace: every scenario has a namespace of its own",
                next_step="remove metadata.namespace from the manifest",
            )
        try:
            resource = self.resource(manifest)
        except ApplyError:
            return  # a kind that an earlier object of the same manifest may define
        if not resource.namespaced and self._exists(resource, name):
            raise HostnetError(
                f"{manifest.source}: {manifest.title} exists already, and is not a scenario's own",
                expected="a cluster-scoped object with a name that is free",
                next_step="give it another name, or use a fresh cluster",
            )

    def remove(self, resource: Any, name: str) -> None:
        """Delete a cluster-scoped object that this run applied; one that is gone is as wished."""
        from kubernetes.client.exceptions import ApiException

        try:
            resource.delete(name=name)
        except ApiException as error:
            if error.status != 404:
                raise HostnetError(f"cannot delete {resource.kind}/{name}: {error}") from error

    def _exists(self, resource: Any, name: str) -> bool:
        from kubernetes.client.exceptions import ApiException

        try:
            resource.get(name=name)
        except ApiException as error:
            if error.status == 404:
                return False
            raise HostnetError(f"cannot read {resource.kind}/{name}: {error}") from error
        return True

    def resource(self, manifest: Manifest) -> Any:
        """Find the API resource of a kind. Raises ApplyError (404) when the server has none."""
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        api_version, kind = manifest.obj["apiVersion"], manifest.obj["kind"]
        try:
            return self._dynamic().resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError as error:
            raise ApplyError(
                f"{manifest.source}: {manifest.title}: 404: the API server knows no {kind} in "
                f"{api_version}",
                status=404,
                reason=str(error),
                next_step="check apiVersion and kind, or apply the CustomResourceDefinition first",
            ) from error

    def _dynamic(self) -> DynamicClient:
        if self._client is None:
            from kubernetes.dynamic import DynamicClient

            self._client = DynamicClient(  # type: ignore[no-untyped-call]
                self._transport.api_client, cache_file=str(self._cache)
            )
        return self._client

    def _refused(self, manifest: Manifest, error: Any) -> ApplyError:
        import json

        try:
            reason = json.loads(error.body)["message"]
        except (TypeError, ValueError, KeyError):
            reason = str(error.body or error.reason)
        return ApplyError(
            f"{manifest.source}: {manifest.title}: {error.status}: {reason}",
            status=int(error.status or 0),
            reason=reason,
        )
