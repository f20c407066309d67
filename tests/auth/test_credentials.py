import pytest

from app.auth.credentials import Credentials, RequestOrigin

OURS = {"https://pics.example", "https://front.example"}


def credentials_of(**headers: str) -> Credentials:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Credentials.of(raw, OURS)


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({"sec_fetch_site": "same-origin"}, RequestOrigin.OURS),
        ({"sec_fetch_site": "none"}, RequestOrigin.OURS),
        ({"sec_fetch_site": "same-site"}, RequestOrigin.FOREIGN),
        ({"sec_fetch_site": "cross-site"}, RequestOrigin.FOREIGN),
        ({"sec_fetch_site": "cross-site", "origin": "https://front.example"}, RequestOrigin.OURS),
        ({"sec_fetch_site": "cross-site", "origin": "https://evil.example"}, RequestOrigin.FOREIGN),
        ({"sec_fetch_site": "cross-site", "referer": "https://pics.example/"}, RequestOrigin.FOREIGN),
        ({"origin": "https://pics.example"}, RequestOrigin.OURS),
        ({"origin": "https://pics.example:8443"}, RequestOrigin.FOREIGN),
        ({"origin": "http://pics.example"}, RequestOrigin.FOREIGN),
        ({"origin": "https://pics.example.evil.example"}, RequestOrigin.FOREIGN),
        ({"origin": "null"}, RequestOrigin.FOREIGN),
        ({"origin": ""}, RequestOrigin.FOREIGN),
        ({"referer": "https://pics.example/albums?x=1"}, RequestOrigin.OURS),
        ({"referer": "https://evil.example/https://pics.example"}, RequestOrigin.FOREIGN),
        ({"referer": "https://pics.example:port/"}, RequestOrigin.FOREIGN),
        ({"referer": "nonsense"}, RequestOrigin.FOREIGN),
        ({}, RequestOrigin.UNKNOWN),
    ],
)
def test_the_origin_is_what_the_browser_reports(headers: dict[str, str], page: RequestOrigin) -> None:
    assert credentials_of(**headers).page is page


def test_the_session_cookie_is_found_among_others() -> None:
    assert credentials_of(cookie="a=b; pichub_session=text; c=d").session == "text"
    assert credentials_of(cookie="a=b").session is None
