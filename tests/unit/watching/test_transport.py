"""Requests, refusals and certificates."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trustme
from fakes.api_server import ApiServer, Reply
from fakes.kubeconfig import write_kubeconfig

from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import PODS
from pytest_hostnet.watching.observer import Observer, Pending
from pytest_hostnet.watching.transport import ApiError, RefusedError, Transport


def test_json_comes_back_decoded_and_text_as_text(server: ApiServer, transport: Transport) -> None:
    server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))
    server.expects("GET", "/log", Reply(body="line 1\nline 2\n"))
    assert transport.request("GET", "/version") == {"gitVersion": "v1.37.2"}
    assert transport.request("GET", "/log") == "line 1\nline 2\n"


def test_query_and_body_are_sent(server: ApiServer, transport: Transport) -> None:
    server.expects("PATCH", "/scale", Reply(query={"dryRun": "All"}))
    transport.request("PATCH", "/scale", params={"dryRun": "All"}, body={"replicas": 2})
    assert server.requests[0].body == {"replicas": 2}


def test_a_refusal_keeps_status_words_and_retry_after(
    server: ApiServer, transport: Transport
) -> None:
    server.expects("GET", "/x", Reply(429, {"message": "slow down"}, {"Retry-After": "7"}))
    with pytest.raises(ApiError) as caught:
        transport.request("GET", "/x")
    error = caught.value
    assert (str(error), error.status, error.retry_after) == ("GET /x: 429: slow down", 429, 7)


def test_a_refusal_in_plain_text_is_shown_as_it_is(server: ApiServer, transport: Transport) -> None:
    server.expects("GET", "/x", Reply(502, "bad gateway\n", {"Retry-After": "tomorrow"}))
    with pytest.raises(ApiError, match=r"^GET /x: 502: bad gateway$") as caught:
        transport.request("GET", "/x")
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("status", "transient"),
    [(0, True), (408, True), (410, True), (429, True), (500, True), (503, True)]
    + [(status, False) for status in (400, 401, 403, 404, 409, 422)],
)
def test_only_what_may_pass_is_transient(status: int, transient: bool) -> None:
    assert ApiError("x", status=status).transient is transient
    assert not RefusedError("x", status=status).transient


def test_a_proxy_is_not_asked_for_this_machines_loopback(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.expects("GET", "/version", Reply(body={}))
    transport = Transport.from_kubeconfig(write_kubeconfig(tmp_path / "k", server.url))
    assert transport.request("GET", "/version") == {}
    transport.api_client.rest_client.pool_manager.clear()


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = ApiServer()
    gone.close()
    transport = Transport.from_kubeconfig(write_kubeconfig(tmp_path / "k", gone.url))
    with pytest.raises(ApiError, match="GET /version: no answer from the API server") as caught:
        transport.request("GET", "/version")
    assert caught.value.transient


def test_a_broken_kubeconfig_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("{}")
    with pytest.raises(HostnetError) as caught:
        Transport.from_kubeconfig(path, context="kind-x")
    assert str(caught.value).startswith(f"cannot use kubeconfig {path}: ")
    assert "give --kubeconfig a file that `kubectl --kubeconfig` accepts" in str(caught.value)


class TestCertificates:
    authority = trustme.CA()

    @pytest.fixture
    def server(self, tmp_path: Path):
        identity = tmp_path / "identity.pem"
        self.authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            identity
        )
        api = ApiServer(identity)
        yield api
        api.close()
        assert api.unexpected == []

    def transport(self, server: ApiServer, tmp_path: Path, authority: trustme.CA) -> Transport:
        text = authority.cert_pem.bytes().decode()
        path = write_kubeconfig(tmp_path / "kubeconfig", server.url, authority=text)
        return Transport.from_kubeconfig(path)

    def test_the_right_authority_is_accepted(self, server: ApiServer, tmp_path: Path) -> None:
        server.expects("GET", "/version", Reply(body={}))
        transport = self.transport(server, tmp_path, self.authority)
        assert transport.request("GET", "/version") == {}
        transport.api_client.rest_client.pool_manager.clear()

    def test_another_authority_is_named_and_not_tried_again(
        self, server: ApiServer, tmp_path: Path
    ) -> None:
        observer = Observer(self.transport(server, tmp_path, trustme.CA()))
        started = time.monotonic()
        with pytest.raises(RefusedError, match="x509") as caught:
            observer.wait(lambda: Pending("no"), deadline=Deadline(30), kinds=(PODS,))
        assert time.monotonic() - started < 2
        assert "`kind export kubeconfig`" in caught.value.next_step
        time.sleep(0.5)
        assert (server.connections, server.requests) == (1, [])
        observer.close()
