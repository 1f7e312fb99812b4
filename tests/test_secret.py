"""A secret has no text, and what a host echoes of it is masked in every likely form. Faults 96, 97, 99, 103."""

from __future__ import annotations

import base64
import copy
import dataclasses
import html
import io
import json
import logging
import pickle  # noqa: TID251  # what must be impossible is tried
import secrets
import shlex
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy.codec import encode
from remedy.digest import canonical
from remedy.errors import Bug
from remedy.model import Put, SecretRef
from remedy.secret import MASK, SHORTEST_BYTES, Redactor, Secret

CANARY = "Zx9" + secrets.token_hex(12)  # made anew in every run
SECRET: Any = Secret(CANARY)  # Any: what the types forbid is tried too


@dataclasses.dataclass(frozen=True)
class Holder:
    name: str
    secret: Secret


HOLDER = Holder("db", SECRET)


# ---------------------------------------------------------------- the type


@pytest.mark.parametrize(
    "leak",
    [
        lambda: str(SECRET),
        lambda: f"{SECRET}",
        lambda: f"{SECRET:>40}",
        lambda: f"{SECRET!s}",
        lambda: format(SECRET),
        lambda: "%s" % SECRET,  # noqa: UP031
        lambda: "{}".format(SECRET),  # noqa: UP032
        lambda: "{0.name}{0.secret}".format(HOLDER),  # noqa: UP032
        lambda: "x" + SECRET,
        lambda: SECRET + "x",
        lambda: ",".join(iter([CANARY, SECRET])),
        lambda: bytes(SECRET),
        lambda: list(SECRET),
        lambda: len(SECRET),
        lambda: json.dumps(SECRET),
        lambda: json.dumps({"a": [SECRET]}),
        lambda: json.dumps(SECRET, default=str),
        lambda: pickle.dumps(SECRET),
        lambda: pickle.dumps(SECRET, protocol=0),
        lambda: pickle.dumps(HOLDER),
        lambda: copy.copy(SECRET),
        lambda: copy.deepcopy(HOLDER),
        lambda: dataclasses.asdict(HOLDER),
        SECRET.__getstate__,
        lambda: vars(SECRET),
        lambda: SECRET == CANARY,
        lambda: SECRET != CANARY,
        lambda: CANARY in [SECRET, SECRET],
        lambda: {SECRET: 1},
        lambda: hash(HOLDER),
        lambda: sorted([SECRET, SECRET]),
        lambda: SECRET.encode("utf-8"),
        lambda: shlex.quote(SECRET),
        lambda: print(SECRET, file=io.StringIO()),
        lambda: subprocess.run([SECRET], check=False),
    ],
)
def test_fault_096_no_way_of_making_text_gives_it_away(leak: Callable[[], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as refusal:
        leak()
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("shown", [repr(SECRET), repr([SECRET]), repr(HOLDER), f"{SECRET!r}", f"{HOLDER}"])
def test_fault_096_what_is_shown_is_the_mask(shown: str) -> None:
    assert CANARY not in shown
    assert MASK in shown


@pytest.mark.parametrize("value", [SECRET, [SECRET], {"a": SECRET}, HOLDER])
def test_fault_096_no_document_holds_it(value: object) -> None:
    for write in (encode, canonical):
        with pytest.raises(Bug) as bug:
            write(value)  # type: ignore[arg-type]
        assert CANARY not in str(bug.value)


def test_fault_099_a_traceback_with_locals_does_not_show_it() -> None:
    def failing(secret: Secret, holder: Holder) -> None:
        raise ValueError(f"{secret!r}")

    with pytest.raises(ValueError, match="secret") as caught:
        failing(SECRET, HOLDER)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(told.format())
    assert "holder = " in text  # locals are there
    assert CANARY not in text


def test_fault_099_a_log_line_does_not_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    logger = logging.getLogger("tests.secret")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("the value is %s", SECRET)
    logger.error("the value is %r", SECRET)
    logger.handlers.clear()
    written = stream.getvalue() + "".join(capsys.readouterr())
    assert MASK in written
    assert CANARY not in written


def test_fault_103_a_plan_holds_the_reference_and_no_hash_of_the_value() -> None:
    document = canonical(encode(Put(path="/etc/x", content=("pw=", SecretRef("env:PW")))))
    assert '"secret":"env:PW"' in document
    assert SECRET.reveal() == CANARY  # the one way


# ---------------------------------------------------------------- redaction

raw_values = st.text(min_size=6, max_size=80).filter(
    lambda t: len(t.encode("utf-8", "surrogatepass")) >= SHORTEST_BYTES
)
ODD = "p'w\"d/+ \u00e9<&>\\%~\u20ac"


def b64(raw: bytes) -> bytes:
    return base64.b64encode(raw)


def spaced(raw: bytes, gap: str) -> bytes:
    return gap.join(f"{byte:02x}" for byte in raw).encode()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda raw: raw,
    "base64": b64,
    "base64 behind one byte": lambda raw: b64(b"x" + raw),
    "base64 behind two bytes": lambda raw: b64(b"xy" + raw),
    "base64 among others": lambda raw: b64(b"user:" + raw + b"@host/path"),
    "base64 for URLs": base64.urlsafe_b64encode,
    "base64 wrapped": lambda raw: base64.encodebytes(b"x" * 50 + raw * 3),
    "hex": lambda raw: raw.hex().encode(),
    "HEX": lambda raw: raw.hex().upper().encode(),
    "hex spaced": lambda raw: spaced(raw, " "),
    "hex with colons": lambda raw: spaced(raw, ":"),
    "hex over lines": lambda raw: spaced(raw, "\n"),
    "URL": lambda raw: quote(raw, safe="").encode(),
    "URL path": lambda raw: quote(raw).encode(),
    "url": lambda raw: quote(raw, safe="").lower().encode() if raw.islower() else quote(raw, safe="").encode(),
    "form": lambda raw: quote_plus(raw).encode(),
    "JSON": lambda raw: json.dumps(raw.decode("utf-8", "surrogateescape")).encode(),
    "JSON unescaped": lambda raw: json.dumps(raw.decode(), ensure_ascii=False).encode(),
    "HTML": lambda raw: html.escape(raw.decode()).encode(),
    "set -x": lambda raw: shlex.quote(raw.decode()).replace("'\"'\"'", "'\\''").encode(),
    "quoted": lambda raw: shlex.quote(raw.decode()).encode(),
}


def shows(output: bytes, form: bytes) -> bool:
    """Whether more than the edges of this form can still be read: any eight bytes in a row."""
    return any(form[n : n + 8] in output for n in range(len(form) - 7))


@pytest.mark.parametrize("value", [CANARY, ODD, "hunter2\u00fc", "sixsix"], ids=["canary", "odd", "umlaut", "short"])
@pytest.mark.parametrize("form", FORMS)
def test_fault_097_an_echo_in_any_form_is_masked(form: str, value: str) -> None:
    echoed = FORMS[form](value.encode())
    scrubbed = Redactor([Secret(value)]).scrub(b"before " + echoed + b" after")
    assert MASK.encode() in scrubbed
    assert scrubbed.startswith(b"before ")
    assert scrubbed.endswith(b" after")
    masked_away = scrubbed.replace(MASK.encode(), b"")
    assert FORMS[form](value.encode()) not in masked_away
    assert value.encode() not in masked_away
    if "base64" not in form:  # there the edges depend on what stands beside the value
        assert not shows(masked_away, echoed)


@given(raw_values, st.binary(max_size=40), st.binary(max_size=40))
def test_fault_097_any_value_is_masked_between_any_bytes(value: str, before: bytes, after: bytes) -> None:
    raw = value.encode()
    redactor = Redactor([Secret(value)])
    for echoed in (raw, raw.hex().encode(), b64(raw), quote(raw, safe="").encode()):
        scrubbed = redactor.scrub(before + echoed + after)
        assert MASK.encode() in scrubbed
        assert echoed not in scrubbed.replace(MASK.encode(), b"")


@given(raw_values, st.binary(max_size=200))
def test_what_holds_no_secret_is_left_as_it_is(value: str, output: bytes) -> None:
    redactor = Redactor([Secret(value)])
    if MASK.encode() not in redactor.scrub(output):
        assert redactor.scrub(output) == output


def test_ordinary_text_is_left_as_it_is() -> None:
    text = ("The quick brown fox: 00 01 02 aa:bb:cc\r\n" + json.dumps({"a": [1, "x"]}) + "\n") * 50
    redactor = Redactor([Secret(secrets.token_urlsafe(n)) for n in range(6, 60)])
    assert redactor.scrub_text(text) == text
    assert redactor.scrub(text.encode()) == text.encode()


def test_values_too_short_to_search_for_are_left_alone() -> None:
    redactor = Redactor([Secret("short"), Secret("")])
    assert redactor.scrub(b"a short text") == b"a short text"
    assert redactor.longest == 0


def test_every_line_of_a_key_is_masked_by_itself() -> None:
    lines = [secrets.token_urlsafe(40) for _ in range(5)]
    redactor = Redactor([Secret("\n".join(lines) + "\n")])
    for line in lines:
        assert redactor.scrub(f"  + {line}\r\n".encode()) == f"  + {MASK}\r\n".encode()


def test_secrets_that_overlap_or_hold_each_other_are_masked_whole() -> None:
    redactor = Redactor([Secret("alphabeta"), Secret("betagamma"), Secret("alphabetagammadelta")])
    assert redactor.scrub(b"<alphabetagamma>") == f"<{MASK}>".encode()
    assert redactor.scrub(b"<alphabetagammadelta>") == f"<{MASK}>".encode()
    assert redactor.scrub(b"<alphabeta><betagamma>") == f"<{MASK}><{MASK}>".encode()
    assert redactor.scrub(b"<ababababab>") == b"<ababababab>"


def test_a_value_that_repeats_itself_is_masked_wherever_it_begins() -> None:
    assert Redactor([Secret("ababab")]).scrub(b"<abababab>") == f"<{MASK}>".encode()


@pytest.mark.parametrize("name", ["\udcff\udc80", "\ud83d", "\U0001f525"])
def test_text_with_odd_characters_is_scrubbed_and_breaks_nothing(name: str) -> None:
    redactor = Redactor([SECRET, Secret(f"{name}password")])
    assert CANARY not in redactor.scrub_text(f"{name} {CANARY} {name}")
    assert "password" not in redactor.scrub_text(f"{name}password")
    assert redactor.scrub_text("\udcff plain \udc80") == "\udcff plain \udc80"


EDGE = 65_536


@pytest.mark.parametrize("form", ["raw", "base64 among others", "base64 wrapped", "hex spaced", "URL", "JSON"])
def test_fault_096_at_every_cut_the_overlap_hides_what_was_cut(form: str) -> None:
    redactor = Redactor([Secret(ODD + CANARY)])
    echoed = FORMS[form]((ODD + CANARY).encode())
    stream = b"." * EDGE + echoed + b"." * 600
    for cut in range(EDGE, EDGE + len(echoed) + 1, 2):
        head = redactor.scrub(stream[: cut + redactor.longest])
        tail = redactor.scrub(stream[max(0, cut - redactor.longest) :])
        kept = head[: len(head) - redactor.longest] + b"|" + tail[redactor.longest :]
        assert not shows(kept.replace(MASK.encode(), b"|"), (ODD + CANARY).encode())
        if form != "base64 wrapped":
            assert not shows(kept.replace(MASK.encode(), b"|"), echoed[12:-12] if "among" in form else echoed)


def test_threads_that_learn_at_once_forget_nothing() -> None:
    values = [secrets.token_urlsafe(20) for _ in range(200)]
    redactor = Redactor()

    def learn(value: str) -> bytes:
        redactor.learn(Secret(value))
        return redactor.scrub(value.encode())

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(learn, values)) == {MASK.encode()}
    assert redactor.scrub(" ".join(values).encode()) == " ".join([MASK] * 200).encode()


def test_a_redactor_does_not_show_what_it_knows() -> None:
    redactor: Any = Redactor([SECRET])
    assert CANARY not in repr(redactor)
    assert CANARY not in str(redactor)


def cpu_ms(act: Callable[[], object]) -> float:
    begun_s = time.process_time()
    act()
    return (time.process_time() - begun_s) * 1000


def test_a_large_key_is_learnt_and_256_kib_are_scrubbed_in_time() -> None:
    redactor = Redactor()
    large = Secret("\n".join(secrets.token_urlsafe(48) for _ in range(100)))
    assert cpu_ms(lambda: redactor.learn(large)) < 100
    for _ in range(20):
        redactor.learn(Secret(secrets.token_urlsafe(24)))
    clean = secrets.token_hex(131_072).encode()
    assert cpu_ms(lambda: redactor.scrub(clean)) < 500
    dirty = clean[:1000] + CANARY.encode() + clean[1000:]
    redactor.learn(SECRET)
    assert CANARY.encode() not in redactor.scrub(dirty)


def test_fault_098_the_test_itself_puts_no_secret_on_a_command_line() -> None:
    assert CANARY not in " ".join(sys.argv)
