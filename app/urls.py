"""URLs of images and the API."""

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, unquote, urlsplit

IMAGE_PATH = re.compile(r"/img/([^/.]+)(?:\.([^/]*))?(?:/.*)?|/([^/.]+)\.([^/]+)", re.DOTALL)
SPECIAL = re.compile(r"[&<>\"']")
IMAGE_ADDRESS = "the address of an image, such as /img/{id}.webp?w=320, with 100 parameters at most"


def origin_of(url: str) -> str:
    """Return the origin of a URL as browsers write it, without a default port. Raises ValueError."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    silent = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, silent} else "")


@dataclass(frozen=True, slots=True)
class ImageAddress:
    """A parsed image URL: `extension` is '' if there is none, `parameters` are verbatim.

    `is_here` is True for URLs of this server.
    """

    id: str
    extension: str
    parameters: tuple[tuple[str, str], ...]
    is_here: bool


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    """Builds URLs below `base`, the public URL of the server."""

    base: str

    def image(self, id: str, extension: str, query: str = "") -> str:
        """Return the URL of the original, or of the variant for `query`."""
        return f"{self.base}/img/{id}.{extension}" + (f"?{query}" if query else "")

    def signed_image(self, id: str, extension: str, query: str, *, exp: int, sig: str) -> str:
        """Return the signed URL of a variant, valid until `exp`."""
        return self.image(id, extension, "&".join(filter(None, (query, f"exp={exp}", f"sig={sig}"))))

    def read_image(self, url: str) -> ImageAddress:
        """Parse the URL of an image, with or without the server. Raises ValueError with the allowed form."""
        try:
            url.encode()  # lone surrogates are not text
            parts = urlsplit(url)
            is_here = not parts.netloc or origin_of(url) == origin_of(self.base)
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            raise ValueError(IMAGE_ADDRESS) from None
        path = "/" + unquote(parts.path).removeprefix(urlsplit(self.base).path).lstrip("/")
        match = IMAGE_PATH.fullmatch(path)
        if match is None or parts.scheme not in {"", "http", "https"}:
            raise ValueError(IMAGE_ADDRESS)
        id, extension = match[1] or match[3], match[2] or match[4] or ""
        return ImageAddress(id, extension, tuple(pairs), is_here)

    def api(self, path: str) -> str:
        """Return a URL under `/v1`."""
        return f"{self.base}/v1/{path}"


@dataclass(frozen=True, slots=True)
class Markup:
    """An image's URL as HTML, Markdown and BBCode."""

    url: str
    text: str

    @property
    def html(self) -> str:
        return f'<img src="{_escaped(self.url)}" alt="{_escaped(self.text)}">'

    @property
    def markdown(self) -> str:
        text = self.text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"![{' '.join(text.split())}]({self.url})"

    @property
    def bbcode(self) -> str:
        return f"[img]{self.url}[/img]"


def _escaped(text: str) -> str:
    """Escape text for HTML. Most texts need no escaping, which is detected in a fifth of the time."""
    return escape(text) if SPECIAL.search(text) else text
