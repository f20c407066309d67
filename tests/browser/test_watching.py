"""/healthz, /readyz and /metrics, as those who run a server ask for them."""

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
async def home(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, metrics=True) as home:
        yield home


async def ready(home: House) -> tuple[int, dict[str, str]]:
    """The status, and what is said of each part, asked anew."""
    home.services.observability.health.now = lambda: home.services.observability.health._expires_at + CACHE_SECONDS
    answer = await home.client.get("/readyz")
    return answer.status_code, {
        name: part.get("error", "ok") for name, part in answer.json()["checks"].items()
    }


async def test_a_server_that_works_is_alive_and_ready(home: House) -> None:
    assert (await home.client.get("/healthz")).text == "ok\n"
    answer = await home.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["status"] == "ready"
    assert set(told["checks"]) == {"database", "storage", "transforms"}
    assert all(part["status"] == "ok" and part["ms"] >= 0 for part in told["checks"].values())


async def test_a_storage_that_is_gone_is_named_and_comes_back_without_a_restart(home: House) -> None:
    incoming = home.services.storage.incoming
    incoming.rmdir()
    status, parts = await ready(home)
    assert (status, parts["storage"], parts["database"]) == (
        503,
        "the folder for incoming files can't be written to",
        "ok",
    )
    incoming.mkdir()
    assert (await ready(home))[0] == 200


async def test_a_server_is_not_ready_before_its_migrations_are_in(home: House) -> None:
    await Album.raw("DELETE FROM tortoise_migrations WHERE name LIKE '0004%'")
    status, parts = await ready(home)
    assert (status, parts["database"]) == (503, "1 migrations are to come: run 'pichub migrate'")
    assert (await home.client.get("/healthz")).status_code == 200


async def test_a_database_that_does_not_work_is_told_without_its_words(home: House) -> None:
    await Album.raw("DROP TABLE tortoise_migrations")
    status, parts = await ready(home)
    assert (status, parts["database"]) == (503, "failed; see the log")


async def test_a_server_that_stops_says_so(home: House) -> None:
    home.services.observability.health.stop()
    answer = await home.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "stopping")


async def test_requests_are_counted_by_templates_and_never_by_what_was_asked(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    await home.client.get(f"/img/{image['id']}?w=20")
    await home.client.get(f"/v1/images/{image['id']}", headers=home.headers)
    await home.client.get("/v1/no/such/thing")
    await home.client.get("/no/such/thing")
    await home.client.request("BREW", "/v1/images")
    await ask(home.client, "query Secret { presets { name } }")
    await home.client.post("/graphql", json={"query": "{ none }"})
    page = (await home.client.get("/metrics")).content
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


async def test_uploads_and_transforms_are_counted(home: House) -> None:
    picture = sample_images.jpeg(64, 48)
    image = await home.upload(picture)
    for _ in range(4):
        await home.client.get(f"/img/{image['id']}?w=20")
    seen = samples((await home.client.get("/metrics")).content)
    assert seen["pichub_uploads_total",] == 1
    assert seen["pichub_upload_bytes_total",] == len(picture)
    assert seen["pichub_transforms_total", "rendered"] == 1
    assert seen["pichub_transforms_total", "stored"] == 1
    assert (seen["pichub_cache_hits_total",], seen["pichub_cache_misses_total",]) == (2, 2)
    assert seen["pichub_cache_bytes",] > 0
    assert (seen["pichub_transform_workers_busy",], seen["pichub_transform_waiting_pixels",]) == (0, 0)
    assert (seen["pichub_database_connections_in_use",], seen["pichub_database_waiting",]) == (0, 0)
    assert (seen["pichub_deliveries_pending",], seen["pichub_subscriptions",]) == (0, 0)
    assert seen["pichub_relay_lag_seconds",] > 0, "no worker runs here, and the upload is an event"
    assert seen["process_resident_memory_bytes",] > 0


async def test_a_transform_of_what_can_not_be_read_is_counted_as_failed(home: House) -> None:
    image = await home.upload(sample_images.jpeg(64, 48))
    (original,) = (home.services.settings.data_dir / "storage" / "originals").iterdir()
    original.write_bytes(original.read_bytes()[:200])
    assert (await home.client.get(f"/img/{image['id']}?w=20")).status_code == 422
    assert samples((await home.client.get("/metrics")).content)["pichub_transforms_total", "failed"] == 1


async def test_what_can_not_be_read_now_is_left_out_of_the_metrics(home: House) -> None:
    await Album.raw("DROP TABLE deliveries")
    answer = await home.client.get("/metrics")
    assert answer.status_code == 200
    assert ("pichub_deliveries_pending",) not in samples(answer.content)
    assert ("pichub_relay_lag_seconds",) in samples(answer.content)


async def test_metrics_may_want_a_token(tmp_path: Path) -> None:
    async with house(tmp_path, metrics=True, metrics_token=SECRET) as home:
        for headers in ({}, {"Authorization": "Bearer wrong"}, home.headers):
            answer = await home.client.get("/metrics", headers=headers)
            assert answer.status_code == 401
            assert SECRET not in answer.text
        answer = await home.client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
        assert answer.status_code == 200


async def test_no_answer_of_those_who_watch_shows_a_path(home: House) -> None:
    shutil.rmtree(home.services.storage.incoming)
    answer = await home.client.get("/readyz")
    assert str(home.services.settings.data_dir) not in answer.text
    assert not re.search(r"Error|Exception", answer.text)
