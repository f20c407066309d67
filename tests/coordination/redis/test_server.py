"""Tests of a whole PicHub with a Redis, and with one that is unavailable."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.fixtures import sample_images
from scripts.fixtures.servers.valkey import ValkeyServer, running_valkey
from tests.observability.test_metrics import samples
from tests.pichub import house, until

UNAVAILABLE_URL = "redis://127.0.0.1:1/0"


async def test_a_server_starts_and_serves_without_its_redis(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, redis_url=UNAVAILABLE_URL, metrics=True, limit_api="60/minute") as built:
        image = await built.upload(sample_images.png())
        for _ in range(3):
            assert (await built.client.get(f"/img/{image['id']}?w=20")).status_code == 200
        response = await built.client.delete(f"/v1/images/{image['id']}", headers=built.headers)
        assert response.headers["x-ratelimit-remaining"] == "58"
        assert (await built.client.get(f"/img/{image['id']}?w=20")).status_code == 404
        metrics = samples((await built.client.get("/metrics")).content)
        assert metrics["pichub_redis_up",] == 0
        assert metrics["pichub_redis_fallbacks_total", "limits"] == 2
        assert metrics["pichub_redis_fallbacks_total", "marks"] == 1
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1, lines
    assert lines[0].startswith("Redis can't be reached")


async def test_a_stopped_server_leaves_no_connections(tmp_path: Path) -> None:
    with running_valkey() as server:
        async with house(tmp_path, redis_url=server.url) as built:
            redis = built.services.coordination.redis
            assert redis is not None
            await until(lambda: redis.subscription.is_current)
            await built.upload(sample_images.png())
            assert count_connections(server) == 2, "one for commands and one for the subscription"
        await until(lambda: count_connections(server) == 0)


def count_connections(server: ValkeyServer) -> int:
    """Return the number of connections, without the one of this command."""
    return server.command("CLIENT", "LIST").count(b" addr=") - 1


def test_the_redis_package_is_not_imported_at_startup() -> None:
    program = "import sys, app.asgi, app.cli, app.lifespan, app.jobs.worker; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
