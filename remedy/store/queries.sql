-- Every statement of the store by name, in the SQL that SQLite and PostgreSQL share.
-- Columns of an event always come in the order of remedy.store.rows.event.

-- name: schema
-- The number of the newest migration in this database.
SELECT MAX(number) FROM migrations;

-- name: tables
-- What the migrations made: tables, indexes and triggers with their text. (SQLite's own catalogue.)
SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name;

-- name: add_migration
INSERT INTO migrations (number, name) VALUES (:number, :name);

-- name: add_home
INSERT INTO home (id, latest) VALUES (:id, :latest);

-- name: home
-- Whose store this is, and the latest time it has seen.
SELECT id, latest FROM home;

-- name: set_latest
-- Time never goes back: an earlier time changes nothing.
UPDATE home SET latest = :latest WHERE latest < :latest;

-- name: reset_latest
-- Only for a person who said that the clock was ahead and is right now.
UPDATE home SET latest = :latest;

-- name: clock_accepted
-- The last event by which the store's time was set back: approvals given before it are void.
SELECT MAX(seq) FROM events WHERE kind = 'clock.accepted';

-- name: add_event
INSERT INTO events (seq, at, kind, plan, run, host, step, body, before, hash)
VALUES (:seq, :at, :kind, :plan, :run, :host, :step, :body, :before, :hash);

-- name: last_event
-- Where the journal ends.
SELECT seq, at, hash FROM events ORDER BY seq DESC LIMIT 1;

-- name: event_hash
SELECT hash FROM events WHERE seq = :seq;

-- name: events_after
-- A page of the journal.
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE seq > :after ORDER BY seq LIMIT :page;

-- name: events_of_plan
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE plan = :plan AND seq > :after ORDER BY seq LIMIT :page;

-- name: events_of_run
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE run = :run AND seq > :after ORDER BY seq LIMIT :page;

-- name: events_of_plan_and_run
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE run = :run AND plan = :plan AND seq > :after ORDER BY seq LIMIT :page;

-- name: add_plan
INSERT INTO plans (id, digest, event, document) VALUES (:id, :digest, :event, :document);

-- name: plan_refs
-- The plans that an id, or the beginning of an id or digest, may mean: two are enough to know it is not unique.
SELECT id FROM plans WHERE id = :ref
UNION
SELECT id FROM plans WHERE NOT EXISTS (SELECT 1 FROM plans WHERE id = :ref)
AND (SUBSTR(id, 1, :size) = :ref OR SUBSTR(digest, 1, :size) = :ref)
LIMIT 2;

-- name: plan_document
-- A plan's document, and the event that says what its hash must be.
SELECT p.document, e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash
FROM plans p JOIN events e ON e.seq = p.event WHERE p.id = :id;

-- name: all_plans
SELECT id, digest FROM plans ORDER BY event;

-- name: newest_plans
-- A plan as a list shows it: the event that recorded it, whether it was rejected, whether it was applied.
SELECT e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    (SELECT MIN(seq) FROM events WHERE plan = p.id AND kind = 'rejected'), r.id
FROM plans p JOIN events e ON e.seq = p.event
LEFT JOIN runs r ON r.plan = p.id
ORDER BY p.event DESC LIMIT :page;

-- name: rejection
-- The event that says who rejected a plan, and why. The journal decides.
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE plan = :plan AND kind = 'rejected' ORDER BY seq LIMIT 1;

-- name: add_approval
INSERT INTO approvals (id, plan, event) VALUES (:id, :plan, :event);

-- name: has_approval
SELECT id FROM approvals WHERE id = :id;

-- name: approvals
-- The events of a plan's approvals, oldest first, and the run that used each.
SELECT e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash, a.id, a.used_by
FROM approvals a JOIN events e ON e.seq = a.event WHERE a.plan = :plan ORDER BY a.event;

-- name: use_approval
UPDATE approvals SET used_by = :run WHERE id = :id AND used_by IS NULL;

-- name: used_approvals
SELECT id, used_by FROM approvals WHERE used_by IS NOT NULL;

-- name: add_standing
INSERT INTO standing (id, event) VALUES (:id, :event);

-- name: standing
-- Every standing approval, newest first, and the event that took it back. The journal decides.
SELECT e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    r.seq, r.at, r.kind, r.plan, r.run, r.host, r.step, r.body, r.before, r.hash, s.id
FROM standing s JOIN events e ON e.seq = s.event
LEFT JOIN events r ON r.plan = s.id AND r.kind = 'standing.revoked'
ORDER BY s.event DESC;

-- name: standing_refs
SELECT id FROM standing WHERE id = :ref
UNION
SELECT id FROM standing WHERE NOT EXISTS (SELECT 1 FROM standing WHERE id = :ref) AND SUBSTR(id, 1, :size) = :ref
LIMIT 2;

-- name: add_run
INSERT INTO runs (id, plan, created) VALUES (:id, :plan, :created);

-- name: run_of_plan
-- The run of a plan, if there was one. The journal decides, not the table beside it.
SELECT run FROM events WHERE plan = :plan AND kind = 'run.created';

-- name: runs_since
-- The runs that were created within a stretch of time, each bound included but the first.
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE kind = 'run.created' AND at > :since AND at <= :until ORDER BY at, seq;

-- name: runs_in_hand
-- The runs that are open, and those that were created since a time, oldest first: when closed, and what created them.
SELECT r.closed, e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash
FROM runs r JOIN events e ON e.seq = r.created
WHERE r.closed IS NULL OR e.at > :since ORDER BY e.seq;

-- name: host_closings
-- How a run ended on each host where it did.
SELECT seq, at, kind, plan, run, host, step, body, before, hash FROM events
WHERE run = :run AND kind = 'host.closed' ORDER BY seq;

-- name: run_refs
SELECT id FROM runs WHERE id = :ref
UNION
SELECT id FROM runs WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = :ref) AND SUBSTR(id, 1, :size) = :ref
LIMIT 2;

-- name: close_run
UPDATE runs SET closed = :closed WHERE id = :run;

-- name: run_row
-- A run as a list shows it: the events that created it, made its plan and closed it.
SELECT r.id, r.plan, r.closed,
    e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    m.seq, m.at, m.kind, m.plan, m.run, m.host, m.step, m.body, m.before, m.hash,
    c.seq, c.at, c.kind, c.plan, c.run, c.host, c.step, c.body, c.before, c.hash
FROM runs r JOIN events e ON e.seq = r.created
JOIN plans p ON p.id = r.plan JOIN events m ON m.seq = p.event
LEFT JOIN events c ON c.seq = r.closed
WHERE r.id = :id;

-- name: newest_runs
SELECT r.id, r.plan, r.closed,
    e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    m.seq, m.at, m.kind, m.plan, m.run, m.host, m.step, m.body, m.before, m.hash,
    c.seq, c.at, c.kind, c.plan, c.run, c.host, c.step, c.body, c.before, c.hash
FROM runs r JOIN events e ON e.seq = r.created
JOIN plans p ON p.id = r.plan JOIN events m ON m.seq = p.event
LEFT JOIN events c ON c.seq = r.closed
ORDER BY r.created DESC LIMIT :page;

-- name: newest_open_runs
SELECT r.id, r.plan, r.closed,
    e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    m.seq, m.at, m.kind, m.plan, m.run, m.host, m.step, m.body, m.before, m.hash,
    c.seq, c.at, c.kind, c.plan, c.run, c.host, c.step, c.body, c.before, c.hash
FROM runs r JOIN events e ON e.seq = r.created
JOIN plans p ON p.id = r.plan JOIN events m ON m.seq = p.event
LEFT JOIN events c ON c.seq = r.closed
WHERE r.closed IS NULL
ORDER BY r.created DESC LIMIT :page;

-- name: undos_of
-- The runs of plans that take a run back. A body is canonical JSON, so this text is in no other.
SELECT r.id, r.plan, r.closed,
    e.seq, e.at, e.kind, e.plan, e.run, e.host, e.step, e.body, e.before, e.hash,
    m.seq, m.at, m.kind, m.plan, m.run, m.host, m.step, m.body, m.before, m.hash,
    c.seq, c.at, c.kind, c.plan, c.run, c.host, c.step, c.body, c.before, c.hash
FROM runs r JOIN events e ON e.seq = r.created
JOIN plans p ON p.id = r.plan JOIN events m ON m.seq = p.event
LEFT JOIN events c ON c.seq = r.closed
WHERE m.body LIKE :undoing
ORDER BY r.created;

-- name: strays
-- Rows that point at an event of another kind, or that an event speaks of and that are not there.
SELECT 'plans', p.id, p.event FROM plans p JOIN events e ON e.seq = p.event WHERE e.kind <> 'planned' OR e.plan <> p.id
UNION ALL
SELECT 'approvals', a.id, a.event FROM approvals a JOIN events e ON e.seq = a.event
WHERE e.kind <> 'approved' OR e.plan <> a.plan
UNION ALL
SELECT 'runs', r.id, r.created FROM runs r JOIN events e ON e.seq = r.created
WHERE e.kind <> 'run.created' OR e.run <> r.id OR e.plan <> r.plan
UNION ALL
SELECT 'runs', r.id, r.closed FROM runs r JOIN events e ON e.seq = r.closed WHERE e.kind <> 'run.closed' OR e.run <> r.id
UNION ALL
SELECT 'standing', s.id, s.event FROM standing s JOIN events e ON e.seq = s.event
WHERE e.kind <> 'standing.approved' OR e.plan <> s.id
UNION ALL
SELECT 'standing', e.plan, e.seq FROM events e LEFT JOIN standing s ON s.event = e.seq
WHERE e.kind = 'standing.approved' AND s.id IS NULL
UNION ALL
SELECT 'standing', e.plan, e.seq FROM events e LEFT JOIN standing s ON s.id = e.plan
WHERE e.kind = 'standing.revoked' AND s.id IS NULL
UNION ALL
SELECT 'plans', e.plan, e.seq FROM events e LEFT JOIN plans p ON p.event = e.seq
WHERE e.kind = 'planned' AND p.id IS NULL
UNION ALL
SELECT 'approvals', e.plan, e.seq FROM events e LEFT JOIN approvals a ON a.event = e.seq
WHERE e.kind = 'approved' AND a.id IS NULL
UNION ALL
SELECT 'runs', e.run, e.seq FROM events e LEFT JOIN runs r ON r.created = e.seq
WHERE e.kind = 'run.created' AND r.id IS NULL
UNION ALL
SELECT 'runs', e.run, e.seq FROM events e LEFT JOIN runs r ON r.id = e.run AND r.closed >= e.seq
WHERE e.kind = 'run.closed' AND r.id IS NULL
ORDER BY 3 LIMIT 1;
