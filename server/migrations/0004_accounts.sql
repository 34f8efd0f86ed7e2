-- Sessions whose tokens carry a number: those with another one count no more. They outlive their accounts.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Names with a password, and whose session they open.
CREATE TABLE accounts (
    -- The name without the difference of case.
    key TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- In PHC form.
    password_hash TEXT NOT NULL,
    session BLOB NOT NULL UNIQUE REFERENCES sessions (id),
    -- Seconds since 1970.
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
