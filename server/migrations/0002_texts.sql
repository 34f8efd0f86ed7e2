-- Chat lines of the rooms that keep them.
CREATE TABLE texts (
    room TEXT NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    client TEXT NOT NULL,
    name TEXT NOT NULL,
    -- When the server took it, milliseconds since 1970.
    time_ms INTEGER NOT NULL,
    -- What the sender's own clock said.
    said_ms REAL NOT NULL,
    text TEXT NOT NULL,
    edited INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) STRICT, WITHOUT ROWID;

-- For what has become too old.
CREATE INDEX texts_by_time ON texts (room, time_ms);
