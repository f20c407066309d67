"""What the Pillow that is installed can read and write. It loads Pillow: not for the server."""

REQUIRED_CODECS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}


def missing_codecs() -> list[str]:
    """The formats that we deliver and it does not know."""
    from PIL import features

    return [name for feature, name in REQUIRED_CODECS.items() if not features.check(feature)]
