"""Carries packets between two network interfaces, late, and loses some: as `tc netem`, which not every kernel has.

`python slow_link.py ONE OTHER SECONDS LOSS`, until it is killed.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections import deque
from random import Random

EVERYTHING = socket.htons(3)
"""All protocols."""

PACKET, MEMBERSHIP, WITH_HEADER, PROMISCUOUS = 263, 1, 15, 1
"""Of linux/if_packet.h: the level of its options, two options, and a kind of membership."""

LARGEST = 1 << 17
"""Bytes of what is read at once: the kernel hands over what it has not cut into packets yet."""


def opened(interface: str) -> socket.socket:
    """All that arrives there, with the header that says which checksums are still to be computed."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, EVERYTHING)
    end.setsockopt(PACKET, WITH_HEADER, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
    end.bind((interface, 0))
    member = struct.pack("iHH8s", socket.if_nametoindex(interface), PROMISCUOUS, 0, b"")
    end.setsockopt(PACKET, MEMBERSHIP, member)
    return end


def carry(one: socket.socket, other: socket.socket, seconds: float, loss: float) -> None:
    """Forever."""
    to, chance = {one: other, other: one}, Random(1)
    waiting: deque[tuple[float, socket.socket, bytes]] = deque()
    while True:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for end in select.select([one, other], [], [], patience)[0]:
            packet, (_, _, kind, *_) = end.recvfrom(LARGEST)
            if kind != socket.PACKET_OUTGOING and chance.random() >= loss:
                waiting.append((time.monotonic() + seconds, to[end], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, end, packet = waiting.popleft()
            try:
                end.send(packet)
            except OSError:  # its queue is full, or it is taken away: lost as on any wire
                continue


if __name__ == "__main__":
    carry(opened(sys.argv[1]), opened(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
