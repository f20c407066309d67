"""What became of deliveries, as GET /metrics tells it."""

from pathlib import Path

from tests.observability.test_metrics import samples
from tests.pichub import house
from tests.receivers import HERE, receiving
from tests.webhooks.client import Desk


async def test_attempts_and_what_they_led_to_can_be_scraped(tmp_path: Path) -> None:
    async with (
        house(tmp_path, metrics=True, limit_api="1/minute", webhook_allow_networks=HERE) as built,
        receiving() as receiver,
    ):
        desk = await Desk.of(built)
        webhook = await desk.webhook(receiver.url)
        for status in (204, 410):
            receiver.says(status)
            await desk.happens()
            await desk.sent()
        first, answer = [await built.client.get("/metrics") for _ in range(2)]
    assert (first.status_code, answer.status_code) == (200, 200), "it is not limited"
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "x-ratelimit-limit" not in answer.headers
    seen = samples(answer.content)
    assert seen["pichub_webhook_attempts_total", "delivered"] == 1
    assert seen["pichub_webhook_attempts_total", "gone"] == 1
    assert seen["pichub_webhook_attempt_seconds_count",] == 2
    assert seen["pichub_webhooks_disabled_total", "gone"] == 1
    for private in (webhook.id, webhook.owner_id, receiver.url):
        assert private not in answer.text


async def test_a_server_that_is_not_told_to_has_no_such_address(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        for method in ("GET", "POST"):
            answer = await built.client.request(method, "/metrics")
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "NOT_FOUND"
