"""Health checks and metrics: /healthz, /readyz and /metrics."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.models import Album
from app.observability.health import CACHE_SECONDS
from scripts.fixtures import sample_images
from tests.observability.test_metrics import samples
from tests.pichub import House, ask, house

SECRET = "s" * 40


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, metrics=True) as server:
        yield server


async def readiness(server: House) -> tuple[int, dict[str, str]]:
    """Return the status and the result of each check, bypassing the cache."""
    server.services.observability.health.now = lambda: (
        server.services.observability.health._expires_at + CACHE_SECONDS
    )
    response = await server.client.get("/readyz")
    return response.status_code, {
        name: check.get("error", "ok") for name, check in response.json()["checks"].items()
    }


async def test_a_running_server_is_alive_and_ready(server: House) -> None:
    assert (await server.client.get("/healthz")).text == "ok\n"
    response = await server.client.get("/readyz")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    report = response.json()
    assert report["status"] == "ready"
    assert set(report["checks"]) == {"database", "storage", "transforms"}
    assert all(check["status"] == "ok" and check["ms"] >= 0 for check in report["checks"].values())


async def test_a_missing_storage_recovers_without_a_restart(server: House) -> None:
    incoming = server.services.storage.incoming
    incoming.rmdir()
    status, checks = await readiness(server)
    assert (status, checks["storage"], checks["database"]) == (
        503,
        "the folder for incoming files can't be written to",
        "ok",
    )
    incoming.mkdir()
    assert (await readiness(server))[0] == 200


async def test_a_server_is_not_ready_with_pending_migrations(server: House) -> None:
    await Album.raw("DELETE FROM tortoise_migrations WHERE name LIKE '0004%'")
    status, checks = await readiness(server)
    assert (status, checks["database"]) == (503, "1 migrations are to come: run 'pichub migrate'")
    assert (await server.client.get("/healthz")).status_code == 200


async def test_a_database_error_is_reported_without_details(server: House) -> None:
    await Album.raw("DROP TABLE tortoise_migrations")
    status, checks = await readiness(server)
    assert (status, checks["database"]) == (503, "failed; see the log")


async def test_a_stopping_server_is_not_ready(server: House) -> None:
    server.services.observability.health.stop()
    response = await server.client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, "stopping")


async def test_requests_are_counted_by_route_template(server: House) -> None:
    image = await server.upload(sample_images.jpeg(64, 48))
    await server.client.get(f"/img/{image['id']}?w=20")
    await server.client.get(f"/v1/images/{image['id']}", headers=server.headers)
    await server.client.get("/v1/no/such/thing")
    await server.client.get("/no/such/thing")
    await server.client.request("BREW", "/v1/images")
    await ask(server.client, "query Secret { presets { name } }")
    await server.client.post("/graphql", json={"query": "{ none }"})
    page = (await server.client.get("/metrics")).content
    counted = {key[1:] for key in samples(page) if key[0] == "pichub_requests_total"}
    assert {
        ("rest", "POST", "/v1/upload", "2xx"),
        ("pictures", "GET", "/img/{path:path}", "2xx"),
        ("rest", "GET", "/v1/images/{id}", "2xx"),
        ("rest", "GET", "/v1/none", "4xx"),
        ("pages", "GET", "none", "4xx"),
        ("rest", "other", "/v1/images", "4xx"),
        ("graphql", "POST", "query", "2xx"),
        ("graphql", "POST", "none", "2xx"),
    } == counted
    assert image["id"] not in page.decode()
    assert "Secret" not in page.decode()


async def test_uploads_and_transforms_are_counted(server: House) -> None:
    original = sample_images.jpeg(64, 48)
    image = await server.upload(original)
    for _ in range(4):
        await server.client.get(f"/img/{image['id']}?w=20")
    metrics = samples((await server.client.get("/metrics")).content)
    assert metrics["pichub_uploads_total",] == 1
    assert metrics["pichub_upload_bytes_total",] == len(original)
    assert metrics["pichub_transforms_total", "rendered"] == 1
    assert metrics["pichub_transforms_total", "stored"] == 1
    assert (metrics["pichub_cache_hits_total",], metrics["pichub_cache_misses_total",]) == (2, 2)
    assert metrics["pichub_cache_bytes",] > 0
    assert (metrics["pichub_transform_workers_busy",], metrics["pichub_transform_waiting_pixels",]) == (0, 0)
    assert (metrics["pichub_database_connections_in_use",], metrics["pichub_database_waiting",]) == (0, 0)
    assert (metrics["pichub_deliveries_pending",], metrics["pichub_subscriptions",]) == (0, 0)
    assert metrics["pichub_relay_lag_seconds",] > 0, "no worker has processed the event of the upload"
    assert metrics["process_resident_memory_bytes",] > 0


async def test_a_failed_transform_is_counted(server: House) -> None:
    image = await server.upload(sample_images.jpeg(64, 48))
    (original,) = (server.services.settings.data_dir / "storage" / "originals").iterdir()
    original.write_bytes(original.read_bytes()[:200])
    assert (await server.client.get(f"/img/{image['id']}?w=20")).status_code == 422
    assert samples((await server.client.get("/metrics")).content)["pichub_transforms_total", "failed"] == 1


async def test_unavailable_metrics_are_omitted(server: House) -> None:
    await Album.raw("DROP TABLE deliveries")
    response = await server.client.get("/metrics")
    assert response.status_code == 200
    assert ("pichub_deliveries_pending",) not in samples(response.content)
    assert ("pichub_relay_lag_seconds",) in samples(response.content)


async def test_metrics_require_the_configured_token(tmp_path: Path) -> None:
    async with house(tmp_path, metrics=True, metrics_token=SECRET) as server:
        for headers in ({}, {"Authorization": "Bearer wrong"}, server.headers):
            response = await server.client.get("/metrics", headers=headers)
            assert response.status_code == 401
            assert SECRET not in response.text
        response = await server.client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
        assert response.status_code == 200


async def test_responses_contain_no_paths(server: House) -> None:
    shutil.rmtree(server.services.storage.incoming)
    response = await server.client.get("/readyz")
    assert str(server.services.settings.data_dir) not in response.text
    assert not re.search(r"Error|Exception", response.text)
