-- Consent that stands, and what must be found quickly to say how often something ran.

-- Its terms are in the event, and so is that it was taken back: both carry its id where others name a plan.
CREATE TABLE standing (
    id TEXT PRIMARY KEY,
    event INTEGER NOT NULL UNIQUE REFERENCES events (seq)
);

CREATE INDEX runs_by_time ON events (at) WHERE kind = 'run.created';
CREATE INDEX clocks_accepted ON events (seq) WHERE kind = 'clock.accepted';

CREATE TRIGGER standing_keep BEFORE UPDATE ON standing
BEGIN SELECT RAISE(ABORT, 'a standing approval is never changed'); END;

CREATE TRIGGER standing_stay BEFORE DELETE ON standing
BEGIN SELECT RAISE(ABORT, 'a standing approval is never removed'); END;
