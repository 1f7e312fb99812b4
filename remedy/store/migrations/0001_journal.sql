-- The journal, and beside it the plans' documents and what must be found quickly.
-- Everything that was consented, rejected or run is told by `events`; the other tables point into it.

CREATE TABLE migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

-- One row. `latest` is the latest time that was ever seen: time never goes back behind it.
CREATE TABLE home (
    id TEXT PRIMARY KEY,
    latest TEXT NOT NULL
);

-- `body` is canonical JSON. `hash` covers all other columns, `before` is the hash of the previous row.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    plan TEXT NOT NULL,
    run TEXT NOT NULL,
    host TEXT NOT NULL,
    step TEXT NOT NULL,
    body TEXT NOT NULL,
    before TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX events_by_plan ON events (plan, seq);
CREATE INDEX events_by_run ON events (run, seq);

-- `document` is canonical JSON; its hash is in the body of the event that recorded it.
CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    event INTEGER NOT NULL UNIQUE REFERENCES events (seq),
    document TEXT NOT NULL
);

CREATE INDEX plans_by_digest ON plans (digest);

-- One plan, one run: this UNIQUE decides between any number of callers.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    plan TEXT NOT NULL UNIQUE REFERENCES plans (id),
    created INTEGER NOT NULL UNIQUE REFERENCES events (seq),
    closed INTEGER REFERENCES events (seq)
);

CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    plan TEXT NOT NULL REFERENCES plans (id),
    event INTEGER NOT NULL UNIQUE REFERENCES events (seq),
    used_by TEXT REFERENCES runs (id)
);

CREATE INDEX approvals_by_plan ON approvals (plan, event);

-- The journal only grows, at its end, without a gap. (Triggers are written per database.)
CREATE TRIGGER events_append BEFORE INSERT ON events
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'the journal only grows at its end'); END;

CREATE TRIGGER events_keep BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;

CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the journal is never shortened'); END;

CREATE TRIGGER plans_keep BEFORE UPDATE ON plans
BEGIN SELECT RAISE(ABORT, 'a plan is never changed'); END;

CREATE TRIGGER plans_stay BEFORE DELETE ON plans
BEGIN SELECT RAISE(ABORT, 'a plan is never removed'); END;

CREATE TRIGGER runs_keep BEFORE UPDATE OF id, plan, created ON runs
BEGIN SELECT RAISE(ABORT, 'a run is only ever closed'); END;

CREATE TRIGGER runs_stay BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'a run is never removed'); END;

CREATE TRIGGER approvals_keep BEFORE UPDATE ON approvals
WHEN OLD.used_by IS NOT NULL OR NEW.id <> OLD.id OR NEW.plan <> OLD.plan OR NEW.event <> OLD.event
BEGIN SELECT RAISE(ABORT, 'an approval is used once'); END;

CREATE TRIGGER approvals_stay BEFORE DELETE ON approvals
BEGIN SELECT RAISE(ABORT, 'an approval is never removed'); END;
