"""A host asked for every symptom at once: each look once, what is sure and severe first, nothing unsure hidden."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import pytest

from remedy.engine.fleet import Fleet
from remedy.engine.looking import Looker
from remedy.engine.survey import LOOK_S, Survey, Symptom, is_told, questions, rank, survey
from remedy.errors import RemedyError, Unreachable
from remedy.hosts.fake import FakeHost, FakeTransport
from remedy.load.resolved import ParamSpec, Playbook, Resolved
from remedy.model import AllOf, Answer, AnyOf, CheckTree, Json, Limits, NotOf, Reply
from tests.engine import toy
from tests.engine.scene import ANY_HOST, asked

OK, NOT_OK, UNTOLD = Answer.OK, Answer.NOT_OK, Answer.CANNOT_TELL
LOW = asked("toy.level", below=3)
UP = asked("toy.up", service="web")


def playbook(name: str, severity: str = "P3", *, symptom: Json = None, needs: str = "") -> Playbook:
    spec = ParamSpec(name=needs, kind="text", many=False, required=True, default=None, about="Which", at="x.yml:1:1")
    return Playbook(
        name=name,
        path=f"{name}.yml",
        digest="",
        summary=f"About {name}",
        severity=severity,
        alerts=(),
        params=(spec,) if needs else (),
        limits=Limits(),
        on_failure="stop",
        notify=(),
        schedule={},
        body={"steps": []} | ({"symptom": symptom} if symptom else {}),
        places={},
    )


def fitting(name: str, *symptom: CheckTree, severity: str = "P3") -> Resolved:
    return Resolved(
        playbook=playbook(name, severity),
        host=ANY_HOST,
        params={},
        symptom=AllOf(symptom),
        diagnose=(),
        until=AllOf(()),
        steps=(),
        verify=AllOf(()),
    )


def answered(*books: Resolved, level: Reply, up: Reply) -> Survey:
    replies = {look: level if look.function == "level_look" else up for look in questions(books, None)}
    return survey("h1", books, (), replies, toy.catalogue())


LEVEL_LOW = Reply(rc=0, ground=("band below",), evidence=("level 1",))
WEB_UP = Reply(rc=0, ground=("state up",))
SILENT = Reply(rc=124, error="no answer within 10 s")
LACKING = Reply(rc=3, error="systemd does not run here")


def test_a_look_that_several_playbooks_ask_is_asked_once() -> None:
    books = [fitting(f"p{n}", LOW, NotOf(UP)) for n in range(40)]
    assert len(questions(books, None)) == 2
    assert all(look.timeout_s <= LOOK_S for look in questions(books, None))


def test_what_holds_comes_before_what_cannot_be_told_and_the_severest_first() -> None:
    wanted = [
        Symptom(playbook=p, severity=s, summary="", answer=a, findings=())
        for p, s, a in [
            ("a", "P1", OK),
            ("b", "P3", OK),
            ("c", "", OK),
            ("d", "P1", UNTOLD),
            ("e", "P2", UNTOLD),
            ("f", "P1", NOT_OK),
        ]
    ]
    for mixed in list(permutations(wanted))[::37]:
        assert sorted(mixed, key=rank) == wanted


def test_a_symptom_that_hangs_is_cannot_tell_and_leaves_the_others_their_answers() -> None:
    books = [fitting("low", LOW), fitting("down", NotOf(UP), severity="P1"), fitting("both", LOW, NotOf(UP))]
    seen = answered(*books, level=LEVEL_LOW, up=SILENT)
    assert [(s.playbook, s.answer) for s in seen.symptoms] == [("low", OK), ("down", UNTOLD), ("both", UNTOLD)]
    assert seen.symptoms[1].says == ["toy.up: no answer within 10 s"]
    assert not is_told([seen])


def test_what_cannot_be_told_is_never_read_as_well() -> None:
    seen = answered(fitting("either", AnyOf((LOW, NotOf(UP)))), level=SILENT, up=WEB_UP)
    assert [s.answer for s in seen.symptoms] == [UNTOLD]


def test_a_playbook_whose_parts_the_host_lacks_does_not_fit_it() -> None:
    seen = answered(fitting("low", LOW), fitting("down", NotOf(UP)), level=LEVEL_LOW, up=LACKING)
    assert [(s.playbook, s.answer) for s in seen.symptoms] == [("low", OK)]
    assert [(u.playbook, u.why) for u in seen.unfit] == [("down", "systemd does not run here")]
    assert is_told([seen])


def test_what_can_be_told_without_the_lacking_part_is_told() -> None:
    seen = answered(fitting("either", AnyOf((LOW, NotOf(UP)))), level=LEVEL_LOW, up=LACKING)
    assert [(s.answer, seen.unfit) for s in seen.symptoms] == [(OK, ())]


# ---------------------------------------------------------------- asking

BELOW: Json = [{"toy.level": {"below": 3}}]


def host(level: str = "below") -> FakeHost:
    return FakeHost({"level_look": lambda *_: (0, f"band {level}\n--\nlevel 1\n")})


def looker(hosts: Mapping[str, FakeHost], *playbooks: Playbook, **given: str) -> Looker:
    return Looker(
        fleet=Fleet(FakeTransport(hosts)),
        catalogue=toy.catalogue(),
        playbooks=playbooks,
        unread=(),
        given=given,
        progress=lambda *_: None,
    )


def surveyed(found: Survey | RemedyError) -> Survey:
    assert isinstance(found, Survey)
    return found


@pytest.mark.parametrize("count", [1, 50])
def test_however_many_playbooks_there_are_it_is_one_connection_and_one_request(count: int) -> None:
    machine = host()
    books = [playbook(f"p{n:02}", symptom=BELOW) for n in range(count)]
    found = surveyed(looker({"h1": machine}, *books).look([ANY_HOST])["h1"])
    assert [s.answer for s in found.symptoms] == [OK] * count
    assert (machine.connections, len(machine.sent), len(machine.sent[0].looks)) == (1, 1, 1)
    assert machine.changes == []


def test_a_playbook_that_lacks_a_value_or_asks_nothing_does_not_fit_and_the_others_are_asked() -> None:
    books = [playbook("low", symptom=BELOW), playbook("blind"), playbook("needy", symptom=BELOW, needs="unit")]
    found = surveyed(looker({"h1": host("at-least")}, *books).look([ANY_HOST])["h1"])
    assert [(s.playbook, s.answer) for s in found.symptoms] == [("low", NOT_OK)]
    assert [u.playbook for u in found.unfit] == ["blind", "needy"]
    assert "needs a value for 'unit'" in found.unfit[1].why
    assert "-p unit=" in found.unfit[1].fix


def test_a_value_that_is_given_goes_to_the_playbooks_that_declare_it() -> None:
    books = [playbook("low", symptom=BELOW), playbook("needy", symptom=BELOW, needs="unit")]
    found = surveyed(looker({"h1": host()}, *books, unit="x").look([ANY_HOST])["h1"])
    assert ([s.playbook for s in found.symptoms], found.unfit) == (["low", "needy"], ())


def test_where_nothing_fits_no_host_is_reached() -> None:
    machine = host()
    found = surveyed(looker({"h1": machine}, playbook("blind")).look([ANY_HOST])["h1"])
    assert (found.symptoms, machine.connections) == ((), 0)


def test_a_host_that_is_down_is_told_with_its_reason() -> None:
    machine = host()
    machine.refuses = Unreachable("h1: no route to host")
    found = looker({"h1": machine}, playbook("low", symptom=BELOW)).look([ANY_HOST])["h1"]
    assert isinstance(found, Unreachable)
