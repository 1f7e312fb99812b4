"""The shop of the Docker host through an action: look, plan, apply; and what its containers are doing."""

from remedy.actions.action import Action
from remedy.model import Change, Host, Reply
from tests.actions.far_end import FarEnd
from tests.lab import DockerHost

UP = "running healthy"


class Shop:
    """The shop through an action: look, plan, apply."""

    def __init__(self, end: FarEnd, action: Action[object], host: Host) -> None:
        self.end, self.action, self.host = end, action, host

    def reply(self) -> Reply:
        reply = self.end.look(self.action.look(self.host))
        assert reply.answered, reply.error
        return reply

    def see(self) -> object:
        return self.action.see(self.reply())

    def plan(self) -> Change | None:
        return self.action.plan(self.see())

    def wanted(self) -> Change:
        change = self.plan()
        assert change is not None
        return change

    def apply(self) -> Change:
        before = self.see()
        change = self.action.plan(before)
        assert change is not None
        for operation in change.operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)
        assert self.action.verify(before, self.see()) == ""
        return change


def state_of(host: DockerHost, container: str) -> str:
    return host.docker(f"inspect --format '{{{{.State.Status}}}} {{{{.State.Health.Status}}}}' {container}").strip()


def wait_for(host: DockerHost, container: str, state: str) -> None:
    probe = f"docker inspect --format '{{{{.State.Status}}}} {{{{.State.Health.Status}}}}' {container}"
    host.sh(f'until [ "$({probe})" = "{state}" ]; do sleep 0.1; done', timeout_s=30)
