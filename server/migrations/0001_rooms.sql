-- Rooms with all their settings. A room is saved whole, so its lists are JSON: nothing asks for one entry of them.
CREATE TABLE rooms (
    id TEXT NOT NULL PRIMARY KEY,
    public INTEGER NOT NULL,
    guest_limit INTEGER NOT NULL,
    -- In PHC form.
    password_hash TEXT,
    kept INTEGER NOT NULL,
    lobby INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    -- 0: none, -1: for ever, else hours.
    history INTEGER NOT NULL,
    -- A client id, as those in the lists.
    owner TEXT,
    moderators TEXT NOT NULL,
    bans TEXT NOT NULL,
    invites TEXT NOT NULL,
    inside TEXT NOT NULL,
    -- Seconds since 1970.
    created INTEGER NOT NULL,
    next_text_id INTEGER NOT NULL
) STRICT;
