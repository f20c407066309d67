"""A whole PicHub with a Redis, and with one that is not there."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.fixtures import sample_images
from scripts.fixtures.servers.valkey import ValkeyServer, running_valkey
from tests.observability.test_metrics import samples
from tests.pichub import house, until

NOBODY = "redis://127.0.0.1:1/0"


async def test_a_server_whose_redis_is_not_there_starts_says_so_and_serves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path, redis_url=NOBODY, metrics=True, limit_api="60/minute") as built:
        image = await built.upload(sample_images.png())
        for _ in range(3):
            assert (await built.client.get(f"/img/{image['id']}?w=20")).status_code == 200
        answer = await built.client.delete(f"/v1/images/{image['id']}", headers=built.headers)
        assert answer.headers["x-ratelimit-remaining"] == "58"
        assert (await built.client.get(f"/img/{image['id']}?w=20")).status_code == 404
        seen = samples((await built.client.get("/metrics")).content)
        assert seen["pichub_redis_up",] == 0
        assert seen["pichub_redis_fallbacks_total", "limits"] == 2
        assert seen["pichub_redis_fallbacks_total", "marks"] == 1
    said = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(said) == 1, said
    assert said[0].startswith("Redis can't be reached")


async def test_nothing_of_a_server_is_left_at_its_redis_when_it_ends(tmp_path: Path) -> None:
    with running_valkey() as server:
        async with house(tmp_path, redis_url=server.url) as built:
            redis = built.services.coordination.redis
            assert redis is not None
            await until(lambda: redis.subscription.is_current)
            await built.upload(sample_images.png())
            assert connections(server) == 2, "one that asks and one that listens"
        await until(lambda: connections(server) == 0)


def connections(server: ValkeyServer) -> int:
    """How many it has, besides the one by which this is asked."""
    return server.command("CLIENT", "LIST").count(b" addr=") - 1


def test_who_has_no_redis_does_not_pay_for_the_package() -> None:
    program = "import sys, app.asgi, app.cli, app.lifespan, app.jobs.worker; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
