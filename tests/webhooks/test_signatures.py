import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from app.webhooks.signatures import InvalidSecret, new_secret, signed_headers

BODY = '{"id":"evt_1","data":"海 ü"}'.encode()


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_the_standardwebhooks_package_verifies_signatures() -> None:
    secret = new_secret()
    headers = signed_headers("evt_1", now(), BODY, [secret])
    assert Verifier(secret).verify(BODY, headers) == {"id": "evt_1", "data": "海 ü"}


def test_the_example_of_the_standard_is_reproduced() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_both_secrets_verify_during_rotation() -> None:
    old, new = new_secret(), new_secret()
    headers = signed_headers("evt_1", now(), BODY, [new, old])
    for secret in (old, new):
        Verifier(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(BODY, headers)


def test_another_id_time_or_body_fails_verification() -> None:
    secret = new_secret()
    headers = signed_headers("evt_1", now(), BODY, [secret])
    for body, changes in (
        (BODY + b" ", {}),
        (BODY, {"webhook-id": "evt_2"}),
        (BODY, {"webhook-timestamp": str(now() + 1)}),
        (BODY, {"webhook-timestamp": str(now() - 3600)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Verifier(secret).verify(body, headers | changes)


def test_a_secret_is_32_random_bytes() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert new_secret() != secret


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_ü"]
)
def test_invalid_secrets_are_rejected(secret: str) -> None:
    with pytest.raises(InvalidSecret):
        signed_headers("evt_1", 1, b"", [secret])
