"""The routes of webhooks."""

from typing import Any

import httpx2

from tests.pichub import House
from tests.receivers import run_receiver
from tests.webhooks.harness import WebhookHarness

SOMEWHERE = "https://93.184.216.34/hook"
FIELDS = ["id", "url", "description", "events", "is_active", "disabled_reason", "created_at", "updated_at"]


async def ask(home: House, method: str, path: str, **request: Any) -> httpx2.Response:
    return await home.client.request(method, f"/v1{path}", headers=home.headers, **request)


async def made(home: House, **words: Any) -> httpx2.Response:
    return await ask(
        home, "POST", "/webhooks", json={"url": SOMEWHERE, "events": ["image.uploaded"], **words}
    )


async def test_create_is_201_with_location_and_secret(home: House) -> None:
    response = await made(home, description="Mine")
    assert response.status_code == 201
    data = response.json()["data"]
    assert list(data) == [*FIELDS, "secret"]
    assert response.headers["location"] == f"{home.url}/v1/webhooks/{data['id']}"
    assert data["created_at"].endswith("Z")
    fetched = await ask(home, "GET", f"/webhooks/{data['id']}")
    assert list(fetched.json()["data"]) == FIELDS
    for path in (f"/webhooks/{data['id']}", "/webhooks"):
        assert data["secret"] not in (await ask(home, "GET", path)).text


async def test_webhooks_are_paged(home: House) -> None:
    await made(home)
    response = (await ask(home, "GET", "/webhooks", params={"per_page": 1})).json()
    assert len(response["data"]) == response["meta"]["per_page"] == 1
    assert response["meta"]["total"] >= 1


async def test_update_rotate_ping_and_delete(home: House) -> None:
    webhook = (await made(home)).json()["data"]
    path = f"/webhooks/{webhook['id']}"
    changed = await ask(home, "PATCH", path, json={"is_active": False})
    assert (changed.status_code, changed.json()["data"]["is_active"]) == (200, False)
    rotated = await ask(home, "POST", f"{path}/rotate-secret")
    assert rotated.status_code == 200
    assert rotated.json()["data"]["secret"].startswith("whsec_")
    assert rotated.json()["data"]["secret"] != webhook["secret"]
    tested = await ask(home, "POST", f"{path}/test")
    assert (tested.status_code, tested.json()["data"]["id"]) == (202, webhook["id"])
    deleted = await ask(home, "DELETE", path)
    assert deleted.json()["data"] == {"id": webhook["id"], "deleted": True}
    assert (await ask(home, "DELETE", path)).status_code == 404


async def test_deliveries_have_their_attempts(home: House) -> None:
    harness = await WebhookHarness.create(home)
    async with run_receiver() as receiver:
        receiver.respond_with(500, "no")
        webhook = await harness.webhook(receiver.url)
        (event,) = await harness.record_events()
        await harness.relay_and_send()
    path = f"/webhooks/{webhook.id}/deliveries"
    response = await ask(home, "GET", path)
    (delivery,) = response.json()["data"]
    (attempt,) = delivery.pop("attempts")
    assert list(delivery) == [
        "id",
        "webhook_id",
        "event_id",
        "event",
        "status",
        "next_attempt_at",
        "created_at",
    ]
    assert (delivery["event_id"], delivery["event"], delivery["status"]) == (
        event.id,
        "album.created",
        "pending",
    )
    assert attempt.pop("time").endswith("Z")
    assert attempt.pop("duration_ms") >= 0
    assert attempt == {"outcome": "refused", "status": 500, "reason": None, "response_excerpt": "no"}
    again = await ask(home, "POST", f"{path}/{delivery['id']}/redeliver")
    assert (again.status_code, again.json()["data"]["id"]) == (202, delivery["id"])
    elsewhere = await harness.webhook(SOMEWHERE)
    wrong = await ask(home, "POST", f"/webhooks/{elsewhere.id}/deliveries/{delivery['id']}/redeliver")
    assert wrong.status_code == 404


async def test_invalid_status_is_400_with_allowed_values(home: House) -> None:
    webhook = (await made(home)).json()["data"]
    response = await ask(home, "GET", f"/webhooks/{webhook['id']}/deliveries", params={"status": "lost"})
    assert response.status_code == 400
    assert "pending, succeeded, exhausted" in response.json()["error"]["details"]


async def test_invalid_fields_are_422(home: House) -> None:
    for body, field in (
        ({}, "url"),
        ({"url": 5, "events": []}, "url"),
        ({"url": SOMEWHERE, "events": "image.uploaded"}, "events"),
        ({"url": SOMEWHERE, "events": ["image.renamed"]}, "events"),
        ({"url": SOMEWHERE, "events": ["image.uploaded"], "description": 1}, "description"),
        ({"url": "http://127.0.0.1/", "events": ["image.uploaded"]}, "url"),
    ):
        response = await ask(home, "POST", "/webhooks", json=body)
        assert response.status_code == 422
        assert field in response.json()["error"]["fields"]
    webhook = (await made(home)).json()["data"]
    response = await ask(home, "PATCH", f"/webhooks/{webhook['id']}", json={"is_active": None})
    assert response.status_code == 422


async def test_unsupported_methods_are_405(home: House) -> None:
    webhook = (await made(home)).json()["data"]
    response = await ask(home, "GET", f"/webhooks/{webhook['id']}/test")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
