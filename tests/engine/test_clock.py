"""Ages are the host's own, whatever the controller's clock says."""

from datetime import UTC, datetime, timedelta

import pytest

from remedy.errors import Refused
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


DAY_S = 86_400


@pytest.mark.parametrize(
    ("ahead_s", "older_s", "is_refused"),
    [
        (400 * DAY_S, 7 * DAY_S, True),
        (DAY_S, 7 * DAY_S, True),
        (DAY_S // 2, 7 * DAY_S, False),
        (-400 * DAY_S, 7 * DAY_S, False),
        (100, 60, False),
        (130, 60, True),
    ],
)
def test_fault_080_where_the_hosts_clock_makes_all_look_old_nothing_is_taken_by_age(
    new_scene: NewScene, ahead_s: int, older_s: int, is_refused: bool
) -> None:
    scene = new_scene()
    scene.clock.at = datetime.fromtimestamp(FACTS.now - ahead_s, UTC)
    by_age = always(step("s", "toy.drop-old", where="/a", older=older_s))
    if is_refused:
        with pytest.raises(Refused, match=r"h1: its clock is .* ahead .* step s \(toy\.drop-old\) cannot tell"):
            scene.plan(by_age)
    else:
        assert scene.plan(by_age).hosts[0].changes
    assert scene.plan(always(step("s", "toy.drop", where="/a"))).hosts[0].changes, "what goes by no age may go"
