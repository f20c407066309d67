import pytest
from starlette.requests import Request

from app.auth.browsers import Credentials, Page

OURS = {"https://pics.example", "https://front.example"}


def sent(**headers: str) -> Credentials:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Credentials.of(Request({"type": "http", "headers": raw}), OURS)


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({"sec_fetch_site": "same-origin"}, Page.OURS),
        ({"sec_fetch_site": "none"}, Page.OURS),
        ({"sec_fetch_site": "same-site"}, Page.FOREIGN),
        ({"sec_fetch_site": "cross-site"}, Page.FOREIGN),
        ({"sec_fetch_site": "cross-site", "origin": "https://front.example"}, Page.OURS),
        ({"sec_fetch_site": "cross-site", "origin": "https://evil.example"}, Page.FOREIGN),
        ({"sec_fetch_site": "cross-site", "referer": "https://pics.example/"}, Page.FOREIGN),
        ({"origin": "https://pics.example"}, Page.OURS),
        ({"origin": "https://pics.example:8443"}, Page.FOREIGN),
        ({"origin": "http://pics.example"}, Page.FOREIGN),
        ({"origin": "https://pics.example.evil.example"}, Page.FOREIGN),
        ({"origin": "null"}, Page.FOREIGN),
        ({"origin": ""}, Page.FOREIGN),
        ({"referer": "https://pics.example/albums?x=1"}, Page.OURS),
        ({"referer": "https://evil.example/https://pics.example"}, Page.FOREIGN),
        ({"referer": "https://pics.example:port/"}, Page.FOREIGN),
        ({"referer": "nonsense"}, Page.FOREIGN),
        ({}, Page.UNSAID),
    ],
)
def test_whose_page_asks_is_what_the_browser_says(headers: dict[str, str], page: Page) -> None:
    assert sent(**headers).page is page


def test_a_cookie_is_found_among_others() -> None:
    assert sent(cookie="a=b; pichub_session=text; c=d").session == "text"
    assert sent(cookie="a=b").session is None
