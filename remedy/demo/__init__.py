"""The demo: an embedded host on this machine, to try remedy on; without root and without Docker."""


def main(assume_yes: bool, keep: bool) -> int:
    """Tell the demo's story on the terminal; return its exit code: 0 only if all of it came true.

    `assume_yes` consents without asking; `keep` holds the host, once the story is told, until Enter is pressed.
    Raises Refused, saying what to do, where this machine cannot have the demo's host.
    """
    from remedy.demo.story import tell  # noqa: PLC0415 — the host's own processes import this package too

    return tell(assume_yes=assume_yes, keep=keep)
