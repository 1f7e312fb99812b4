"""A scene for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.scene import Scene, full
from tests.engine.world import World

NewScene = Callable[..., Scene]


@pytest.fixture
def new_scene(tmp_path: Path) -> Iterator[NewScene]:
    """Call it with the hosts' worlds by name; one full host `h1` unless told otherwise."""
    made: list[Scene] = []

    def new(**worlds: World) -> Scene:
        made.append(Scene(tmp_path, worlds or {"h1": full()}))
        return made[-1]

    yield new
    for scene in made:
        scene.store.close()
