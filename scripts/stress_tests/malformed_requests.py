"""Malformed and hostile requests: tables of name and raw bytes."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

from scripts.stress_tests.raw_http import request

BOUNDARY = "xyz"
FORM = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
JSON = ("Content-Type", "application/json")
Named = tuple[str, bytes]
UPLOAD = "mutation($input: UploadImageInput!) { uploadImage(input: $input) { image { id } } }"


def part(name: str, data: bytes, *, more: str = "", filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{more}\r\n'
    return head.encode() + data + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def forms(token: str, picture: bytes) -> Iterator[Named]:
    """Multipart bodies for REST."""
    image = part("image", picture, filename="a.png")
    bodies: dict[str, bytes] = {
        "no end": image,
        "nothing": b"",
        "only the end": END,
        "no blank line": f"--{BOUNDARY}\r\nContent-Disposition: form-data".encode(),
        "another boundary": image.replace(b"--xyz", b"--abc") + b"--abc--\r\n",
        "line feeds alone": (image + END).replace(b"\r\n", b"\n"),
        "ten thousand fields": part("title", b"x") * 10_000 + END,
        "ten thousand files": image[:200] * 100 + part("image", b"", filename="") * 10_000 + END,
        "a hundred files": image * 100 + END,
        "no name": f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END,
        "no disposition": f"--{BOUNDARY}\r\nX: y\r\n\r\nx\r\n".encode() + END,
        "two dispositions": part("image", picture, more='Content-Disposition: form-data; name="x"\r\n') + END,
        "a header of a megabyte": part("image", picture, more="X-Long: " + "x" * 1_000_000 + "\r\n") + END,
        "ten thousand headers": part("image", picture, more="X-Many: x\r\n" * 10_000) + END,
        "a name of a megabyte": part("x" * 1_000_000, b"x") + END,
        "a filename of a megabyte": part("image", picture, filename="x" * 1_000_000) + END,
        "a field of a megabyte": part("title", b"x" * 1_000_000) + image + END,
        "file where a field belongs": part("title", picture, filename="a.png") + image + END,
        "field where a file belongs": part("image", b"x") + END,
        "nested multipart": part("image", image, more="Content-Type: multipart/mixed; boundary=xyz\r\n")
        + END,
        "base64": part("image", b"AAAA", more="Content-Transfer-Encoding: base64\r\n", filename="a.png")
        + END,
        "NUL in a name": part("ti\0tle", b"x") + image + END,
        "NUL in a field": part("title", b"\0") + image + END,
        "bytes that are no text": part("title", b"\xff\xfe\x80") + image + END,
        "ids that are none": part("album_id", b"../../etc") + image + END,
        "more after the end": image + END + b"x" * 100_000,
        "something before the first": b"preamble\r\n" * 1000 + image + END,
    }
    for name, body in bodies.items():
        yield (
            f"form with {name}",
            request("/v1/upload", method="POST", headers=[FORM], body=body, token=token),
        )
    whole = image + END
    for kind in (
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 5000,
        "multipart/form-data; boundary=\"\xff\"", "multipart/mixed; boundary=xyz", "image/png", "",
        "multipart/form-data; boundary=xyz; boundary=abc", "multipart/form-data;" + ";" * 5000,
    ):  # fmt: skip
        sent = request(
            "/v1/upload",
            method="POST",
            headers=[("Content-Type", kind.encode("latin-1"))],
            body=whole,
            token=token,
        )
        yield f"form of the type {kind[:40]}", sent
    for name, filename in FILENAMES.items():
        body = part("image", picture, filename=filename) + END
        yield (
            f"filename with {name}",
            request("/v1/upload", method="POST", headers=[FORM], body=body, token=token),
        )


FILENAMES = {
    "a new line": "a\r\nX-Injected: yes\r\n\r\n.png",
    "a new line, escaped": "a%0d%0aX-Injected: yes.png",
    "a path": "../../../../etc/passwd",
    "a path of Windows": "..\\..\\boot.ini",
    "NUL": "a\0.png",
    "quotes": 'a\\".png; filename=b',
    "another direction": "a\u202egnp.exe",
    "Chinese": "图片.png",
    "a line separator": "a\u2028X-Injected: yes.png",
    "next line": "a\u0085X-Injected: yes.png",
    "only dots": "..",
    "nothing": "",
    "four-byte characters": "😀" * 200 + ".png",
}


def form_maps(token: str, picture: bytes) -> Iterator[Named]:
    """GraphQL multipart requests with invalid maps."""
    operations = {"query": UPLOAD, "variables": {"input": {"file": None}}}
    maps: dict[str, Any] = {
        "a path to nothing": {"0": ["variables.nothing"]},
        "no path": {"0": []},
        "two paths": {"0": ["variables.input.file", "variables.input.file"]},
        "a path into the query": {"0": ["query"]},
        "a path through a number": {"0": ["variables.input.file.0.1"]},
        "a path of ten thousand steps": {"0": ["variables" + ".x" * 10_000]},
        "a path of magic": {"0": ["variables.__class__.__init__"]},
        "a path that is a number": {"0": [5]},
        "a list": [["variables.input.file"]],
        "null": None,
        "a text": "variables.input.file",
        "a file that is not there": {"7": ["variables.input.file"]},
        "ten thousand files that are not there": {str(n): ["variables.input.file"] for n in range(10_000)},
        "nothing, and a file that nobody names": {},
        "the honest one": {"0": ["variables.input.file"]},
    }
    for name, where in maps.items():
        body = (
            part("operations", json.dumps(operations).encode())
            + part("map", json.dumps(where).encode())
            + part("0", picture, filename="a.png")
        )
        yield f"map: {name}", _to_graphql(token, body + END)
    for name, said in {
        "no JSON": b"{",
        "a list": b"[]",
        "null": b"null",
        "deep": b"[" * 50_000,
        "": b"",
    }.items():
        yield (
            f"operations: {name}",
            _to_graphql(token, part("operations", said) + part("map", b"{}") + END),
        )
    yield "operations as a file", _to_graphql(token, part("operations", b"{}", filename="a") + END)
    yield "the file first", _to_graphql(token, part("0", picture, filename="a.png") + END)
    yield "no token, a form", request("/graphql", method="POST", headers=[FORM], body=END)


def _to_graphql(token: str, body: bytes) -> bytes:
    return request("/graphql", method="POST", headers=[FORM], body=body, token=token)


def documents(token: str) -> Iterator[Named]:
    """GraphQL documents that are deep, wide, or expand exponentially."""
    chain = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(200))
    fields = "{ edges { node { album { images(first: 100) "
    queries: dict[str, str] = {
        "deep": "{ viewer " + "{ viewer " * 5000 + "}" * 5001,
        "deep albums": "{ images(first: 100) " + fields * 20 + "{ edges { cursor } }" + "} } } }" * 20 + "}",
        "wide": "{ " + "__typename " * 100_000 + "}",
        "many aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(50_000)) + " }",
        "many directives": "{ __typename " + "@skip(if: false) " * 20_000 + "}",
        "chained fragments": "{ ...f0 } " + chain + " fragment f200 on Query { __typename }",
        "fragments in a circle": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "a fragment in itself": "{ ...a } fragment a on Query { ...a ...a ...a }",
        "many fragments": "{ __typename } "
        + " ".join(f"fragment f{n} on Query {{ id }}" for n in range(5000)),
        "many operations": " ".join(f"query q{n} {{ __typename }}" for n in range(5000)),
        "nested lists": "{ images(first: " + "[" * 50_000 + "]" * 50_000 + ") { pageInfo { hasNextPage } } }",
        "nested objects": "{ images(filter: "
        + "{a: " * 20_000
        + "1"
        + "}" * 20_000
        + ") { pageInfo { hasNextPage } } }",
        "a number without end": "{ images(first: " + "9" * 100_000 + ") { pageInfo { hasNextPage } } }",
        "a text without end": '{ node(id: "' + "x" * 400_000,
        "block text": '{ node(id: """' + '\\"""' * 50_000 + '""") { id } }',
        "introspection in depth": "{ __schema { types "
        + "{ fields { type " * 300
        + "{ name }"
        + "} } " * 300
        + "} }",
        "surrogates": '{ node(id: "\\ud800") { id } }',
        "NUL": '{ node(id: "\\u0000") { id } }',
        "only a comment": "#" + "x" * 100_000,
        "marks of order": "\ufeff" * 50_000 + "{ __typename }",
        "nothing": "",
        "overlapping fields": "{ " + "viewer { id } " * 3000 + "}",
        "a variable in itself": "query($a: String = $a) { node(id: $a) { id } }",
    }
    for name, query in queries.items():
        yield f"query: {name}", posted(token, {"query": query})
    plain = "query($v: ID!) { node(id: $v) { id } }"
    for name, variables in VARIABLES.items():
        yield f"variables: {name}", posted(token, {"query": plain, "variables": variables})
    for name, body in BODIES.items():
        yield f"body: {name}", request("/graphql", method="POST", headers=[JSON], body=body, token=token)
    for name, kind in {
        "none": "",
        "text": "text/plain",
        "graphql": "application/graphql",
        "bad": "a/b/c;;=",
    }.items():
        yield (
            f"type: {name}",
            request("/graphql", method="POST", headers=[("Content-Type", kind)], body=b"{}", token=token),
        )
    yield "GET, deep", request("/graphql?query=" + "%7Ba" * 2000, token=token)
    yield (
        "GET, twice",
        request("/graphql?query={__typename}&query={a}&variables=[]&extensions=1", token=token),
    )


def posted(token: str, what: object) -> bytes:
    return request("/graphql", method="POST", headers=[JSON], body=json.dumps(what).encode(), token=token)


def _nested(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


VARIABLES: dict[str, Any] = {
    "a list of many": {"v": list(range(50_000))},
    "many of no use": {f"v{n}": n for n in range(20_000)},
    "deep": {"v": _nested(400)},
    "long": {"v": "x" * 500_000},
    "a number": {"v": 10**400},
    "of no numbers": {"v": float("nan")},
    "surrogates": {"v": "\ud800\udfff"},
    "NUL": {"v": "\0"},
    "a list": [1],
}
BODIES = {
    "no JSON": b"{",
    "deep": b"[" * 400_000,
    "deep objects": b'{"a":' * 80_000,
    "a list of requests": b'[{"query":"{__typename}"}]' + b" " * 1000,
    "null": b"null",
    "a number of digits": b"1" * 400_000,
    "bytes": b"\xff\xfe{\0}\0",
    "NaN": b'{"query":"{__typename}","variables":{"a":NaN}}',
    "too large": b'{"query":"' + b"x" * 600_000 + b'"}',
    "the same key twice": b'{"query":"{a}","query":{"a":1}}',
    "query as a list": b'{"query":[]}',
    "operation as a number": b'{"query":"{__typename}","operationName":1}',
    "extensions as a text": b'{"query":"{__typename}","extensions":"x"}',
    "a document by a strange id": b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"../../x"}}}',
    "a document by a list": b'{"documentId":[]}',
}


def paths(image: str, token: str) -> Iterator[Named]:
    """Path traversal under /img, and invalid queries."""
    tails = (
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "../../../../etc/passwd", "..%5c..%5cboot.ini", "%252e%252e%252f", "%00",
        f"{image}%00.png", f"{image}.png%00", f"{image}/../../pichub.db", f"{image}/" + "a/" * 4000, "x" * 8192,
        f"{image}." + "x" * 8192, f"{image}.exe", f"{image}..png", f"{image}.png.jpg", f"{image}.PNG",
        f"{image}.", f"{image}%2epng", f"{image}%252epng", "%ff%fe", "%c0%ae%c0%ae/", "%e2%80%ae", "图片",
        f"{image};a=b", f"{image}%20", f" {image}", f"{image}%0d%0aX-Injected:%20yes", "//evil.example/", "%", "%zz",
        ".", "..", "...", "", "/", f"/{image}", "img_" + "0" * 26, "img_" + "9" * 5000, "IMG_", "img_%00", "\\",
    )  # fmt: skip
    for tail in tails:
        yield f"/img/{tail[:50]}", request(f"/img/{tail}")
        yield f"/{tail[:50]}", request(f"/{tail}")
        yield f"/v1/images/{tail[:50]}", request(f"/v1/images/{tail}", token=token)
    queries = (
        "w=" + "9" * 8000, "w=-1", "w=0", "w=1e3", "w=%00", "w=٣", "w=1&w=2", "w=8192&h=8192&dpr=4", "&" * 8000,
        "=" * 1000, "fm=", "fm=exe", "fm=%0d%0aX-Injected:yes", "fit=" + "x" * 8000, "bg=zzz", "bg=" + "f" * 5000,
        "q=101", "pos=nowhere", "preset=" + "x" * 5000, "preset=%2e%2e", "sig=x", "sig=" + "a" * 5000,
        "exp=99999999999999999999&sig=x", "exp=-1&sig=00", "download=" + "x" * 5000, "%ff=%fe", "a" * 60_000,
    )  # fmt: skip
    for query in queries:
        yield f"/img/ID?{query[:50]}", request(f"/img/{image}?{query}")
        yield f"/v1/images?{query[:50]}", request(f"/v1/images?{query}", token=token)
    for query in (
        "page=" + "9" * 400, "page=-1", "per_page=1e9", "q=" + "%25" * 2000, "q=%00", "q=" + "x" * 50_000,
        "created_after=9999999999-01-01", "created_after=0000-00-00T00:00:00Z", "min_width=" + "9" * 5000,
        "format=" + "jpg," * 3000, "tag=%00", "album_id=%00", "is_public=maybe", "page=1&page=2",
    ):  # fmt: skip
        yield f"/v1/images?{query[:50]}", request(f"/v1/images?{query}", token=token)
    for page in (
        "/static/../../pichub.db",
        "/docs/..%2f..%2fetc",
        "/app/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
    ):
        yield page, request(page)


def heads(image: str, token: str) -> Iterator[Named]:
    """Invalid request lines and headers, and abused cache and proxy headers."""
    get = f"/img/{image}?w=20"
    yield "no host", request(get).replace(b"Host: pichub.test\r\n", b"")
    yield "two hosts", request(get, headers=[("Host", "a.test"), ("Host", "b.test")])
    for host in (
        "evil.example",
        "a b",
        "[::1",
        "x" * 9000,
        "",
        "127.0.0.1:99999999",
        "a\tb",
        "evil.example/path",
        "\xff",
    ):
        for target in (get, "/", "/v1/images", "/graphql", "/docs", "/v1/openapi.json"):
            yield (
                f"{target} of the host {host[:30]!r}",
                request(target, headers=[("Host", host)], token=token),
            )
    for address in (
        "",
        "1.2.3.4",
        "1.2.3.4, " * 5000,
        "::1, evil",
        "\xff",
        "999.1.1.1",
        "127.0.0.1",
        "[::1]:80",
        "-",
    ):
        more = [("X-Forwarded-For", address), ("X-Real-IP", address), ("Forwarded", f"for={address}"),
                ("X-Forwarded-Proto", "javascript"), ("X-Forwarded-Host", "evil.example")]  # fmt: skip
        yield f"forwarded for {address[:30]!r}", request("/v1/images", headers=more, token=token)
    for asked in (
        "bytes=0-", "bytes=-1", "bytes=-0", "bytes=5-2", "bytes=0-0,1-1", "bytes=" + "0-0," * 5000,
        "bytes=99999999999-",
        "bytes=" + "9" * 5000 + "-", "lines=1-2", "bytes", "bytes=", "bytes=a-b", "bytes=--1", "bytes= 0 - 1", "\xff",
    ):  # fmt: skip
        yield f"Range: {asked[:30]}", request(get, headers=[("Range", asked)])
        yield f"Range: {asked[:30]}, if", request(get, headers=[("Range", asked), ("If-Range", '"x"')])
    for name in ("If-None-Match", "If-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since"):
        for value in (
            "*",
            '"',
            "W/",
            '"a", ' * 3000,
            "Mon, 99 Foo 0000 99:99:99 GMT",
            "-1",
            "9" * 5000,
            "\xff",
            "",
        ):
            yield f"{name}: {value[:30]}", request(get, headers=[(name, value)])
    for accept in (
        "*/*;q=" + "9" * 5000,
        "image/avif;q=x",
        "," * 9000,
        "image/webp;" * 3000,
        "\xff",
        "a/b;q=0",
    ):
        yield f"Accept: {accept[:30]}", request(f"{get}&fm=auto", headers=[("Accept", accept)])
        yield (
            f"Accept in GraphQL: {accept[:30]}",
            request(
                "/graphql",
                method="POST",
                headers=[("Accept", accept), JSON],
                body=b'{"query":"{__typename}"}',
                token=token,
            ),
        )
    for said in (
        "Bearer",
        "Bearer ",
        "Bearer  x",
        "Bearer " + "x" * 9000,
        "bearer \xff",
        "Basic Og==",
        "Digest x",
        "\t",
    ):
        yield f"Authorization: {said[:30]!r}", request("/v1/images", headers=[("Authorization", said)])
    for cookie in (
        "a" * 9000,
        "=;" * 4000,
        "session=\xff",
        "pichub_session=" + "x" * 5000,
        "__Host-a=b; a=b; " * 500,
    ):
        yield f"Cookie: {cookie[:30]}", request("/v1/images", headers=[("Cookie", cookie)])
    for name, line in LINES.items():
        yield f"line: {name}", line
    for name, bad in {
        "a header without a colon": "Bad header", "a name with a space": "Bad name: x", "folding": "A: b\r\n c: d",
        "NUL": "A: \0", "a bare line feed": "A: b\nC: d", "no name": ": x", "a long name": "x" * 70_000 + ": y",
    }.items():  # fmt: skip
        yield name, request(get).replace(b"Host:", bad.encode() + b"\r\nHost:")
    yield "ten thousand headers", request(get, headers=[("X", "y")] * 10_000)
    yield "a megabyte of header", request(get, headers=[("X", "y" * 1_000_000)])
    yield "ten megabytes of header", request(get, headers=[("X", "y" * 10_000_000)])


LINES = {
    "nothing of HTTP": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/9": b"GET / HTTP/9.9\r\n\r\n",
    "a method of its own": b"EVIL / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a method without end": b"G" * 100_000,
    "an address without end": b"GET /"
    + b"x" * 100_000
    + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "another server": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "an address that is none": b"GET //:x@[ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "an address of bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "no address": b"GET  HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}
SMUGGLED = b"0\r\n\r\nGET /v1/account HTTP/1.1\r\nHost: a\r\n\r\n"


def bodies(image: str, token: str) -> Iterator[Named]:
    """Unexpected methods and bodies, and wrong lengths."""
    targets = (
        "/", f"/img/{image}", "/v1/upload", "/v1/images", f"/v1/images/{image}", "/v1/albums", "/v1/openapi.json",
        "/graphql", "/docs", "/v1/events", "/v1/webhooks",
    )  # fmt: skip
    for method in (
        "GET",
        "HEAD",
        "PUT",
        "TRACE",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "PROPFIND",
        "CONNECT",
        "POST",
    ):
        for target in targets:
            if method == "DELETE" and image in target:
                continue
            yield (
                f"{method} {target} with a body",
                request(target, method=method, body=b"{}" * 500, token=token),
            )
            yield f"{method} {target} without", request(target, method=method, token=token)
    for length in ("-1", "1e9", "99999999999999999999999", "0x10", "5, 5", "abc", "+5", " 5 "):
        sent = request(
            "/v1/albums", method="POST", headers=[("Content-Length", length), JSON], body=b"{}", token=token
        )
        yield f"Content-Length: {length}", sent
    for coding in ("chunked, chunked", "gzip", "identity", "chunked, gzip", "xchunked", "\tchunked"):
        yield (
            f"Transfer-Encoding: {coding}",
            request(
                "/v1/albums",
                method="POST",
                headers=[("Transfer-Encoding", coding)],
                body=SMUGGLED,
                token=token,
            ),
        )
    yield "both lengths", request(
        "/v1/albums", method="POST", token=token, body=SMUGGLED,
        headers=[("Content-Length", str(len(SMUGGLED))), ("Transfer-Encoding", "chunked")],
    )  # fmt: skip
    for name, body in {
        "no size": b"x\r\n\r\n", "a size without end": b"f" * 10_000,
        "extensions": b"1;" + b"x" * 50_000 + b"\r\na\r\n0\r\n\r\n",
        "negative": b"-1\r\n\r\n", "one byte each": b"1\r\n{\r\n" * 20_000 + b"0\r\n\r\n",
        "trailers": b"0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    }.items():  # fmt: skip
        yield (
            f"chunks: {name}",
            request(
                "/v1/albums",
                method="POST",
                headers=[("Transfer-Encoding", "chunked"), JSON],
                body=body,
                token=token,
            ),
        )
    for encoding in ("gzip", "br", "x"):
        yield (
            f"Content-Encoding: {encoding}",
            request(
                "/v1/albums",
                method="POST",
                headers=[("Content-Encoding", encoding), JSON],
                body=b"\x1f\x8b",
                token=token,
            ),
        )
    for name, said in {
        "deep": b"[" * 100_000, "text": b'"x"', "NUL": b'{"name":"\\u0000"}', "surrogate": b'{"name":"\\ud800"}',
        "huge number": b'{"name":' + b"9" * 5000 + b"}", "wrong types": b'{"name":{"a":[1]},"is_public":"x"}',
        "new lines": b'{"name":"a\\r\\nX-Injected: yes"}', "UTF-16": '{"name":"x"}'.encode("utf-16"),
    }.items():  # fmt: skip
        yield f"album: {name}", request("/v1/albums", method="POST", headers=[JSON], body=said, token=token)


def noise(seed: int, count: int, image: str, token: str) -> Iterator[Named]:
    """Valid requests with a few bytes changed."""
    rng = Random(seed)  # noqa: S311
    honest = (
        request(f"/img/{image}?w=40&fit=contain", headers=[("Range", "bytes=0-99")]),
        request("/v1/images?page=1&q=a", token=token),
        request("/v1/upload", method="POST", headers=[FORM], body=part("title", b"x") + END, token=token),
        posted(
            token,
            {
                "query": "query($n: Int) { images(first: $n) { edges { node { id } } } }",
                "variables": {"n": 3},
            },
        ),
    )
    for index in range(count):
        spoiled = bytearray(rng.choice(honest))
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(len(spoiled))
            match rng.randrange(3):
                case 0:
                    spoiled[at] = rng.randrange(256)
                case 1:
                    del spoiled[at]
                case _:
                    spoiled[at:at] = bytes((rng.choice(b'\r\n\0 :;%"{}[]\xff,'),)) * rng.choice((1, 1, 50))
        yield f"noise {index}", bytes(spoiled)
