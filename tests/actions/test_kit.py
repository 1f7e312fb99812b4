"""Every action against the kit, with its real shell functions under every shell."""

from collections.abc import Callable
from pathlib import Path

import pytest

from remedy.actions.catalogue import Catalogue
from remedy.model import Host
from tests.actions.far_end import FarEnd
from tests.actions.kit import PROOFS, Ground, Played, Scene, play
from tests.actions.scenes import SCENES

pytestmark = pytest.mark.shells


# fault 21: every action, act then plan again gives nothing
@pytest.mark.parametrize("proof", PROOFS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.name)
def test_the_kit(
    scene: Scene,
    proof: Callable[[Played], None],
    far_end: FarEnd,
    tmp_path: Path,
    shelf: Path,
    catalogue: Catalogue,
    host: Host,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    proof(play(scene, Ground(root, shelf), far_end, catalogue, host))
