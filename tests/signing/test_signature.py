import hashlib
import hmac
from base64 import urlsafe_b64decode
from random import Random
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imaging.transform import Transform
from app.signing.signature import Signature
from tests.imaging.test_transform import TRANSFORMS, parse

NEW, OLD = "n" * 32, "o" * 32
ID = "img_01m82d0hnfzwppanwg5ws6gdr4"


def holds(signature: Signature | None, transform: str = "w=8", now: float = 99.5, **changes: object) -> bool:
    given = {"image_id": ID, "secrets": [NEW]} | changes
    return signature is not None and signature.verify(transform=transform, now=now, **given)  # type: ignore[arg-type]


def test_a_signature_is_made_by_the_formula_that_is_told() -> None:
    signature = Signature.make(ID, "w=8&fm=webp", exp=1_800_000_000, secret="ü" * 32)
    text = f"/img/{ID}?w=8&fm=webp&exp=1800000000"
    assert urlsafe_b64decode(signature.sig + "=") == hmac.digest(
        ("ü" * 32).encode(), text.encode(), hashlib.sha256
    )
    assert Signature.make(ID, "", exp=7, secret=NEW).sig == ("ElalixRv0h8slYrKuIdmQ_8Iorriro1KH-5kFP9vMtE"), (
        "what was signed once must hold in later versions"
    )
    assert len(signature.sig) == 43


def test_it_holds_for_what_was_signed_until_its_second() -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    assert holds(signature)
    assert not holds(signature, now=100)
    assert not holds(signature, now=100.5)
    assert not holds(signature, "w=9")
    assert not holds(signature, "")
    assert not holds(signature, image_id=ID[:-1] + "5")
    assert not holds(Signature(101, signature.sig))


def test_any_of_several_secrets_verifies_and_none_opens_nothing() -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=OLD)
    assert holds(signature, secrets=[NEW, OLD])
    assert not holds(signature, secrets=[NEW])
    assert not holds(signature, secrets=[])


@given(st.integers(0, 42), st.characters())
def test_one_other_character_is_another_signature(place: int, character: str) -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    sig = signature.sig[:place] + character + signature.sig[place + 1 :]
    assert holds(Signature(100, sig)) == (sig == signature.sig)


@pytest.mark.parametrize("wrong", ["", "=", "A", "é" * 43, "\udcff" * 43, "A" * 100_000])
def test_what_is_no_signature_does_not_hold(wrong: str) -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    assert not holds(Signature.parse("100", wrong))
    assert not holds(Signature.parse("100", signature.sig + wrong)) or wrong == ""


@pytest.mark.parametrize(
    "exp",
    ["", "0", "0100", "-100", "+100", "1e2", "100.0", " 100", "１００", "9" * 13, "9" * 10_000, "nan", None],
)
def test_a_time_that_is_not_written_as_it_is_signed_makes_no_signature(exp: str | None) -> None:
    assert Signature.parse(exp, "x" * 43) is None


def test_both_parts_are_needed() -> None:
    assert Signature.parse("100", None) is None
    assert Signature.parse("100", "x") == Signature(100, "x")


@given(TRANSFORMS, st.randoms())
def test_the_same_in_other_words_verifies(transform: Transform, random: Random) -> None:
    signature = Signature.make(ID, transform.query(), exp=100, secret=NEW)
    assert holds(signature, reworded(transform, random).query())


@given(TRANSFORMS, TRANSFORMS)
def test_no_other_transform_verifies(one: Transform, other: Transform) -> None:
    """Where the texts are one, so are the pictures: test_the_shortest_query_asks_for_the_same_picture."""
    signature = Signature.make(ID, one.query(), exp=100, secret=NEW)
    assert holds(signature, other.query()) == (one.query() == other.query())


def reworded(transform: Transform, random: Random) -> Transform:
    """Read from a query in another order, with defaults spelled out, other words, and what does not matter."""
    words = dict(parse_qsl(transform.query()))
    words = {"dpr": "1.000", "unknown": "1", "download": "1", "fit": "CROP", "pos": "centre"} | words
    if words["fit"] == "cover":
        words["fit"] = "crop"
    if words.get("fm") == "jpg":
        words["fm"] = "JPEG"
    if "bg" in words:
        words["bg"] = "#" + words["bg"].upper()
    order = list(words)
    random.shuffle(order)
    return parse(urlencode({name: words[name] for name in order}))
