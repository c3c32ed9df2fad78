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
            own = obj["metadata"].get("namespace")
            if own not in (None, namespace):
                raise HostnetError(
                    f"{manifest.source}: {manifest.title} names namespace {own!r}",
                    expected="no metadata.namespace: every scenario has a namespace of its own",
                    next_step="remove metadata.namespace from the manifest",
                )
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
