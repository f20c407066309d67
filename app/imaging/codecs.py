"""Codecs of the installed Pillow. Loads Pillow, so the server must not import this."""

REQUIRED_CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}


def missing_codecs() -> list[str]:
    """Return the formats that PicHub delivers and this Pillow lacks."""
    from PIL import features

    return [name for feature, name in REQUIRED_CODECS.items() if not features.check(feature)]
