"""The table of what every action has proven, as docs/kit.md shows it.

`python -m tests.actions.matrix` writes it and the reference of actions; a test fails while they are stale.
"""

from pathlib import Path

from remedy.actions.catalogue import shipped
from remedy.actions.docs import pages
from tests.actions import kit
from tests.actions.far_end import SHELLS
from tests.actions.scenes import BY_TESTS_OF_THEIR_OWN, ON_A_HOST, SCENES, THROUGH_A_SESSION
from tests.actions.test_session import SHELLS as SESSION_SHELLS

PAGE = Path("docs/kit.md")
REFERENCE = Path("docs/actions")


def text() -> str:
    """The page."""
    rows = ["# What every action has proven", ""]
    rows += ["Each proof runs the shipped shell functions on real files and real units, never a stand-in.", ""]
    rows += [f"- **{_words(p.__name__)}**: {_promise(p.__doc__)}" for p in kit.PROOFS]
    rows += ["", f"| action | {' | '.join(_words(p.__name__) for p in kit.PROOFS)} |"]
    rows.append("|---|" + "---|" * len(kit.PROOFS))
    everywhere = ", ".join(SHELLS)
    for scene in SCENES:
        rows.append(f"| {scene.name} | " + " | ".join(everywhere for _ in kit.OF_FUNCTIONS) + f" | {SHELLS[0]} |")
    for name, where in ON_A_HOST.items():
        left_out = kit.OF_FUNCTIONS if name in BY_TESTS_OF_THEIR_OWN else ()
        if where == "systemd":
            left_out = (*left_out, kit.killed_inside_an_operation_it_converges)
        cells = ("-" if p in left_out else where for p in kit.PROOFS)
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    rows += ["", "dash and bash run with GNU tools, busybox with its own alone; systemd and Docker Engine"]
    rows += ["(with Compose v2) are a test host's own; PostgreSQL is a server that the tests start."]
    again = "; ".join(s.name for s in THROUGH_A_SESSION)
    rows += [f"`{again}`: proven again through a session and its runner under"]
    rows += [f"{', '.join(SESSION_SHELLS)}; there, a healthy host is sent no change request, for every row.", ""]
    return "\n".join(rows)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _promise(doc: str | None) -> str:
    return (doc or "").splitlines()[0]


def write() -> None:
    """Write the table and every page of the reference anew."""
    PAGE.write_text(text(), "utf-8")
    REFERENCE.mkdir(exist_ok=True)
    for name, page in pages(shipped()).items():
        (REFERENCE / name).write_text(page, "utf-8")


if __name__ == "__main__":
    write()
