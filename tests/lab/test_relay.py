"""The relay is a network that does what the test says, and counts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.lab import Relay, Way

WAIT_S = 5


class Echo:
    """A server that sends back what it gets, and remembers it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.received = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while chunk := connection.recv(65536):
                self.received += chunk
                connection.sendall(chunk)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.listener.close()


def _connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=WAIT_S)


def _read(connection: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count and (chunk := connection.recv(count - len(got))):
        got += chunk
    return got


def _read_to_the_end(connection: socket.socket) -> bytes:
    got = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            got += chunk
    return got


def _says_nothing(connection: socket.socket, for_s: float = 0.2) -> bool:
    connection.settimeout(for_s)
    try:
        connection.recv(1)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(WAIT_S)
    return False


def test_bytes_arrive_as_sent_and_are_counted(echo: Echo) -> None:
    sent = bytes(range(256)) * 4096
    with Relay(echo.address) as relay, _connect(relay) as connection:
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        assert _read(connection, len(sent)) == sent
        counts = relay.counts()
    assert (counts.connections, counts.up_bytes, counts.down_bytes) == (1, len(sent), len(sent))


def test_a_delay_counts_in_each_direction_and_turns_count_round_trips(echo: Echo) -> None:
    with Relay(echo.address, delay_s=0.05) as relay, _connect(relay) as connection:
        began_s = time.monotonic()
        for _ in range(3):
            connection.sendall(b"question")
            assert _read(connection, 8) == b"question"
        took_s = time.monotonic() - began_s
        assert relay.counts().turns == 3
    assert 0.3 <= took_s < 1


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_cut_after_n_bytes_lets_exactly_n_pass_once(echo: Echo, count: int) -> None:
    with Relay(echo.address) as relay:
        with _connect(relay) as connection:
            connection.sendall(b"x")
            assert _read(connection, 1) == b"x"
            relay.cut_after(Way.DOWN, count)
            with suppress(ConnectionError):
                connection.sendall(b"0123456789")
            assert _read_to_the_end(connection) == b"0123456789"[:count]
        with _connect(relay) as connection:
            connection.sendall(b"again, and all of it")
            assert _read(connection, 20) == b"again, and all of it"


def test_a_cut_reply_never_arrives_though_the_request_did(echo: Echo) -> None:
    with Relay(echo.address) as relay, _connect(relay) as connection:
        relay.freeze_after(Way.UP, 7)
        connection.sendall(b"request")
        assert _says_nothing(connection)
        relay.cut()
        assert _read_to_the_end(connection) == b""
    assert bytes(echo.received) == b"request"


def test_a_cut_is_a_reset_and_not_an_end(echo: Echo) -> None:
    with Relay(echo.address) as relay, _connect(relay) as connection:
        connection.sendall(b"x")
        assert _read(connection, 1) == b"x"
        relay.cut()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_freeze_holds_back_and_a_thaw_lets_go(echo: Echo) -> None:
    with Relay(echo.address) as relay, _connect(relay) as connection:
        relay.freeze()
        connection.sendall(b"held back")
        assert _says_nothing(connection)
        assert not echo.received
        relay.thaw()
        assert _read(connection, 9) == b"held back"


def test_a_freeze_after_n_bytes_lets_exactly_n_pass(echo: Echo) -> None:
    with Relay(echo.address) as relay, _connect(relay) as connection:
        relay.freeze_after(Way.DOWN, 4)
        connection.sendall(b"0123456789")
        assert _read(connection, 4) == b"0123"
        assert _says_nothing(connection)
        relay.thaw()
        assert _read(connection, 6) == b"456789"


def test_a_frozen_relay_accepts_and_says_nothing(echo: Echo) -> None:
    with Relay(echo.address) as relay:
        relay.freeze()
        with _connect(relay) as connection:
            connection.sendall(b"anybody there?")
            assert _says_nothing(connection)


def test_the_end_of_one_side_reaches_the_other(echo: Echo) -> None:
    with Relay(echo.address) as relay, _connect(relay) as connection:
        connection.sendall(b"the last words")
        connection.shutdown(socket.SHUT_WR)
        assert _read_to_the_end(connection) == b"the last words"


def test_nobody_behind_the_relay_is_a_closed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = gone.getsockname()
    with Relay(address) as relay, _connect(relay) as connection:
        assert _read_to_the_end(connection) == b""


def test_a_relay_leaves_no_thread_behind(echo: Echo) -> None:
    before = threading.active_count()
    with Relay(echo.address) as relay, _connect(relay) as connection:
        relay.freeze()
        connection.sendall(b"x" * 100_000)
    deadline_s = time.monotonic() + WAIT_S
    while threading.active_count() > before and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert threading.active_count() <= before
