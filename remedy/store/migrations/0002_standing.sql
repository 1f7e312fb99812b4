-- Consent that stands, and what must be found quickly to say how often something ran.

-- Its terms are in the event; `revoked` is the event that took it back.
CREATE TABLE standing (
    id TEXT PRIMARY KEY,
    event INTEGER NOT NULL UNIQUE REFERENCES events (seq),
    revoked INTEGER REFERENCES events (seq)
);

CREATE INDEX runs_by_time ON events (at) WHERE kind = 'run.created';
CREATE INDEX clocks_accepted ON events (seq) WHERE kind = 'clock.accepted';

CREATE TRIGGER standing_keep BEFORE UPDATE ON standing
WHEN OLD.revoked IS NOT NULL OR NEW.id <> OLD.id OR NEW.event <> OLD.event
BEGIN SELECT RAISE(ABORT, 'a standing approval is only ever revoked'); END;

CREATE TRIGGER standing_stay BEFORE DELETE ON standing
BEGIN SELECT RAISE(ABORT, 'a standing approval is never removed'); END;
