"""Values that have broken other tools: every byte, quotes, expansions, options, controls, sizes, scripts."""

from __future__ import annotations

import re
from itertools import product

WORDS = r"""
$HOME ${HOME} ${IFS} $0 $$ $! $? $(id) $(touch\ CANARY) `touch\ CANARY` $((1/0)) ${x:?no} $'\n' $"x" <(id) >(id)
*  ? [a-z] [!x]* ** ~ ~root ~+ {a,b} {1..3} !! !$ ^a^b
; ;; & && | || ;& < > << <<< >> <> >& &> >CANARY ;touch\ CANARY; &touch\ CANARY& |touch\ CANARY
-- - -n -e -rf -h --help --privileged -oProxyCommand=touch\ CANARY -x -c - + +x
\ \\ \\\ \n \t \0 \x00 \u0000 \' \" \` \$ \*
' '' '\'' " "" "'" '"' '"'"' `' "$(" '$( ${ $(( `
% %s %n %d %% %n%n%n%n %.99999s %*s %c %b \c \033[2J
= + @ & @0 @99 &name =x +x go go\ t_show result\ a\ b . .. / // ./. end
# #! //* /* */ <!-- --> <script>alert(1)</script> {{7*7}} {%x%} ${{x}} <%=1%> [[x]] #{x}
null NULL nil None true false NaN Infinity 0 -0 00 0x0 1e999 1_000 08 ::1 undefined
../../etc/passwd /dev/null /dev/zero C:\ \\host\share file:///etc/passwd
x=1 PATH=/tmp IFS=x LD_PRELOAD=x BASH_ENV=x ENV=x () {\ :;};\ touch\ CANARY
1;DROP\ TABLE\ x -- ' OR 1=1 -- " or ""="
eval exec exit return break continue trap unset set shift : . source alias
"""

TEXTS = [
    "",
    " ",
    "  two  spaces  ",
    "\t",
    "a\tb",
    "\n",
    "\n\n",
    "\n\n\n",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb\nc",
    "a\n+b\n=c\n@1\n&x\ngo t_show\nend\n.",
    ".\n.\n",
    "--\n--",
    "a\r\nb\r",
    "\r",
    "\x0b\x0c",
    "EOF\nEOF",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;eA==\x07",
    "\x9b31m",
    "\x7f\x08\x08",
    "\u202egnp.exe",
    "\u2066\u2069\u200b\ufeff\u00ad",
    "äöüß ÄÖÜ éèê",
    "日本語 한국어 العربية עברית",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "e\u0301\u0301\u0301",
    "\U0010ffff\ufffe\uffff",
    "ﷺ" * 20,
    "x" * 8192,
    "'" * 8192,
    "\\" * 8191,
    "$(" * 4096,
    "\n" * 2000,
    "line\n" * 1000,
    "é" * 4096,
]


def corpus() -> list[str]:
    """At least 500 different values; bytes that are not UTF-8 are surrogate-escaped."""
    raw = [bytes([b]) for b in range(1, 256)]
    raw += [b"a" + bytes([b]) + b"b" for b in range(1, 256)]
    raw += [bytes([b]) * 3 for b in range(0x80, 0x100, 4)]
    raw += [bytes(range(1, 256)), bytes(reversed(range(1, 256))), bytes(range(1, 256)) * 32]
    raw += [b"\xc3\x28", b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\x80"]
    special = b"'\"\\$`!*?;&|<>(){}[]#~%=\n\r\t -"
    raw += [bytes(pair) for pair in product(special, repeat=2)]
    texts = [r.decode("utf-8", "surrogateescape") for r in raw] + TEXTS
    lines = WORDS.splitlines()
    texts += lines + [word.replace("\\ ", " ") for line in lines for word in re.split(r"(?<!\\) ", line)]
    return list(dict.fromkeys(texts))
