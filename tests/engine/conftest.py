"""A scene for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.engine.scene import Scene, full
from tests.engine.world import World

NewScene = Callable[..., Scene]
MEMORY = Path("/dev/shm")  # a store syncs each event; the engine's promises need no disk


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory of the test's own, in memory where that is to be had."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        yield Path(place)


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
