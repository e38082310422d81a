"""An S3 with buckets by path, as far as a record in it needs: conditional writes, and listings."""

from __future__ import annotations

import hashlib
import threading
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape

from ..wire import Answer, Request

XML = (("Content-Type", "application/xml"),)


class Bucket:
    """Objects by bucket and key; any bucket exists."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._objects: dict[str, tuple[bytes, str, str]] = {}

    def forget(self) -> None:
        """Empty again."""
        self._objects = {}

    def put(self, path: str, body: bytes) -> str:
        """Writes an object; its ETag."""
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        self._objects[path] = (body, etag, formatdate(usegmt=True))
        return etag

    def get(self, path: str) -> bytes | None:
        """An object's body."""
        found = self._objects.get(path)
        return found[0] if found else None

    def answer(self, request: Request) -> Answer:
        """GET, HEAD, PUT and DELETE of an object, and listings of a bucket."""
        path, query = split(request)
        with self._turn:
            if not path.partition("/")[2]:
                return self._listing(path.rstrip("/"), query)
            if request.method in ("GET", "HEAD"):
                return self._read(path, request)
            if request.method == "PUT":
                return self._write(path, request)
            if request.method == "DELETE":
                self._objects.pop(path, None)
                return Answer(204)
        return refusal(405, "MethodNotAllowed")

    def _read(self, path: str, request: Request) -> Answer:
        if path not in self._objects:
            return Answer(404) if request.method == "HEAD" else refusal(404, "NoSuchKey")
        body, etag, modified = self._objects[path]
        headers = (("ETag", etag), ("Last-Modified", modified), ("Content-Type", "application/octet-stream"))
        if request.headers.get("if-none-match") == etag:
            return Answer(304, b"", headers)
        return Answer(200, b"", headers, len(body)) if request.method == "HEAD" else Answer(200, body, headers)

    def _write(self, path: str, request: Request) -> Answer:
        there = self._objects.get(path)
        wanted = request.headers.get("if-match")
        if request.headers.get("if-none-match") == "*" and there:
            return refusal(412, "PreconditionFailed")
        if wanted and not there:
            return refusal(404, "NoSuchKey")
        if wanted and there and wanted.strip('"') != there[1].strip('"'):
            return refusal(412, "PreconditionFailed")
        return Answer(200, b"", (("ETag", self.put(path, body_of(request))),))

    def _listing(self, bucket: str, query: dict[str, str]) -> Answer:
        """ListObjectsV2. What lies below a delimiter is told as a prefix."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after, most = query.get("continuation-token") or query.get("start-after", ""), int(query.get("max-keys", 1000))
        keys = [path.partition("/")[2] for path in self._objects if path.startswith(f"{bucket}/")]
        # A key stands for itself or for the prefix that ends with the delimiter below it; one is told after the other.
        cuts = {key: key.find(delimiter, len(prefix)) if delimiter else -1 for key in keys if key.startswith(prefix)}
        told = sorted({key if cut < 0 else key[:cut + len(delimiter)] for key, cut in cuts.items()})
        told = [one for one in told if one > after]
        page, more = told[:most], len(told) > most
        entries = [self._entry(bucket, one) for one in page if cuts.get(one) == -1]
        common = [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>"
                  for one in page if cuts.get(one) != -1]
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><MaxKeys>{most}</MaxKeys>"
                f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>{token}"
                f"{''.join(entries)}{''.join(common)}</ListBucketResult>")
        return Answer(200, text.encode(), XML)

    def _entry(self, bucket: str, key: str) -> str:
        body, etag, _ = self._objects[f"{bucket}/{key}"]
        return (f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>{escape(etag)}</ETag><Size>{len(body)}</Size><StorageClass>STANDARD</StorageClass></Contents>")


def split(request: Request) -> tuple[str, dict[str, str]]:
    """`bucket/key` and the query."""
    path, _, query = request.path.partition("?")
    return urllib.parse.unquote(path).lstrip("/"), dict(urllib.parse.parse_qsl(query, keep_blank_values=True))


def operation(request: Request) -> str:
    """What the SDKs call it."""
    path, _ = split(request)
    if not path.partition("/")[2]:
        return "ListObjectsV2"
    return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(
        request.method, request.method)


def body_of(request: Request) -> bytes:
    """The object, taken out of the chunks in which it comes with a checksum behind it."""
    if "aws-chunked" not in request.headers.get("content-encoding", ""):
        return request.body
    whole, at = b"", 0
    while True:
        line_end = request.body.index(b"\r\n", at)
        size = int(request.body[at:line_end].partition(b";")[0], 16)
        at = line_end + 2
        if size == 0:
            return whole
        whole += request.body[at:at + size]
        at += size + 2


def refusal(status: int, code: str) -> Answer:
    """An error as S3 tells it."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Answer(status, text.encode(), XML)
