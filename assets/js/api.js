//! The server's JSON API as far as the page needs it.

const TIMEOUT = 8_000;

/** A request that the server refused. `id` is stable, `message` is for people. */
export class Refused extends Error {
  constructor(status, { id, message }) {
    super(message);
    this.status = status;
    this.id = id;
  }
}

/** Whatever keeps a request from reaching the server: to be tried again later. */
export class Unreachable extends Error {}

/** The public rooms. */
export async function listRooms() {
  return (await request('GET', '/api/v1/rooms')).rooms;
}

export function createRoom(room) {
  return request('POST', '/api/v1/rooms', room);
}

/** A seat for the holder of the cookie: the one it had, or a new one. */
export function joinRoom(room, body = {}) {
  return request('POST', `${roomPath(room)}/join`, body);
}

/** Changes how the room is set: only what `change` has. For its owner, as everything that follows for its moderators. */
export function editRoom(room, change) {
  return request('PATCH', roomPath(room), change);
}

export function deleteRoom(room) {
  return request('DELETE', roomPath(room));
}

export async function listInvites(room) {
  return (await request('GET', `${roomPath(room)}/invites`)).invites;
}

/** `wish` is `{expires_in_seconds?, uses?, role?}`. The answer alone has the invite's address. */
export function createInvite(room, wish) {
  return request('POST', `${roomPath(room)}/invites`, wish);
}

export function revokeInvite(room, id) {
  return request('DELETE', `${roomPath(room)}/invites/${encodeURIComponent(id)}`);
}

export async function listBans(room) {
  return (await request('GET', `${roomPath(room)}/bans`)).bans;
}

export function liftBan(room, client) {
  return request('DELETE', `${roomPath(room)}/bans/${encodeURIComponent(client)}`);
}

/** `{registration: 'open' | 'closed' | 'off', name?}`: without a name one is not signed in. */
export function accountState() {
  return request('GET', '/api/v1/account');
}

/** Makes an account for the holder of the cookie, and signs in. */
export function createAccount(name, password) {
  return request('POST', '/api/v1/account', { name, password });
}

export function signIn(name, password) {
  return request('POST', '/api/v1/session', { name, password });
}

/** `everywhere`: on every other device too. */
export function signOut(everywhere = false) {
  return request('DELETE', `/api/v1/session${everywhere ? '?everywhere=true' : ''}`);
}

/** Everywhere else one is signed out. */
export function changePassword(old_password, password) {
  return request('PATCH', '/api/v1/account', { old_password, password });
}

export function deleteAccount(password) {
  return request('DELETE', '/api/v1/account', { password });
}

/** Exchanges the offer of the page at `page` for the server's answer. */
export function postOffer(page, sdp) {
  return request('POST', `${page}/offer`, { type: 'offer', sdp });
}

/** Frees the seat; survives the page. */
export function leaveRoom(room) {
  return navigator.sendBeacon(`${roomPath(room)}/leave`);
}

function roomPath(room) {
  return `/api/v1/rooms/${encodeURIComponent(room)}`;
}

async function request(method, path, body) {
  const options = { method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) };
  if (body !== undefined) {
    options.headers = { 'content-type': 'application/json' };
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new Unreachable('The server does not answer.', { cause });
  }
  if (response.ok) return response.status === 204 ? null : readJson(response);
  throw await failureOf(response);
}

async function readJson(response) {
  try {
    return await response.json();
  } catch (cause) {
    throw new Unreachable('The server broke off its answer.', { cause });
  }
}

async function failureOf(response) {
  const body = await response.json().catch(() => null);
  const notice = body?.error;
  if (typeof notice?.id === 'string' && typeof notice?.message === 'string') {
    return response.status >= 500 ? new Unreachable(notice.message) : new Refused(response.status, notice);
  }
  if (response.status >= 500) return new Unreachable(`The server answered with status ${response.status}.`);
  return new Refused(response.status, { id: '', message: `The server refused with status ${response.status}.` });
}
