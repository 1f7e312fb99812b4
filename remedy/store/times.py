"""Times as the store writes them: aware UTC, ISO 8601 with microseconds, so text sorts as time."""

from __future__ import annotations

from datetime import UTC, datetime

from remedy.errors import Bug, Invalid


def written(at: datetime) -> str:
    """The one text of a moment. Raises Bug for a time without a zone."""
    if at.tzinfo is None:
        raise Bug("a time without a zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """The moment that a text names. Raises Invalid unless it is ISO 8601 with a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"not a time: {text!r}", fix="write it as 2024-01-31T12:00:00+00:00") from None
    if at.tzinfo is None:
        raise Invalid(f"a time without a zone: {text!r}", fix="end it with +00:00")
    return at.astimezone(UTC)
