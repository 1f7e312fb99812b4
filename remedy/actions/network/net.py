"""A check of TCP ports: listening on the host, or reachable from it."""

from __future__ import annotations

from dataclasses import dataclass

from remedy.actions.action import Check, Verb, fields_of
from remedy.actions.params import Address, Duration, Port, param
from remedy.errors import CannotTell
from remedy.model import Answer, Host, Judgement, Look, Reply


@dataclass(frozen=True, kw_only=True)
class Open(Check):
    """See that a TCP port is open: something listens on the host, or another address accepts a connection.

    Without `address` nothing is connected to: the kernel's own table says what listens. With it,
    the host itself tries to connect, and closes again without sending anything.
    """

    name = "port.open"

    port: Port = param("The TCP port")
    address: Address | None = param(
        "Where to connect to, from the host; left out: what listens on the host", default=None
    )
    timeout: Duration = param("How long a connection may take", default="5s", minimum=1, maximum=60)

    def look(self, host: Host) -> Look:
        if self.address is None:
            return self.ask("net_listening", str(self.port))
        return self.ask("net_reachable", self.address, str(self.port), str(self.timeout), timeout_s=self.timeout + 10)

    def judge(self, reply: Reply) -> Judgement:
        band, facts = fields_of(reply.ground).get("port"), fields_of(reply.evidence)
        if band not in ("open", "closed"):
            raise CannotTell("the host's answer on ports makes no sense")
        if self.address is None:
            says = f"{'something' if band == 'open' else 'nothing'} listens on port {self.port}"
        elif band == "open":
            says = f"{self.address} accepts connections to port {self.port}"
        else:
            says = f"{self.address} port {self.port}: {facts.get('reached', 'not reached')}"
        return Judgement(answer=Answer.OK if band == "open" else Answer.NOT_OK, says=says, facts={**facts})


VERBS: tuple[type[Verb], ...] = (Open,)
