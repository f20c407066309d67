"""Data folders of earlier versions, opened by today's code: everything is there and works.

Each version with another newest migration creates a folder with its own code: images, albums, a category, tokens, a
webhook, and deletions. Then today's code starts on it. With --keep each database is kept as SQL in the folder; those
in tests/upgrades were made this way.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2

from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.receiver import WebhookReceiver, receiving
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import TOKEN, StressServer
from scripts.stress_tests.server_states import ReleasedState, released_states
from scripts.stress_tests.tiny_images import tiny_png

PUBLIC_URL = "http://pichub.test"
KINDS = ["image.uploaded", "image.deleted", "album.created", "album.updated"]
SIGNED = "query($id: ID!) { image(id: $id) { signedUrl(expiresIn: 86400) } }"
DELIVERY_TIMEOUT_SECONDS = 30.0


@dataclass
class UpgradeContents:
    """Objects created in a folder, and the responses for them by path."""

    answers: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    secret: str = ""
    signed: str = ""


def run(options: StressOptions, report: StressReport) -> None:
    asyncio.run(_run(options, report))


async def _run(options: StressOptions, report: StressReport) -> None:
    found = released_states()
    chosen = [found[0], found[-1]] if options.quick else found
    images = 0
    async with receiving() as receiver:
        for state in chosen:
            upgrade = UpgradeTest(state, options.folder, receiver, report)
            contents = await asyncio.to_thread(upgrade.before)
            images += len(contents.pictures)
            await asyncio.to_thread(upgrade.after, contents)
            await upgrade.check_deliveries(contents)
            report.say(f"{state.name} ({state.commit[:7]}): {len(contents.answers)} answers compared")
    report.figure("states", {state.name: state.commit for state in chosen})
    report.summary = f"{len(chosen)} earlier states, {images} images"


@dataclass
class UpgradeTest:
    state: ReleasedState
    folder: Path
    receiver: WebhookReceiver
    report: StressReport

    def __post_init__(self) -> None:
        self.own = self.folder / self.state.name
        self.data = DataFolder(self.own / "data")

    def before(self) -> UpgradeContents:
        """Create the folder with the old code."""
        with self.state.code(self.folder) as (command, base):
            server = self._server(command=command, base=base)
            with server.running(), self._client(server, server.token) as client:
                contents = fill(client, self.receiver.url + f"/{self.state.name}")
                contents.tokens = [server.token, *_more_tokens(server)]
        if contents.secret:
            self.receiver.secrets[f"/{self.state.name}"] = contents.secret
        dump(self.data, contents.tokens[0], self.folder / f"{self.state.name}.sql")
        return contents

    def after(self, contents: UpgradeContents) -> None:
        """Check the folder with today's code, first reading, then writing."""
        server = self._server()
        with server.running():
            for failure in self._failures(server, contents):
                self.report.failure(f"{self.state.name}: {failure}")
        with server.running():
            self.report.check(not server.tracebacks(), f"{self.state.name}: the log has tracebacks")

    async def check_deliveries(self, contents: UpgradeContents) -> None:
        """Check that an old webhook receives events after the upgrade, signed with its old secret."""
        server = self._server()
        with server.running():
            owed = await audit.wait_for_deliveries(self.data, self.receiver, within=DELIVERY_TIMEOUT_SECONDS)
        self.report.check(not owed or not contents.secret, f"{self.state.name}: these did not arrive: {owed}")

    def _server(self, **rest: Any) -> StressServer:
        return StressServer(
            self.own, public_url=PUBLIC_URL, min_free_disk="1MB", webhook_allow_networks="127.0.0.0/8", **rest
        )

    def _client(self, server: StressServer, token: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=server.url, headers=headers, timeout=60)

    def _failures(self, server: StressServer, contents: UpgradeContents) -> Iterator[str]:
        for token in contents.tokens:
            with self._client(server, token) as client:
                if client.get("/v1/images").status_code == 401:  # tokens for uploads get 403
                    yield f"the token {token[:12]}… holds no more"
        with self._client(server, contents.tokens[0]) as client:
            yield from differences(client, contents)
            for check in (audit.check_counts, audit.check_originals):
                yield from check(self.data)
            yield from self._check_writes(client, contents)
            yield from audit.check_counts(self.data)

    def _check_writes(self, client: httpx2.Client, contents: UpgradeContents) -> Iterator[str]:
        """Create objects beside the old ones, and change and delete old ones."""
        old = next(iter(contents.pictures))
        new = upload(client, tiny_png(99), title="new")
        for done in (
            client.patch(f"/v1/images/{old}", json={"title": "changed", "tags": ["new"]}),
            client.get(f"/img/{old}.webp?w=1"),
            client.get(f"/v1/images?q={new['title']}"),
            client.get("/v1/events"),
            client.delete(f"/v1/images/{old}"),
            client.delete(f"/v1/images/{new['id']}"),
        ):
            if not done.is_success:
                yield f"{done.request.method} {done.request.url.path}: {done.status_code} {done.text[:200]}"
        if left := self.data.objects_of(old):
            yield f"{old} was deleted, and {left} is left"


def fill(client: httpx2.Client, hook: str) -> UpgradeContents:
    """Create one object of each kind that this version knows."""
    contents = UpgradeContents()
    public = _create(client, "/v1/albums", {"name": "Sommer 夏", "description": "warm"})
    private = _create(client, "/v1/albums", {"name": "private", "is_public": False})
    category = _create(client, "/v1/categories", {"name": "Landscapes"})
    webhook = _create(client, "/v1/webhooks", {"url": hook, "events": KINDS})
    for number, album in enumerate([public, public, private, None, None]):
        picture = tiny_png(number)
        words = (
            {"title": f"title {number}", "tags": "one,two", "description": "Zeile\nзвук"}
            if number % 2
            else {}
        )
        words |= {"album_id": album["id"]} if album else {}
        words |= {"category_id": category["id"]} if category and number == 1 else {}
        image = upload(client, picture, **words)
        contents.pictures[image["id"]] = picture
        client.get(f"/img/{image['id']}.webp?w=1").raise_for_status()
    gone = upload(client, tiny_png(50))["id"]
    client.delete(f"/v1/images/{gone}").raise_for_status()
    contents.gone.append(gone)
    contents.secret = webhook["secret"] if webhook else ""
    contents.signed = _signed(client, list(contents.pictures)[2])
    albums = [album["id"] for album in (public, private) if album]
    paths = ["/v1/images", "/v1/albums", "/v1/categories", *(f"/v1/albums/{id}" for id in albums)]
    paths += [f"/v1/images?album_id={albums[0]}", "/v1/images?tag=one", "/v1/webhooks", "/v1/events"]
    for path in [*paths, *(f"/v1/images/{id}" for id in contents.pictures)]:
        answer = client.get(path)
        if answer.status_code == 200:
            contents.answers[path] = answer.json()
    return contents


def differences(client: httpx2.Client, contents: UpgradeContents) -> Iterator[str]:
    """Yield the differences from the earlier responses. New fields are allowed."""
    for path, before in contents.answers.items():
        now = client.get(path)
        if now.status_code != 200:
            yield f"{path} is answered {now.status_code} {now.text[:200]}"
        else:
            yield from _missing(before, now.json(), path)
    for image, picture in contents.pictures.items():
        shown = client.get(f"/img/{image}")
        if shown.content != picture:
            yield f"lost: {image} is shown as {sha256(shown.content).hexdigest()}"
    for image in contents.gone:
        if client.get(f"/img/{image}").status_code != 404:
            yield f"{image} was deleted, and is shown"
    if (
        contents.signed
        and httpx2.get(contents.signed.replace(PUBLIC_URL, str(client.base_url))).status_code != 200
    ):
        yield "an address that was signed opens no more"


def _missing(before: Any, now: Any, where: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            yield from _missing(value, now.get(name), f"{where} {name}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, pair in enumerate(zip(before, now, strict=True)):
            yield from _missing(*pair, f"{where}[{number}]")
    elif before != now:
        yield f"{where} was {before!r} and is {now!r}"


def upload(client: httpx2.Client, picture: bytes, **words: str) -> dict[str, Any]:
    answer = client.post("/v1/upload", files={"image": ("picture.png", picture)}, data=words)
    if answer.status_code != 200:
        raise ProcessFailed(f"an upload: {answer.status_code} {answer.text}")
    image: dict[str, Any] = answer.json()["data"]
    return image


def _create(client: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Create an object. Return None if this version does not know its kind."""
    answer = client.post(path, json=body)
    if answer.status_code in {404, 405}:
        return None
    if not answer.is_success:
        raise ProcessFailed(f"POST {path}: {answer.status_code} {answer.text}")
    made: dict[str, Any] = answer.json()["data"]
    return made


def _signed(client: httpx2.Client, image_id: str) -> str:
    """Return the signed URL of a private image; '' if this version has none."""
    answer = client.post("/graphql", json={"query": SIGNED, "variables": {"id": image_id}}).json()
    return "" if "errors" in answer else str(answer["data"]["image"]["signedUrl"])


def _more_tokens(server: StressServer) -> list[str]:
    """Create a token with the command, if this version has it."""
    try:
        return TOKEN.findall(server.run("token", "create", "admin"))
    except ProcessFailed:
        return []


def dump(data: DataFolder, token: str, path: Path) -> None:
    """Write the database as SQL with the facts needed to open it. Small images only: the test recreates them."""
    with closing(sqlite3.connect(data.folder / "pichub.db")) as db:
        lines = [line for line in db.iterdump() if "sqlite_sequence" not in line]
    path.write_text(f"-- token: {token}\n" + "\n".join(lines) + "\n")
