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


def is_valid(
    signature: Signature | None, transform: str = "w=8", now: float = 99.5, **changes: object
) -> bool:
    arguments = {"image_id": ID, "secrets": [NEW]} | changes
    return signature is not None and signature.verify(transform=transform, now=now, **arguments)  # type: ignore[arg-type]


def test_a_signature_is_the_hmac_of_path_and_query() -> None:
    signature = Signature.make(ID, "w=8&fm=webp", exp=1_800_000_000, secret="ü" * 32)
    text = f"/img/{ID}?w=8&fm=webp&exp=1800000000"
    assert urlsafe_b64decode(signature.sig + "=") == hmac.digest(
        ("ü" * 32).encode(), text.encode(), hashlib.sha256
    )
    assert Signature.make(ID, "", exp=7, secret=NEW).sig == ("ElalixRv0h8slYrKuIdmQ_8Iorriro1KH-5kFP9vMtE"), (
        "signatures of earlier versions must stay valid"
    )
    assert len(signature.sig) == 43


def test_a_signature_is_valid_only_for_its_url_and_until_exp() -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    assert is_valid(signature)
    assert not is_valid(signature, now=100)
    assert not is_valid(signature, now=100.5)
    assert not is_valid(signature, "w=9")
    assert not is_valid(signature, "")
    assert not is_valid(signature, image_id=ID[:-1] + "5")
    assert not is_valid(Signature(101, signature.sig))


def test_any_valid_secret_verifies() -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=OLD)
    assert is_valid(signature, secrets=[NEW, OLD])
    assert not is_valid(signature, secrets=[NEW])
    assert not is_valid(signature, secrets=[])


@given(st.integers(0, 42), st.characters())
def test_changing_one_character_invalidates(position: int, character: str) -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    sig = signature.sig[:position] + character + signature.sig[position + 1 :]
    assert is_valid(Signature(100, sig)) == (sig == signature.sig)


@pytest.mark.parametrize("wrong", ["", "=", "A", "é" * 43, "\udcff" * 43, "A" * 100_000])
def test_malformed_signatures_are_invalid(wrong: str) -> None:
    signature = Signature.make(ID, "w=8", exp=100, secret=NEW)
    assert not is_valid(Signature.parse("100", wrong))
    assert not is_valid(Signature.parse("100", signature.sig + wrong)) or wrong == ""


@pytest.mark.parametrize(
    "exp",
    ["", "0", "0100", "-100", "+100", "1e2", "100.0", " 100", "１００", "9" * 13, "9" * 10_000, "nan", None],
)
def test_only_the_canonical_form_of_exp_is_parsed(exp: str | None) -> None:
    assert Signature.parse(exp, "x" * 43) is None


def test_exp_and_sig_are_both_required() -> None:
    assert Signature.parse("100", None) is None
    assert Signature.parse("100", "x") == Signature(100, "x")


@given(TRANSFORMS, st.randoms())
def test_an_equivalent_query_verifies(transform: Transform, random: Random) -> None:
    signature = Signature.make(ID, transform.query(), exp=100, secret=NEW)
    assert is_valid(signature, rewritten(transform, random).query())


@given(TRANSFORMS, TRANSFORMS)
def test_another_transform_does_not_verify(one: Transform, other: Transform) -> None:
    """Transforms with equal queries render equal images, as tests/imaging/test_transform.py checks."""
    signature = Signature.make(ID, one.query(), exp=100, secret=NEW)
    assert is_valid(signature, other.query()) == (one.query() == other.query())


def rewritten(transform: Transform, random: Random) -> Transform:
    """Parse an equivalent query: other order, explicit defaults, aliases and ignored parameters."""
    values = dict(parse_qsl(transform.query()))
    values = {"dpr": "1.000", "unknown": "1", "download": "1", "fit": "CROP", "pos": "centre"} | values
    if values["fit"] == "cover":
        values["fit"] = "crop"
    if values.get("fm") == "jpg":
        values["fm"] = "JPEG"
    if "bg" in values:
        values["bg"] = "#" + values["bg"].upper()
    order = list(values)
    random.shuffle(order)
    return parse(urlencode({name: values[name] for name in order}))
