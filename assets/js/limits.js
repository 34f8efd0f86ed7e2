//! The limits that the page itself keeps to; the same numbers as `protocol/src/limits.rs`.

/** Bytes in a frame that relays an SDP, and in any other frame. */
export const FRAME_BYTES_SDP = 64 * 1024;
export const FRAME_BYTES = 8 * 1024;
/** How deep a frame's JSON may nest. */
export const JSON_DEPTH = 16;

/** Messages a second that the page sends at most, and the burst: a little under what the server takes. */
export const MESSAGES_PER_SECOND = 25;
export const MESSAGES_BURST = 50;

/** Unicode scalar values in a person's name and in a chat line. */
export const USERNAME_CHARS = 64;
export const TEXT_CHARS = 4000;

/** Unicode scalar values in the name of an account, and in its password at least and at most. */
export const ACCOUNT_NAME_CHARS = 64;
export const ACCOUNT_PASSWORD_CHARS = [8, 256];

/** The page pings this often, and calls the server lost after this silence. Milliseconds. */
export const PING_EVERY = 2_000;
export const SERVER_SILENCE = 4_500;

/** Back-off between attempts to reach the server. Milliseconds. */
export const RETRY_FIRST = 500;
export const RETRY_MAX = 4_000;

/** Who saw a newcomer waits this long for the newcomer's offer before offering itself. Milliseconds. */
export const OFFER_WAIT = 5_000;
/** After a re-join, peers that are not listed yet stay this long while their connection lives. Milliseconds. */
export const REJOIN_GRACE = 15_000;

/** Chat lines asked for at a time, where one joins and where one comes back or reads on. */
export const CHAT_LINES = 50;
export const CHAT_LINES_MAX = 100;
/** Chat lines that the page keeps; the oldest go first. */
export const LINES_KEPT = 1_000;
