"""A namespace of one scenario or test: what is applied, watched and, at the end, removed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.manifests.apply import Applier
from pytest_hostnet.manifests.images import ImageMap
from pytest_hostnet.manifests.load import Manifest, ManifestLike, load
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import PODS, SERVICE_ACCOUNTS, Obj, name_of
from pytest_hostnet.watching.observer import Decided, Observer, Pending
from pytest_hostnet.watching.selectors import EVERYTHING, Selector
from pytest_hostnet.watching.transport import ApiError

if TYPE_CHECKING:
    from pytest_hostnet.cluster.kind import HostnetCluster

_PODS_GONE_SECONDS = 60.0
_USABLE_SECONDS = 30.0
_GRACE_SECONDS = 1
_SCALABLE = {
    "deployment": "deployments",
    "replicaset": "replicasets",
    "statefulset": "statefulsets",
}


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods of a namespace that a label selector matches, now and later."""

    namespace: Namespace
    selector: Selector

    def now(self) -> list[Obj]:
        """Return the matching pods as last observed, by name."""
        observer = self.namespace.observer
        observer.watch(PODS)
        return observer.store.select(PODS, self.namespace.name, self.selector)

    def __str__(self) -> str:
        """Name the selection as an error would."""
        return f"pods {self.selector.text or '(all)'} in namespace {self.namespace.name}"


class Namespace:
    """A Kubernetes namespace that this run created, with everything in it.

    ``close()`` (or leaving a ``with`` block) removes it and returns once its pods are gone,
    so that the host ports they held are free for whoever comes next.
    """

    def __init__(
        self, cluster: HostnetCluster, name: str, images: ImageMap, findings: list[Finding]
    ) -> None:
        """Use ``create``; this only keeps the parts."""
        self.cluster = cluster
        self.name = name
        self.started = cluster.observer.clock()
        self.findings = findings
        """What the assertion helpers find here, for the report."""
        self.cleanup = ExitStack()
        """What else must be undone at the end, such as firewall rules; last in, first out."""
        self._images = images
        self._applier = Applier(cluster.observer.transport, cluster.path / "discovery.json")

    @classmethod
    def create(
        cls, cluster: HostnetCluster, name: str, images: ImageMap, findings: list[Finding]
    ) -> Self:
        """Create the namespace and wait until pods may be created in it."""
        namespace = cls(cluster, name, images, findings)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        observer = cluster.observer
        observer.watch(PODS, SERVICE_ACCOUNTS)
        observer.transport.request("POST", "/api/v1/namespaces", body=body)

        def decide() -> Decided[None] | Pending:
            found = observer.store.select(SERVICE_ACCOUNTS, name, EVERYTHING)
            return Decided(None) if found else Pending("no ServiceAccount in it")

        deadline = Deadline(_USABLE_SECONDS, clock=observer.clock)
        answer = observer.wait(decide, deadline=deadline, kinds=(SERVICE_ACCOUNTS,), namespace=name)
        if not isinstance(answer, Decided):
            namespace.close()
            raise HostnetError(
                f"namespace {name} is not usable after {_USABLE_SECONDS:g} s: {answer}",
                expected="the ServiceAccount that pods need; is the controller manager running?",
            )
        return namespace

    @property
    def observer(self) -> Observer:
        """The cluster's shared streams."""
        return self.cluster.observer

    def apply(self, manifest: ManifestLike) -> Self:
        """Apply every object of a manifest (a path, YAML text or objects), in order.

        Image stand-ins are put in. Cluster-scoped objects are removed with the namespace.
        Raises SourceError for a bad file, ApplyError for what the API server refuses.
        """
        manifests = load(manifest)
        for one in manifests:
            self._applier.check(one)
        for one in manifests:
            obj = self._images.put_in(one.obj)
            resource = self._applier.apply(Manifest(obj, one.source), self.name)
            if not resource.namespaced:
                self.cleanup.callback(self._applier.remove, resource, obj["metadata"]["name"])
        return self

    def pods(self, selector: str = "") -> Pods:
        """Select pods by label, in kubectl's syntax; empty selects all."""
        return Pods(self, Selector.parse(selector))

    def scale(self, workload: str, replicas: int) -> Self:
        """Set the replicas of ``deployment/NAME`` (or replicaset, statefulset)."""
        kind, slash, name = workload.partition("/")
        plural = _SCALABLE.get(kind.lower())
        if not slash or plural is None:
            raise HostnetError(
                f"cannot scale {workload!r}",
                expected="deployment/NAME, replicaset/NAME or statefulset/NAME",
            )
        self.observer.transport.request(
            "PATCH",
            f"/apis/apps/v1/namespaces/{self.name}/{plural}/{name}/scale",
            body={"spec": {"replicas": replicas}},
            content_type="application/merge-patch+json",
        )
        return self

    def delete_pod(self, name: str) -> Self:
        """Delete one pod with a short grace period."""
        self.observer.transport.request(
            "DELETE",
            f"/api/v1/namespaces/{self.name}/pods/{name}",
            body={"gracePeriodSeconds": _GRACE_SECONDS},
        )

        def decide() -> Decided[None] | Pending:
            found = [pod for pod in self.pods().now() if name_of(pod) == name]
            going = all(pod["metadata"].get("deletionTimestamp") for pod in found)
            return Decided(None) if going else Pending(f"pod {name} is not being deleted")

        deadline = Deadline(_USABLE_SECONDS, clock=self.observer.clock)
        # What is asserted next must not be judged on the state before the deletion.
        self.observer.wait(decide, deadline=deadline, kinds=(PODS,), namespace=self.name)
        return self

    def close(self) -> None:
        """Remove the namespace and wait until its pods, and so their ports, are gone.

        Raises HostnetError naming the pods that are still there after a minute.
        """
        with self.cleanup:
            path = f"/api/v1/namespaces/{self.name}"
            try:
                # Namespace first: in a terminating namespace no controller can replace the pods.
                self.observer.transport.request("DELETE", path)
                self.observer.transport.request(
                    "DELETE", f"{path}/pods", body={"gracePeriodSeconds": _GRACE_SECONDS}
                )
            except ApiError as error:
                if error.status != 404:  # somebody else deleted it: as wished
                    raise
            self._wait_until_empty()

    def _wait_until_empty(self) -> None:
        def decide() -> Decided[None] | Pending:
            left = self.observer.store.select(PODS, self.name, EVERYTHING)
            names = ", ".join(
                name_of(p)
                + (
                    f" (finalizers {p['metadata']['finalizers']})"
                    if p["metadata"].get("finalizers")
                    else ""
                )
                for p in left
            )
            return Pending(names) if left else Decided(None)

        deadline = Deadline(_PODS_GONE_SECONDS, clock=self.observer.clock)
        answer = self.observer.wait(decide, deadline=deadline, kinds=(PODS,), namespace=self.name)
        if isinstance(answer, Pending):
            raise HostnetError(
                f"pods of namespace {self.name} are still there after "
                f"{_PODS_GONE_SECONDS:g} s: {answer.mismatch}",
                expected="every pod gone, and with it its host ports",
            )

    def __enter__(self) -> Self:
        """Return the namespace itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; see ``close``. What then fails is a note on the error that came first."""
        try:
            self.close()
        except Exception as also:
            if error is None:
                raise
            error.add_note(f"and then, in the clean-up: {also}")
