//! What owners and moderators do over the API: set the room, make and revoke invites, lift bans, delete the room.

import * as server from './api.js';
import { sentence } from './names.js';

/** `emit` hears events as `model.js` folds them; `deleted()` hears that the room is gone; `api` is for tests. */
export class Keeper {
  #room;
  #emit;
  #deleted;
  #api;

  constructor({ room, emit, deleted, api = server }) {
    this.#room = room;
    this.#emit = emit;
    this.#deleted = deleted;
    this.#api = api;
  }

  /** @returns whether the server took the change. */
  edit(change) {
    return this.#work(() => this.#api.editRoom(this.#room, change));
  }

  delete() {
    return this.#work(async () => {
      await this.#api.deleteRoom(this.#room);
      this.#deleted();
    });
  }

  loadInvites() {
    return this.#work(() => this.#tellInvites());
  }

  invite(wish) {
    return this.#work(async () => {
      const invite = await this.#api.createInvite(this.#room, wish);
      this.#emit({ type: 'newInvite', invite });
      await this.#tellInvites();
    });
  }

  revoke(id) {
    return this.#work(async () => {
      await this.#api.revokeInvite(this.#room, id).catch(unlessGone('invalid-invite'));
      await this.#tellInvites();
    });
  }

  loadBans() {
    return this.#work(() => this.#tellBans());
  }

  unban(client) {
    return this.#work(async () => {
      await this.#api.liftBan(this.#room, client).catch(unlessGone('unknown-receiver'));
      await this.#tellBans();
    });
  }

  async #tellInvites() {
    this.#emit({ type: 'invites', invites: await this.#api.listInvites(this.#room) });
  }

  async #tellBans() {
    this.#emit({ type: 'bans', bans: await this.#api.listBans(this.#room) });
  }

  async #work(task) {
    this.#emit({ type: 'keeper', isBusy: true });
    try {
      await task();
      this.#emit({ type: 'keeper', isBusy: false });
      return true;
    } catch (problem) {
      this.#emit({ type: 'keeper', isBusy: false, problem: sentence(problem.message) });
      return false;
    }
  }
}

/** What somebody else did away with before is done. */
function unlessGone(id) {
  return (problem) => {
    if (problem.id !== id) throw problem;
  };
}
