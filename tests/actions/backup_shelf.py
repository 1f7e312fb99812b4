"""A directory of backups of the database `shop`, and the actions and checks on it."""

import re
import time
from pathlib import Path
from typing import Any

from remedy.actions.action import Action, Check
from remedy.actions.catalogue import Catalogue
from remedy.model import Change, Host, Json, Judgement, Reply
from tests.actions.far_end import FarEnd
from tests.lab import Postgres

SHOP_TABLES = """
CREATE TABLE customers (id serial PRIMARY KEY, name varchar(20) CHECK (name IN ('a', 'b')));
CREATE TABLE "odd name" (x int);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, at timestamptz DEFAULT now());
CREATE INDEX ON orders (customer);
CREATE VIEW of_a AS SELECT * FROM customers WHERE name IN ('a');
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
INSERT INTO customers (name) SELECT 'a' FROM generate_series(1, 200);
INSERT INTO "odd name" SELECT generate_series(1, 30);
INSERT INTO orders (id, customer) SELECT n, 1 + n % 200 FROM generate_series(1, 500) n;
"""


class Shelf:
    """A directory of backups of the database `shop`, and the actions and checks on it."""

    def __init__(self, pg: Postgres, folder: Path, end: FarEnd, catalogue: Catalogue, host: Host) -> None:
        self.pg, self.folder, self.end, self.catalogue, self.host = pg, folder, end, catalogue, host

    def params(self, **more: Json) -> dict[str, Json]:
        return {"dir": str(self.folder), "database": "shop", **self.place, **more}

    @property
    def place(self) -> dict[str, Json]:
        """Where the server listens."""
        return {"host": self.pg.socket, "port": self.pg.port}

    def action(self, name: str, **more: Json) -> Action[Any]:
        return self.catalogue.action(name, self.params(**more))

    def reply(self, action: Action[Any], now: int = 0) -> Reply:
        reply = self.end.look(action.look(self.host).pinned(now or int(time.time())))
        assert reply.answered, reply.error
        return reply

    def plan(self, name: str, **more: Json) -> Change | None:
        action = self.action(name, **more)
        return action.plan(action.see(self.reply(action)))

    def wanted(self, name: str, **more: Json) -> Change:
        change = self.plan(name, **more)
        assert change is not None
        return change

    def apply(self, name: str, **more: Json) -> Change:
        action, now = self.action(name, **more), int(time.time())
        before = action.see(self.reply(action, now))
        change = action.plan(before)
        assert change is not None
        for operation in change.operations:
            done = self.end.act(operation)
            assert done.returncode == 0, (done.stdout, done.stderr)
        assert action.verify(before, action.see(self.reply(action, now))) == ""
        return change

    def judge(self, name: str, **more: Json) -> Judgement:
        params = self.params(**more)
        if name == "backup.fresh":
            del params["host"], params["port"]
        check: Check = self.catalogue.check(name, params)
        reply = self.end.look(check.look(self.host))
        assert reply.answered, reply.error
        return check.judge(reply)

    def take(self, **more: Json) -> Path:
        """One more backup."""
        self.wait_for_the_next_second()
        self.apply("backup.create", younger_than="0s", **more)
        return self.newest

    def wait_for_the_next_second(self) -> None:
        """Two backups of one second would have one name, and none is older than nothing."""
        while any(int(time.time()) <= int(said_of(p)["finished"]) for p in self.dumps):
            time.sleep(0.05)

    @property
    def newest(self) -> Path:
        return max(self.dumps, key=lambda p: p.stat().st_mtime_ns)

    @property
    def dumps(self) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if p.suffix in (".dump", ".gz"))


def said_of(path: Path) -> dict[str, str]:
    """The manifest's lines, those of tables left out."""
    lines = Path(f"{path}.manifest").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines if " " in line and not line.startswith("table "))


def rewrite(path: Path, **values: object) -> None:
    """The manifest, with other values."""
    text = Path(f"{path}.manifest").read_text()
    for key, value in values.items():
        text = re.sub(rf"(?m)^{key} .*$", f"{key} {value}", text)
    Path(f"{path}.manifest").write_text(text)
