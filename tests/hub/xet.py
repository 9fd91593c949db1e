"""Xet, which has the content of most large files of the hub: what a file is made of, and the bytes of that.

On the hub a file is cut into chunks, which several files may share; here each lies in a block of its own. What a client
asks and is answered: https://huggingface.co/docs/xet/download-protocol. It believes the hash that the list of files
names, so here that is the SHA-256.
"""

from __future__ import annotations

PLANS, BLOCKS, TELEMETRY = "/v2/reconstructions", "/xorbs", "/v1/telemetry"
"""Where it is asked: what a file is made of, the bytes of that, and what the client tells of itself."""

CHUNK = 64 * 1024
"""Bytes of a file that are packed together; the client takes no more than twice that."""


def packed(content: bytes) -> bytes:
    """A block that holds a file: before each chunk its version, size, kind of compression (none) and size again."""
    chunks = [content[begin : begin + CHUNK] for begin in range(0, len(content), CHUNK)]
    sizes = [len(chunk).to_bytes(3, "little") for chunk in chunks]
    return b"".join(b"\0" + size + b"\0" + size + chunk for size, chunk in zip(sizes, chunks, strict=True))


def plan_of(hash: str, content: bytes, url: str) -> dict[str, object]:
    """What the client has to fetch for a file: all of the block at `url`."""
    chunks = {"start": 0, "end": -(-len(content) // CHUNK)}
    part = {"chunks": chunks, "bytes": {"start": 0, "end": len(packed(content)) - 1}}
    return {
        "offset_into_first_range": 0,
        "terms": [{"hash": hash, "unpacked_length": len(content), "range": chunks}],
        "xorbs": {hash: [{"url": url, "ranges": [part]}]},
    }
