"""Presigned URLs: AWS Signature Version 4 in the query of a GET.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html. obstore signs URLs too, but not the
parameters that set response headers.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """An access key and its secret."""

    access: str
    secret: str = field(repr=False)


def presign(
    url: str,
    *,
    credentials: AwsCredentials,
    region: str,
    now: datetime,
    expires_in: timedelta,
    headers: Mapping[str, str],
) -> str:
    """Return the presigned URL, valid for `expires_in` from `now`. The response has these `headers`."""
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{now:%Y%m%d}/{region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.access}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(int(expires_in.total_seconds())),
        "X-Amz-SignedHeaders": "host",
        **{f"response-{name.lower()}": value for name, value in headers.items()},
    }
    parts = urlsplit(url)
    path, asked = quote(parts.path, safe="/~"), _query(query)
    request = "\n".join(["GET", path, asked, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = _hmac(_signing_key(credentials.secret, scope), text).hex()
    return f"{parts.scheme}://{parts.netloc}{path}?{asked}&X-Amz-Signature={signature}"


def _query(parameters: Mapping[str, str]) -> str:
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="~")


def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
