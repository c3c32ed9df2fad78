"""The one place that talks to the API server: requests, watches, and errors made readable."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError

from pytest_hostnet.system.errors import HostnetError

_CONNECT_SECONDS = 5.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ApiError(HostnetError):
    """The API server refused a request, or could not be reached."""

    def __init__(
        self,
        found: str,
        *,
        status: int = 0,
        retry_after: float | None = None,
        next_step: str = "",
    ) -> None:
        """Keep the HTTP status (0: no answer) and the server's Retry-After in seconds."""
        super().__init__(found, next_step=next_step)
        self.status = status
        self.retry_after = retry_after

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later: no answer, 410, 429 or a server error."""
        return self.status in (0, 408, 410, 429) or self.status >= 500


class RefusedError(ApiError):
    """Asking again cannot help: the certificate is of another cluster, or the answer is none."""

    @property
    def transient(self) -> bool:
        """Never: see the class."""
        return False


class Watch:
    """An open watch request: an iterator of events that can be ended from another thread."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        """Take over an answered request whose body has not been read."""
        self._response = response

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each event; a line that is not JSON raises ValueError."""
        rest = b""
        for chunk in self._response.stream(None, decode_content=True):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip():
                    event = json.loads(line)
                    if not isinstance(event, dict):
                        raise ValueError(f"a watch event must be an object, got {line[:80]!r}")
                    yield event

    def end(self) -> None:
        """Stop a read that is under way; safe from any thread, and twice."""
        try:
            self._response.shutdown()
        except (AttributeError, OSError, ValueError, RuntimeError):
            self._response.close()


class Transport:
    """Requests to one API server through the ``kubernetes`` client's own connection set-up."""

    def __init__(self, api_client: Any) -> None:
        """Use ``api_client`` (``kubernetes.client.ApiClient``) for address, TLS and identity."""
        self.api_client = api_client

    @classmethod
    def from_kubeconfig(cls, path: Path, context: str | None = None) -> Transport:
        """Read a kubeconfig with the ``kubernetes`` client, which must exist and be valid."""
        from kubernetes import config as kube_config
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config.config_exception import ConfigException

        settings = Configuration()
        try:
            kube_config.load_kube_config(  # type: ignore[no-untyped-call]
                str(path), context=context, client_configuration=settings, persist_config=False
            )
        except (ConfigException, OSError) as error:
            raise HostnetError(
                f"cannot use kubeconfig {path}: {error}",
                next_step="give --kubeconfig a file that `kubectl --kubeconfig` accepts",
            ) from error
        # Retries are the callers' business: a retry below them would hide a fault and its time.
        settings.retries = False
        if urlsplit(settings.host).hostname in _LOOPBACK:
            settings.proxy = None  # as kubectl: a proxy cannot reach this machine's loopback
        return cls(ApiClient(settings))

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        timeout: float = 30.0,
    ) -> Any:
        """Send one request and decode its JSON; text answers (logs) come back as str.

        Raises ApiError with the server's own words for any status of 400 and above.
        """
        response = self._open(method, path, params, body, content_type, timeout)
        try:
            data = response.data
        except HTTPError as error:
            raise _no_answer(method, path, error) from error
        finally:
            response.release_conn()
        if "json" in response.headers.get("content-type", ""):
            return json.loads(data)
        return data.decode(errors="replace")

    def watch(self, path: str, params: Mapping[str, str], *, read_timeout: float) -> Watch:
        """Open a watch; ``read_timeout`` is the longest silence in seconds before it fails."""
        return Watch(self._open("GET", path, params, None, "application/json", read_timeout))

    def _open(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        read_timeout: float,
    ) -> urllib3.BaseHTTPResponse:
        client = self.api_client
        headers = {"Accept": "application/json, */*", "Content-Type": content_type}
        bearer = client.configuration.auth_settings().get("BearerToken")
        if bearer and bearer["in"] == "header":
            headers[bearer["key"]] = bearer["value"]
        query = f"?{urlencode(dict(params))}" if params else ""
        try:
            response: urllib3.BaseHTTPResponse = client.rest_client.pool_manager.request(
                method,
                client.configuration.host + path + query,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                preload_content=False,
                retries=False,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=read_timeout),
            )
        except (HTTPError, MaxRetryError) as error:
            raise _no_answer(method, path, error) from error
        if response.status >= 400:
            raise _refused(method, path, response)
        return response


def _no_answer(method: str, path: str, error: Exception) -> ApiError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ssl.SSLError, urllib3.exceptions.SSLError)):
            return RefusedError(
                f"{method} {path}: the API server's certificate is not trusted (x509): {cause}",
                next_step="the kubeconfig is of another or an older cluster; write it anew with "
                "`kind export kubeconfig`",
            )
        cause = cause.__cause__ or cause.__context__
    return ApiError(f"{method} {path}: no answer from the API server: {error}")


def _refused(method: str, path: str, response: urllib3.BaseHTTPResponse) -> ApiError:
    text = response.data.decode(errors="replace")
    response.release_conn()
    try:
        text = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        text = text.strip()[:500]
    try:
        retry_after = float(response.headers.get("retry-after", ""))
    except ValueError:
        retry_after = None
    return ApiError(
        f"{method} {path}: {response.status}: {text}",
        status=response.status,
        retry_after=retry_after,
    )
