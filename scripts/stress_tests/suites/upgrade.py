"""Data folders as earlier states of PicHub made them, which today's code takes over: everything is there, and works.

Each state of the main line that had another newest migration makes a folder with its own code: images, albums, a
category, tokens, a webhook, something deleted. Then today's code starts on it. With --keep each database stays as SQL
in the folder; those in tests/upgrades were made so.
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

from scripts.benchmarks.processes import Failed
from scripts.stress_tests import audit
from scripts.stress_tests.audit import Data
from scripts.stress_tests.options import Asked
from scripts.stress_tests.receiver import Receiver, receiving
from scripts.stress_tests.report import Report
from scripts.stress_tests.server import TOKEN, Server
from scripts.stress_tests.server_states import State, states
from scripts.stress_tests.tiny_images import tiny

PUBLIC_URL = "http://pichub.test"
KINDS = ["image.uploaded", "image.deleted", "album.created", "album.updated"]
SIGNED = "query($id: ID!) { image(id: $id) { signedUrl(expiresIn: 86400) } }"
PATIENCE = 30.0


@dataclass
class Contents:
    """What was put into a folder, and what was then answered of it, by path."""

    answers: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    secret: str = ""
    signed: str = ""


def run(asked: Asked, report: Report) -> None:
    asyncio.run(_run(asked, report))


async def _run(asked: Asked, report: Report) -> None:
    found = states()
    chosen = [found[0], found[-1]] if asked.quick else found
    images = 0
    async with receiving() as receiver:
        for state in chosen:
            upgrade = Upgrade(state, asked.folder, receiver, report)
            contents = await asyncio.to_thread(upgrade.before)
            images += len(contents.pictures)
            await asyncio.to_thread(upgrade.after, contents)
            await upgrade.told(contents)
            report.say(f"{state.name} ({state.commit[:7]}): {len(contents.answers)} answers compared")
    report.figure("states", {state.name: state.commit for state in chosen})
    report.summary = f"{len(chosen)} earlier states, {images} images"


@dataclass
class Upgrade:
    state: State
    folder: Path
    receiver: Receiver
    report: Report

    def __post_init__(self) -> None:
        self.own = self.folder / self.state.name
        self.data = Data(self.own / "data")

    def before(self) -> Contents:
        """The folder as the old code makes it."""
        with self.state.code(self.folder) as (command, base):
            server = self._server(command=command, base=base)
            with server.running(), self._client(server, server.token) as client:
                contents = filled(client, self.receiver.url + f"/{self.state.name}")
                contents.tokens = [server.token, *_more_tokens(server)]
        if contents.secret:
            self.receiver.secrets[f"/{self.state.name}"] = contents.secret
        dump(self.data, contents.tokens[0], self.folder / f"{self.state.name}.sql")
        return contents

    def after(self, contents: Contents) -> None:
        """Today's code on that folder, first as it is, then at work."""
        server = self._server()
        with server.running():
            for promise in self._broken(server, contents):
                self.report.broke(f"{self.state.name}: {promise}")
        with server.running():
            self.report.holds(not server.tracebacks(), f"{self.state.name}: the log has tracebacks")

    async def told(self, contents: Contents) -> None:
        """A webhook that the old code made is told what happened after the upgrade, signed with its old secret."""
        server = self._server()
        with server.running():
            owed = await audit.all_arrived(self.data, self.receiver, within=PATIENCE)
        self.report.holds(not owed or not contents.secret, f"{self.state.name}: these did not arrive: {owed}")

    def _server(self, **rest: Any) -> Server:
        return Server(
            self.own, public_url=PUBLIC_URL, min_free_disk="1MB", webhook_allow_networks="127.0.0.0/8", **rest
        )

    def _client(self, server: Server, token: str) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=server.url, headers=headers, timeout=60)

    def _broken(self, server: Server, contents: Contents) -> Iterator[str]:
        for token in contents.tokens:
            with self._client(server, token) as client:
                if client.get("/v1/images").status_code == 401:  # 403 is what a token for uploads is told
                    yield f"the token {token[:12]}… holds no more"
        with self._client(server, contents.tokens[0]) as client:
            yield from same(client, contents)
            for check in (audit.counts, audit.bytes_of_rows):
                yield from check(self.data)
            yield from self._works(client, contents)
            yield from audit.counts(self.data)

    def _works(self, client: httpx2.Client, contents: Contents) -> Iterator[str]:
        """New things beside the old, and old ones changed and deleted."""
        old = next(iter(contents.pictures))
        new = uploaded(client, tiny(99), title="new")
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


def filled(client: httpx2.Client, hook: str) -> Contents:
    """Makes something of each kind that this state of PicHub knows."""
    contents = Contents()
    public = _made(client, "/v1/albums", {"name": "Sommer 夏", "description": "warm"})
    private = _made(client, "/v1/albums", {"name": "private", "is_public": False})
    category = _made(client, "/v1/categories", {"name": "Landscapes"})
    webhook = _made(client, "/v1/webhooks", {"url": hook, "events": KINDS})
    for number, album in enumerate([public, public, private, None, None]):
        picture = tiny(number)
        words = (
            {"title": f"title {number}", "tags": "one,two", "description": "Zeile\nзвук"}
            if number % 2
            else {}
        )
        words |= {"album_id": album["id"]} if album else {}
        words |= {"category_id": category["id"]} if category and number == 1 else {}
        image = uploaded(client, picture, **words)
        contents.pictures[image["id"]] = picture
        client.get(f"/img/{image['id']}.webp?w=1").raise_for_status()
    gone = uploaded(client, tiny(50))["id"]
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


def same(client: httpx2.Client, contents: Contents) -> Iterator[str]:
    """Whatever was answered then is answered now; there may be more."""
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


def uploaded(client: httpx2.Client, picture: bytes, **words: str) -> dict[str, Any]:
    answer = client.post("/v1/upload", files={"image": ("picture.png", picture)}, data=words)
    if answer.status_code != 200:
        raise Failed(f"an upload: {answer.status_code} {answer.text}")
    image: dict[str, Any] = answer.json()["data"]
    return image


def _made(client: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """None where this state does not know such things."""
    answer = client.post(path, json=body)
    if answer.status_code in {404, 405}:
        return None
    if not answer.is_success:
        raise Failed(f"POST {path}: {answer.status_code} {answer.text}")
    made: dict[str, Any] = answer.json()["data"]
    return made


def _signed(client: httpx2.Client, image_id: str) -> str:
    """The signed address of a private image; '' where this state signs none."""
    answer = client.post("/graphql", json={"query": SIGNED, "variables": {"id": image_id}}).json()
    return "" if "errors" in answer else str(answer["data"]["image"]["signedUrl"])


def _more_tokens(server: Server) -> list[str]:
    """One that the command makes, where there is such a command."""
    try:
        return TOKEN.findall(server.run("token", "create", "admin"))
    except Failed:
        return []


def dump(data: Data, token: str, path: Path) -> None:
    """The database as SQL, and what opens it: small pictures only, which the test makes anew."""
    with closing(sqlite3.connect(data.folder / "pichub.db")) as db:
        lines = [line for line in db.iterdump() if "sqlite_sequence" not in line]
    path.write_text(f"-- token: {token}\n" + "\n".join(lines) + "\n")
