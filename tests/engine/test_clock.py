"""Ages are the host's own, whatever the controller's clock says."""

from datetime import timedelta

import pytest

from remedy.hosts.fake import FACTS
from tests.engine.conftest import NewScene
from tests.engine.scene import START, always, step


@pytest.mark.parametrize("years", [-10, 0, 10])
def test_fault_068_an_age_is_made_absolute_by_the_hosts_clock_alone(new_scene: NewScene, years: int) -> None:
    scene = new_scene()
    scene.clock.at = START + timedelta(days=365 * years)

    plan = scene.plan(always(step("s", "toy.start", service="db", since=60)))

    look = plan.hosts[0].steps[0].look
    assert look is not None
    assert look.args == ("db", str(FACTS.now - 60))
