"""The tables of the ledger."""

TABLES = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE generation (
    number INTEGER PRIMARY KEY,
    champion TEXT NOT NULL,             -- folder under models/
    stage TEXT NOT NULL,                -- play, train, duel, done
    skills TEXT NOT NULL,               -- the curriculum it was drawn from
    verdict TEXT,                       -- promoted, rejected, failed, taken back
    note TEXT NOT NULL DEFAULT '',
    trained TEXT NOT NULL DEFAULT '{}'  -- what the challenger learned from
);
CREATE TABLE problem (
    id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- within the generation
    family TEXT NOT NULL,
    level INTEGER NOT NULL,
    form BLOB NOT NULL UNIQUE,          -- hash of its canonical form: nothing is played twice
    body TEXT,                          -- the problem; dropped with its shard
    state TEXT NOT NULL DEFAULT 'open', -- open, leased, done, quarantined, skipped
    failures INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    start INTEGER, end INTEGER,         -- bytes in the shard; NULL when nothing was kept
    policy TEXT, verifier TEXT,
    greedy INTEGER, solved INTEGER,     -- 0, 1 or NULL: not judged
    tokens INTEGER, seconds REAL
);
CREATE INDEX problem_by_state ON problem (generation, state, number);
CREATE TABLE duel (
    generation INTEGER, arm TEXT, number INTEGER, family TEXT NOT NULL, level INTEGER NOT NULL,
    champion INTEGER NOT NULL, challenger INTEGER NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (generation, arm, number)
);
CREATE TABLE spent (generation INTEGER, stage TEXT, seconds REAL, PRIMARY KEY (generation, stage));
"""
