//! The words on the data channel: reads every message leniently, writes it strictly. The twin of the crate `protocol`.

import { FRAME_BYTES, FRAME_BYTES_SDP, JSON_DEPTH } from './limits.js';
import { ProtocolError, boolean, history, isObject, isTextId, list, number, object, oneOf } from './shapes.js';
import { optional, string, strings, textId, withCredentials } from './shapes.js';

export { ProtocolError };

export const GROUND_CONTROL = 'ground control';
export const ROOM = 'room';

/** What every client of this version announces. */
export const CAPABILITIES = ['events', 'trickle', 'renegotiation', 'media-state', 'view', 'moderation', 'chat'];

const utf8 = new TextEncoder();

/**
 * Reads one frame: `{sender, receiver, type, data, id}`. `sender` and `id` are `undefined` where they were left out;
 * `data` has the shape that `SHAPES` gives the type, or is the JSON as it came where the type is unknown.
 */
export function read(frameText) {
  const bytes = frameText.length > FRAME_BYTES / 4 ? utf8.encode(frameText).length : frameText.length;
  if (bytes > FRAME_BYTES_SDP) throw new ProtocolError(`the frame has ${bytes} bytes, more than ${FRAME_BYTES_SDP}`);
  if (depthOf(frameText) > JSON_DEPTH) throw new ProtocolError(`the frame nests deeper than ${JSON_DEPTH} levels`);
  const fields = parseObject(frameText);
  const type = stringField(fields, 'type');
  if (bytes > FRAME_BYTES && !MAY_BE_LONG.has(type)) {
    throw new ProtocolError(`the frame has ${bytes} bytes, more than ${FRAME_BYTES}`);
  }
  return {
    sender: typeof fields.sender === 'string' ? fields.sender : undefined,
    receiver: stringField(fields, 'receiver'),
    type,
    data: shapeOf(type).read(fields.data === undefined ? null : fields.data),
    id: isTextId(fields.id) ? fields.id : undefined,
  };
}

/** Writes one frame. `message` is `{receiver, type, data}`, with `data` as `read` gives it, and perhaps a `sender` and an `id`. */
export function write({ sender, receiver, type, data, id }) {
  const frame = sender === undefined ? { receiver, type } : { sender, receiver, type };
  frame.data = shapeOf(type).write(data === undefined ? null : data);
  if (id !== undefined) frame.id = id;
  return JSON.stringify(frame);
}

const MAY_BE_LONG = new Set(['offer', 'answer', 'room-info', 'knocking', 'chat', 'text-edited']);

// ------------------------------------------------------------------------------------------------------- the shapes

const any = { read: (data) => data, write: (data) => data };
const nothing = { read: () => null, write: () => null };
const text = { read: asText, write: String };

const roomInfo = {
  read: (data) => {
    const fields = object(data);
    return {
      room_id: typeof fields.room_id === 'string' ? fields.room_id : '',
      clients: list(fields.clients).map(clientInfo.read),
    };
  },
  write: (info) => ({ room_id: info.room_id, clients: info.clients.map(clientInfo.write) }),
};

const clientInfo = {
  read: (data) => {
    const fields = object(data);
    return {
      id: string(fields.id),
      username: typeof fields.username === 'string' ? fields.username : '',
      capabilities: strings(fields.capabilities),
      offers: optional(fields.offers, (form) => oneOf(form, ['string', 'object'])),
      unstable: fields.unstable === undefined ? false : boolean(fields.unstable),
      role: ['owner', 'moderator'].includes(fields.role) ? fields.role : undefined,
    };
  },
  write: (client) => ({
    id: client.id,
    username: client.username,
    ...(client.capabilities?.length ? { capabilities: client.capabilities } : {}),
    ...(client.offers ? { offers: client.offers } : {}),
    ...(client.unstable ? { unstable: true } : {}),
    ...(client.role ? { role: client.role } : {}),
  }),
};

const profile = {
  read: (data) => {
    const fields = isObject(data) ? data : {};
    return {
      username: typeof fields.username === 'string' ? fields.username : '',
      capabilities: strings(fields.capabilities),
    };
  },
  write: ({ username, capabilities }) => ({
    ...(username ? { username } : {}),
    ...(capabilities?.length ? { capabilities } : {}),
  }),
};

const chatText = {
  read: (data) => {
    const fields = object(data);
    return {
      from: fields.from === undefined ? '' : string(fields.from),
      time: fields.time === undefined ? 0 : number(fields.time),
      text: string(fields.text),
      key: typeof fields.key === 'string' ? fields.key : undefined,
    };
  },
  write: ({ from, time, text: words, key }) => ({ from, time, text: words, ...(key === undefined ? {} : { key }) }),
};

/** `form` is how it travels: `string` (first version) or `object` (second version and ours). */
const description = (type) => ({
  read: (data) => {
    if (typeof data === 'string') return { form: 'string', sdp: data };
    return { form: 'object', sdp: string(object(data).sdp) };
  },
  write: ({ form, sdp }) => (form === 'string' ? sdp : { type, sdp }),
});

const candidate = {
  read: (data) => {
    const fields = object(data);
    return {
      candidate: string(fields.candidate),
      sdpMid: optional(fields.sdpMid, string),
      sdpMLineIndex: optional(fields.sdpMLineIndex, number),
      usernameFragment: optional(fields.usernameFragment, string),
    };
  },
  write: (given) => ({
    candidate: given.candidate,
    sdpMid: given.sdpMid ?? null,
    sdpMLineIndex: given.sdpMLineIndex ?? null,
    ...(given.usernameFragment ? { usernameFragment: given.usernameFragment } : {}),
  }),
};

const iceServers = {
  read: (data) => list(data).map(object).map((server) => withCredentials({ urls: list(server.urls).map(string) }, server)),
  write: (servers) => servers.map((server) => withCredentials({ urls: server.urls }, server)),
};

const error = {
  read: (data) => {
    const sentence = asText(data);
    const [, id, message] = /^([a-z-]+): ([^]*)$/.exec(sentence) ?? [null, '', sentence];
    return { id, message };
  },
  write: ({ id, message }) => (id ? `${id}: ${message}` : message),
};

const MEDIA = ['microphone', 'camera', 'screen', 'hand'];
const mediaState = {
  read: (data) => {
    const fields = object(data);
    return Object.fromEntries(MEDIA.map((name) => [name, fields[name] === undefined ? false : boolean(fields[name])]));
  },
  write: (state) => Object.fromEntries(MEDIA.map((name) => [name, Boolean(state[name])])),
};

/** How high somebody shows our picture, in pixels; 0: not at all. */
const view = {
  read: (data) => {
    const { height, screen } = object(data);
    return { height: pixels('height', height), ...(screen === undefined || screen === null ? {} : { screen: pixels('screen', screen) }) };
  },
  write: ({ height, screen }) => (screen === undefined ? { height } : { height, screen }),
};

const moderate = {
  read: (data) => {
    const fields = object(data);
    return {
      action: string(fields.action),
      client: optional(fields.client, string),
      address: optional(fields.address, boolean) ?? false,
    };
  },
  write: ({ action, client, address }) => ({
    action,
    ...(client === undefined ? {} : { client }),
    ...(address ? { address: true } : {}),
  }),
};

const moderated = {
  read: (data) => {
    const fields = object(data);
    return { action: string(fields.action), by: string(fields.by), client: optional(fields.client, string) };
  },
  write: ({ action, by, client }) => ({ action, by, ...(client === undefined ? {} : { client }) }),
};

const roomSettings = {
  read: (data) => {
    const fields = object(data);
    return {
      locked: boolean(fields.locked),
      lobby: boolean(fields.lobby),
      public: boolean(fields.public),
      has_password: boolean(fields.has_password),
      guest_limit: number(fields.guest_limit),
      history: fields.history === undefined ? 'none' : history(fields.history),
      role: ['owner', 'moderator'].includes(fields.role) ? fields.role : 'guest',
    };
  },
  write: ({ locked, lobby, public: isPublic, has_password, guest_limit, history: kept, role }) => ({
    ...{ locked, lobby, public: isPublic, has_password, guest_limit, history: kept, role },
  }),
};

const knock = {
  read: (data) => {
    const fields = object(data);
    return { id: string(fields.id), username: typeof fields.username === 'string' ? fields.username : '' };
  },
  write: ({ id, username }) => ({ id, username }),
};

const knocking = {
  read: (data) => ({ clients: list(object(data).clients).map(knock.read) }),
  write: ({ clients }) => ({ clients: clients.map(knock.write) }),
};

const getChat = {
  read: (data) => {
    const fields = isObject(data) ? data : {};
    return { before: optional(fields.before, textId), limit: optional(fields.limit, number) };
  },
  write: (question) => ({
    ...(question?.before === undefined ? {} : { before: question.before }),
    ...(question?.limit === undefined ? {} : { limit: question.limit }),
  }),
};

const keptLine = {
  read: (data) => {
    const fields = object(data);
    return {
      id: textId(fields.id),
      client: string(fields.client),
      name: typeof fields.name === 'string' ? fields.name : '',
      time: number(fields.time),
      text: string(fields.text),
      edited: optional(fields.edited, boolean) ?? false,
    };
  },
  write: ({ id, client, name, time, text: words, edited }) => ({
    ...{ id, client, name, time, text: words },
    ...(edited ? { edited: true } : {}),
  }),
};

const chat = {
  read: (data) => {
    const fields = object(data);
    return { messages: list(fields.messages).map(keptLine.read), more: boolean(fields.more) };
  },
  write: ({ messages, more }) => ({ messages: messages.map(keptLine.write), more }),
};

const editText = {
  read: (data) => ({ id: textId(object(data).id), text: string(data.text) }),
  write: ({ id, text: words }) => ({ id, text: words }),
};

const textEdited = {
  read: (data) => {
    const { id, client, text: words, time } = object(data);
    return { id: textId(id), client: string(client), text: string(words), time: number(time) };
  },
  write: ({ id, client, text: words, time }) => ({ id, client, text: words, time }),
};

const deleteText = {
  read: (data) => ({ id: textId(object(data).id) }),
  write: ({ id }) => ({ id }),
};

const textDeleted = {
  read: (data) => ({ id: textId(object(data).id), client: string(data.client) }),
  write: ({ id, client }) => ({ id, client }),
};

const SHAPES = {
  greeting: text,
  ping: any,
  pong: any,
  'get-room-info': nothing,
  'room-info': roomInfo,
  profile,
  text: chatText,
  offer: description('offer'),
  answer: description('answer'),
  icecandidate: candidate,
  'ice-candidate': candidate,
  'get-ice-servers': nothing,
  'ice-servers': iceServers,
  bye: nothing,
  error,
  joined: clientInfo,
  left: clientInfo,
  'media-state': mediaState,
  view,
  moderate,
  moderated,
  'room-settings': roomSettings,
  knocking,
  'get-chat': getChat,
  chat,
  'edit-text': editText,
  'text-edited': textEdited,
  'delete-text': deleteText,
  'text-deleted': textDeleted,
};

/** Every `type` that this version knows. */
export const KINDS = Object.keys(SHAPES);

function shapeOf(type) {
  return Object.hasOwn(SHAPES, type) ? SHAPES[type] : any;
}

// ------------------------------------------------------------------------------------------------- reading JSON

function parseObject(frameText) {
  let parsed;
  try {
    parsed = JSON.parse(frameText);
  } catch {
    throw new ProtocolError('the frame is not a JSON object');
  }
  if (!isObject(parsed)) throw new ProtocolError('the frame is not a JSON object');
  return parsed;
}

function stringField(fields, name) {
  if (typeof fields[name] !== 'string') throw new ProtocolError(`\`${name}\` is missing or not a string`);
  return fields[name];
}

function pixels(name, value) {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) throw new ProtocolError(`\`${name}\` is no number of pixels`);
  return value;
}

/** The deepest nesting of arrays and objects, brackets within strings left out; checked before anything is parsed. */
function depthOf(json) {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '[' || c === '{') deepest = Math.max(deepest, ++depth);
    else if (c === ']' || c === '}') depth = Math.max(0, depth - 1);
  }
  return deepest;
}

function asText(data) {
  if (typeof data === 'string') return data;
  return data === null ? '' : JSON.stringify(data);
}
