"""Whether a cron expression says a time that comes: five fields, as cron(5) has them."""

from __future__ import annotations

import re

from remedy.errors import Invalid

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(?:(\*)|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,3}))?", re.ASCII)


def check_cron(text: str) -> None:
    """Raise Invalid for what is not five fields, out of range, or a day that no month has."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise Invalid("wanted five fields: minute, hour, day, month, weekday", fix="for example '17 3 * * *'")
    values = [_field(f, *bounds) for f, bounds in zip(fields, _FIELDS, strict=True)]
    days, months = values[2], values[3]
    if fields[4] == "*" and all(min(days) > _LONGEST_MONTH[m - 1] for m in months):
        raise Invalid("no such day ever comes in these months")


def _field(text: str, name: str, low: int, high: int) -> set[int]:
    words = dict(zip(_MONTHS, range(1, 13), strict=True)) if name == "month" else {}
    words |= dict(zip(_DAYS, range(7), strict=True)) if name == "weekday" else {}
    plain = re.sub(r"[a-zA-Z]+", lambda m: str(words.get(m[0].lower(), m[0])), text)
    found: set[int] = set()
    for item in plain.split(","):
        found |= _item(item, text, name, low, high)
    return found


def _item(item: str, text: str, name: str, low: int, high: int) -> set[int]:
    match = _ITEM.fullmatch(item)
    if not match:
        raise Invalid(f"'{text[:40]}' is no {name}", fix=f"* or {low}-{high}, with , - and /")
    star, first, last, step = match.groups()
    start = low if star else int(first)
    end = high if star or (step and not last) else int(last or first)
    if not low <= start <= end <= high or (step is not None and int(step) < 1):
        raise Invalid(f"'{text[:40]}' is no {name} from {low} to {high}")
    return set(range(start, end + 1, int(step or 1)))
