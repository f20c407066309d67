"""Two servers on one data folder: what is done at one holds at the other, at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
import requests

from scripts.fixtures import sample_images
from tests.cli.test_commands import run, serving, signed_url, token_of


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The addresses of two servers, and the headers that open both."""
    signed = {"Authorization": f"Bearer {token_of(run('migrate', PICHUB_DATA_DIR=str(tmp_path)).stdout)}"}
    with serving(tmp_path) as (_, one), serving(tmp_path) as (_, two):
        yield one, two, signed


def upload(url: str, signed: dict[str, str], picture: bytes, **fields: str) -> str:
    answer = requests.post(
        f"{url}/v1/upload", headers=signed, files={"image": ("a.jpg", picture)}, data=fields, timeout=20
    )
    assert answer.status_code == 200, answer.text
    image_id: str = answer.json()["data"]["id"]
    return image_id


def test_what_one_deletes_or_hides_the_other_does_not_show_from_memory(
    pair: tuple[str, str, dict[str, str]],
) -> None:
    one, two, signed = pair
    private = requests.post(
        f"{one}/v1/albums", headers=signed, json={"name": "x", "is_public": False}, timeout=20
    )
    for hide in ("delete", "move"):
        image_id = upload(one, signed, sample_images.jpeg(64, 48))
        address = f"{two}/img/{image_id}?w=20"
        assert [requests.get(address, timeout=20).status_code for _ in range(4)] == [200] * 4
        if hide == "delete":
            requests.delete(f"{one}/v1/images/{image_id}", headers=signed, timeout=20)
        else:
            body = {"album_id": private.json()["data"]["id"]}
            requests.patch(f"{one}/v1/images/{image_id}", headers=signed, json=body, timeout=20)
        assert requests.get(address, timeout=20).status_code == 404


def test_what_one_signs_the_other_opens(pair: tuple[str, str, dict[str, str]]) -> None:
    one, two, signed = pair
    album = requests.post(
        f"{one}/v1/albums", headers=signed, json={"name": "x", "is_public": False}, timeout=20
    ).json()
    image_id = upload(one, signed, sample_images.png(), album_id=album["data"]["id"])
    token = signed["Authorization"].removeprefix("Bearer ")
    for signer, opener in ((one, two), (two, one)):
        address = signed_url(signer, token, image_id).replace(signer, opener)
        assert requests.get(address, timeout=20).content == sample_images.png()
    requests.delete(f"{two}/v1/images/{image_id}", headers=signed, timeout=20)
    assert requests.get(address.replace(two, one), timeout=20).status_code == 404


def test_a_token_or_an_account_that_ends_at_one_ends_at_the_other(
    pair: tuple[str, str, dict[str, str]], tmp_path: Path
) -> None:
    one, two, _ = pair
    made = run("account", "create", "ann", "--json", PICHUB_DATA_DIR=str(tmp_path))
    ann = json.loads(made.stdout)
    tokens = [
        json.loads(run("token", "create", "ann", "--json", PICHUB_DATA_DIR=str(tmp_path)).stdout)
        for _ in "ab"
    ]
    browsers = [requests.Session(), requests.Session()]

    def by_token(url: str, token: dict[str, str]) -> int:
        signed = {"Authorization": f"Bearer {token['token']}"}
        return requests.get(f"{url}/v1/images", headers=signed, timeout=20).status_code

    def by_cookie(url: str, browser: requests.Session) -> int:
        browser.cookies.set("pichub_session", cookie)
        return browser.get(
            f"{url}/v1/images", headers={"Sec-Fetch-Site": "same-origin"}, timeout=20
        ).status_code

    query = "mutation($input: SignInInput!) { signIn(input: $input) { session { id } } }"
    given = {"input": {"username": "ann", "password": ann["password"]}}
    answer = requests.post(f"{one}/graphql", json={"query": query, "variables": given}, timeout=20)
    cookie = answer.cookies["pichub_session"]

    assert [by_token(url, token) for url in (one, two) for token in tokens] == [200] * 4
    assert [by_cookie(url, browser) for url, browser in zip((one, two), browsers, strict=True)] == [200] * 2
    run("token", "revoke", tokens[0]["id"], PICHUB_DATA_DIR=str(tmp_path))
    assert [by_token(url, token) for url in (one, two) for token in tokens] == [401, 200, 401, 200]
    run("account", "disable", "ann", PICHUB_DATA_DIR=str(tmp_path))
    assert [by_token(url, token) for url in (one, two) for token in tokens] == [401] * 4
    assert [by_cookie(url, browser) for url, browser in zip((one, two), browsers, strict=True)] == [401] * 2
    run("account", "enable", "ann", PICHUB_DATA_DIR=str(tmp_path))
    assert [by_token(url, token) for url in (one, two) for token in tokens] == [401, 200, 401, 200]
    assert [by_cookie(url, browser) for url, browser in zip((one, two), browsers, strict=True)] == [401] * 2


def test_many_who_ask_both_for_one_variant_are_given_one(
    pair: tuple[str, str, dict[str, str]], tmp_path: Path
) -> None:
    one, two, signed = pair
    image_id = upload(one, signed, sample_images.jpeg_12mp())
    addresses = [f"{url}/img/{image_id}.webp?w=1500&q=95" for url in (one, two) * 12]
    with ThreadPoolExecutor(len(addresses)) as threads:
        asked = [threads.submit(requests.get, address, timeout=30) for address in addresses]
        first = next(as_completed(asked)).result()
        (kept,) = (tmp_path / "storage" / "variants" / image_id).iterdir()
        made = kept.stat().st_ino
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.content for answer in answers} == {first.content} == {kept.read_bytes()}
    assert kept.stat().st_ino == made, "a second render would have put another file in its place"
    assert list((tmp_path / "storage" / "tmp").iterdir()) == []
