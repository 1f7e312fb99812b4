"""Build what the lab's hosts are made of, before any test waits for one: `python -m tests.lab.prepare`."""

from __future__ import annotations

import sys
import time

from tests.lab.engine import engine, file_of, image_of
from tests.lab.image import RECIPES, STACK
from tests.lab.parts import LabMissingError


def main() -> None:
    """Build and import every image that is not there yet; where the lab cannot be had, say why and end well."""
    try:
        with engine() as joined:
            for recipe in RECIPES:
                began_s = time.monotonic()
                tag = image_of(recipe, joined)
                print(f"{tag}: {time.monotonic() - began_s:.0f} s", flush=True)
            print(file_of(STACK))
    except LabMissingError as missing:
        print(f"tests with real hosts will be skipped: the lab {missing}", file=sys.stderr)


if __name__ == "__main__":
    main()
