"""File type detection by the first bytes, regardless of name and declared type."""

import re

from app.errors import UnsupportedFormat
from app.imaging.formats import Format

SIGNATURE_SIZE = 512
"""Bytes of a file that `sniff` needs."""

SUPPORTED_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), Format.JPG),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), Format.PNG),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), Format.WEBP),
    (re.compile(rb"GIF8[79]a"), Format.GIF),
)

UNSUPPORTED_SIGNATURES = (
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"....ftyp(hei[cfmsx]|hev[cx]|mif1|msf1)", re.DOTALL), "image/heic"),
    (re.compile(rb"....ftyp", re.DOTALL), "video/mp4"),
    (re.compile(rb"BM"), "image/bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "image/tiff"),
    (re.compile(rb"\x00\x00\x01\x00"), "image/x-icon"),
    (re.compile(rb"8BPS"), "image/vnd.adobe.photoshop"),
    (re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "), "image/jxl"),
    (re.compile(rb"\0\0\0\x0cjP  "), "image/jp2"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"%!PS"), "application/postscript"),
    (re.compile(rb"PK\x03\x04"), "application/zip"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "video/webm"),
    (
        re.compile(
            rb"(\xef\xbb\xbf)?\s*<(\?xml.*?<)?(!--.*?--\s*>\s*<|!doctype )?svg", re.DOTALL | re.IGNORECASE
        ),
        "image/svg+xml",
    ),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)", re.IGNORECASE), "text/html"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml"), "application/xml"),
    (re.compile(rb"[\t\n\r\x20-\x7e]+\Z"), "text/plain"),
)


def sniff(head: bytes) -> Format:
    """Return the format of a file that begins with `head`.

    Raises UnsupportedFormat, with the detected type if known.
    """
    for pattern, format in SUPPORTED_SIGNATURES:
        if pattern.match(head):
            return format
    raise UnsupportedFormat(_media_type(head))


def _media_type(head: bytes) -> str | None:
    if not head:
        return "an empty file"
    return next((name for pattern, name in UNSUPPORTED_SIGNATURES if pattern.match(head)), None)
