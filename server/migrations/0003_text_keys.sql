-- What the author of a chat line knows it by: a line that is said again after a broken link stands once.
ALTER TABLE texts ADD COLUMN key TEXT;

CREATE UNIQUE INDEX texts_by_key ON texts (room, client, key) WHERE key IS NOT NULL;
