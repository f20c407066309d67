"""Webhook metrics in GET /metrics."""

from pathlib import Path

from tests.observability.test_metrics import samples
from tests.pichub import house
from tests.receivers import LOOPBACK, run_receiver
from tests.webhooks.harness import WebhookHarness


async def test_metrics_count_attempts_and_disabled_webhooks(tmp_path: Path) -> None:
    async with (
        house(tmp_path, metrics=True, limit_api="1/minute", webhook_allow_networks=LOOPBACK) as pichub,
        run_receiver() as receiver,
    ):
        harness = await WebhookHarness.create(pichub)
        webhook = await harness.webhook(receiver.url)
        for status in (204, 410):
            receiver.respond_with(status)
            await harness.record_events()
            await harness.relay_and_send()
        first, response = [await pichub.client.get("/metrics") for _ in range(2)]
    assert (first.status_code, response.status_code) == (200, 200), "/metrics must not be rate limited"
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "x-ratelimit-limit" not in response.headers
    values = samples(response.content)
    assert values["pichub_webhook_attempts_total", "delivered"] == 1
    assert values["pichub_webhook_attempts_total", "gone"] == 1
    assert values["pichub_webhook_attempt_seconds_count",] == 2
    assert values["pichub_webhooks_disabled_total", "gone"] == 1
    for private in (webhook.id, webhook.owner_id, receiver.url):
        assert private not in response.text


async def test_metrics_are_off_by_default(tmp_path: Path) -> None:
    async with house(tmp_path) as pichub:
        for method in ("GET", "POST"):
            response = await pichub.client.request(method, "/metrics")
            assert response.status_code == 404
            assert response.json()["error"]["code"] == "NOT_FOUND"
