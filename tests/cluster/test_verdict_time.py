"""The over-replication verdict: by watching, within seconds of the scale."""

from __future__ import annotations

import time
from pathlib import Path

from pytest_hostnet import HostnetCluster, assert_crash_loops, assert_ready_count

WITHIN = 12.0


def test_crash_loop_is_proven_within_12_seconds_of_the_scale(
    hostnet_cluster: HostnetCluster, shipped: Path
) -> None:
    manifest = shipped / "over-replication-crash-loops" / "nginx.yaml"
    with hostnet_cluster.namespace("verdict-time") as namespace:
        pods = namespace.apply(manifest).pods("app=nginx")
        assert_ready_count(pods, 1)
        namespace.scale("deployment/nginx", 2)
        scaled = time.monotonic()
        (crash,) = assert_crash_loops(pods, port=80)
        took = time.monotonic() - scaled
    assert "98" in crash.log_line
    assert crash.failed_exits >= 2
    assert took < WITHIN, f"{took:.1f} s"
