"""The page on webhooks: its samples verify what is sent, and its example events are like real ones."""

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


async def verified(language: str, folder: Path, secret: str, headers: dict[str, str], body: str) -> bool:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    program, script = {"python": (sys.executable, "a.py"), "js": (NODE, "a.mjs")}[language]
    (folder / script).write_text(code + CALLS[language])
    ran = await run(program, folder / script, json.dumps([secret, headers, body]))
    assert ran.code == 0, ran.err
    return ran.out.strip().lower() == "true"


@pytest.mark.parametrize("language", CALLS)
async def test_the_samples_verify_what_is_sent_and_nothing_else(language: str, tmp_path: Path) -> None:
    now, new, old = int(datetime.now(UTC).timestamp()), new_secret(), new_secret()
    headers = signed_headers("evt_1", now, BODY.encode(), [new, old])
    late = signed_headers("evt_1", now - 400, BODY.encode(), [new])
    for secret, given, body, expected in (
        (new, headers, BODY, True),
        (old, headers, BODY, True),
        (new_secret(), headers, BODY, False),
        (new, headers, BODY + " ", False),
        (new, headers | {"webhook-id": "evt_2"}, BODY, False),
        (new, late, BODY, False),
    ):
        assert await verified(language, tmp_path, secret, given, body) is expected


async def test_example_events_have_the_fields_of_real_ones(tmp_path: Path) -> None:
    async with house(tmp_path) as built:
        ctx: Context = await context(built)
        album = await albums.create(ctx, albums.NewAlbum("One"))
        image = await upload(ctx, sample_images.jpeg(64, 48), album_id=album.id)
        await images.delete(ctx, image.id)
        real = {event.type: event.data for event in await Event.all()}
    for kind in set(EventType) - {EventType.PING}:
        made_up = example(kind, datetime.now(UTC)).data
        assert list(made_up) == list(real[kind])
        for name in ("links", "tags"):
            assert type(made_up.get(name)) is type(real[kind].get(name))
