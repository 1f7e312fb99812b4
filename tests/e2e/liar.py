#!/usr/bin/python3
"""What a host says that lies: it stands where remedy asked for a shell. The first argument says how."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator

HELLO = b"root\n0123456789abcdef\nLinux x86_64\n/run/remedy\n"


def message() -> tuple[bytes, bytes]:
    """The far end's own text, which remedy sends first, and the nonce in it."""
    text = sys.stdin.buffer.read(int(sys.stdin.buffer.readline()))
    found = re.search(rb"far_nonce=([0-9a-f]+)", text)
    assert found
    return text, found[1]


def requests(nonce: bytes) -> Iterator[tuple[list[bytes], bytes]]:
    """The words of each request after the nonce, and its body."""
    while line := sys.stdin.buffer.readline():
        words = line.split()
        assert words[0] == nonce
        yield words[1:], sys.stdin.buffer.read(int(words[3]))


def say(piece: bytes) -> None:
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def frame(nonce: bytes, seq: bytes, words: str, text: bytes = b"") -> bytes:
    return b"\n%s %s %s\n%s" % (nonce, seq, words.encode(), text)


def flood() -> None:
    """Print without end before the first word that was asked for."""
    while True:
        say(b"all is well " * 5000)


def endless(nonce: bytes) -> None:
    """Begin an answer that has no end."""
    say(frame(nonce, b"0", "hello 1700000000 0", HELLO) + frame(nonce, b"1", "look 0"))
    while True:
        say(b"item /srv/data/x\tforged\n" * 3000)


def shuffled(nonce: bytes) -> None:
    """Answer looks that nobody asked for, in no order, for other requests, and then end."""
    say(frame(nonce, b"0", "hello 1700000000 0", HELLO))
    for words, _ in requests(nonce):
        seq = words[3] if len(words) > 3 else b"1"
        for number in (7, 0, 3):
            say(frame(nonce, seq, f"look {number}", b"free at-least\n--\n") + frame(nonce, b"99", "rc 0"))
        say(frame(nonce, seq, "rc 0") + frame(nonce, seq, "group 0") + frame(nonce, seq, "end"))


def clock(nonce: bytes) -> None:
    """Say that it is the year 300 million."""
    say(frame(nonce, b"0", "hello 9999999999999999 0", HELLO))
    for words, _ in requests(nonce):
        say(frame(nonce, words[3], "look 0", b"free below\n") + frame(nonce, words[3], "end"))


def willing(text: bytes, nonce: bytes) -> None:
    """Answer every look truly, do nothing, and say that it was done."""
    shell = subprocess.Popen(["/bin/sh", "-c", 'eval "$1"', "sh", text], stdin=subprocess.PIPE)
    assert shell.stdin
    for words, body in requests(nonce):
        if words[0] == b"part":
            continue
        if words[0] == b"change":
            say(frame(nonce, words[3], "acted -1 0") + frame(nonce, words[3], "end"))
            continue
        shell.stdin.write(b" ".join([nonce, *words]) + b"\n" + body)
        shell.stdin.flush()


def main() -> None:
    how = sys.argv[1]
    if how == "flood":
        flood()
    text, nonce = message()
    threading.Timer(120, lambda: sys.exit(1)).start()
    if how == "willing":
        willing(text, nonce)
    else:
        {"endless": endless, "shuffled": shuffled, "clock": clock}[how](nonce)


if __name__ == "__main__":
    main()
