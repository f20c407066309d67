"""The documentation of webhooks: samples verify real signatures, and example events have the fields of real events."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.context import Context
from app.events.catalogue import EventType
from app.models import Event
from app.resolvers import albums, images
from app.webhooks.examples import example
from app.webhooks.signatures import new_secret, signed_headers
from scripts.fixtures import sample_images
from tests.contract.test_samples import NODE, run
from tests.documented import DOCS
from tests.pichub import house
from tests.resolvers.test_images import context, upload

PAGE = (DOCS / "webhooks.md").read_text()
CALLS = {
    "python": "import json, sys\ns, h, b = json.loads(sys.argv[1])\nprint(verified(s, h, b.encode()))",
    "js": "const [s, h, b] = JSON.parse(process.argv[2]);\nconsole.log(verified(s, h, Buffer.from(b)));",
}
BODY = '{"id":"evt_1","data":{"title":"海 ü"}}'


async def verify(language: str, folder: Path, secret: str, headers: dict[str, str], body: str) -> bool:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    program, script = {"python": (sys.executable, "a.py"), "js": (NODE, "a.mjs")}[language]
    (folder / script).write_text(code + CALLS[language])
    result = await run(program, folder / script, json.dumps([secret, headers, body]))
    assert result.code == 0, result.err
    return result.out.strip().lower() == "true"


@pytest.mark.parametrize("language", CALLS)
async def test_samples_accept_only_valid_signatures(language: str, tmp_path: Path) -> None:
    now, new, old = int(datetime.now(UTC).timestamp()), new_secret(), new_secret()
    headers = signed_headers("evt_1", now, BODY.encode(), [new, old])
    late = signed_headers("evt_1", now - 400, BODY.encode(), [new])
    for secret, sent_headers, body, expected in (
        (new, headers, BODY, True),
        (old, headers, BODY, True),
        (new_secret(), headers, BODY, False),
        (new, headers, BODY + " ", False),
        (new, headers | {"webhook-id": "evt_2"}, BODY, False),
        (new, late, BODY, False),
    ):
        assert await verify(language, tmp_path, secret, sent_headers, body) is expected


async def test_example_events_have_the_fields_of_real_events(tmp_path: Path) -> None:
    async with house(tmp_path) as pichub:
        ctx: Context = await context(pichub)
        album = await albums.create(ctx, albums.NewAlbum("One"))
        image = await upload(ctx, sample_images.jpeg(64, 48), album_id=album.id)
        await images.delete(ctx, image.id)
        real = {event.type: event.data for event in await Event.all()}
    for event_type in set(EventType) - {EventType.PING}:
        example_data = example(event_type, datetime.now(UTC)).data
        assert list(example_data) == list(real[event_type])
        for name in ("links", "tags"):
            assert type(example_data.get(name)) is type(real[event_type].get(name))
