"""A stand-in for a server of the first version, written from how such a server behaves on the wire.

Forms with csrf_token, a session cookie, seats, 418 when full, a data channel by aiortc, a ping after silence and a drop
after as much silence again. It prints `listening on <address>` and one line for each thing that a test may want to know.
"""

import argparse
import asyncio
import html
import json
import secrets
import time
import uuid

from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription

GROUND_CONTROL = "ground control"


class Client:
    """One seat: who sits there and the channel to them, once there is one."""

    def __init__(self, room):
        self.id = uuid.uuid4().hex
        self.room = room
        self.username = "Major Tom"
        self.connection = None
        self.channel = None
        self.last_heard = time.monotonic()
        self.pinged = False

    def send(self, sender, kind, data, receiver=None):
        if self.channel and self.channel.readyState == "open":
            frame = {"sender": sender, "receiver": receiver or self.id, "type": kind, "data": data}
            self.channel.send(json.dumps(frame))


class Room:
    def __init__(self, name, password, limit):
        self.name = name
        self.password = password
        self.limit = limit
        self.clients = {}

    def info(self):
        present = [client for client in self.clients.values() if client.channel]
        return {"room_id": self.name, "clients": [{"id": c.id, "username": c.username} for c in present]}

    def tell_all(self, sender, kind, data):
        for client in list(self.clients.values()):
            client.send(sender, kind, data, "room")


class Server:
    def __init__(self, silence):
        self.silence = silence
        self.rooms = {}
        self.sessions = {}

    def session(self, request):
        key = request.cookies.get("session")
        if key not in self.sessions:
            key = secrets.token_hex(16)
            self.sessions[key] = {"csrf": secrets.token_hex(16), "client": None}
        return key, self.sessions[key]

    @staticmethod
    def page(text, key, status=200):
        response = web.Response(text=f"<!doctype html><html><body>{text}</body></html>", content_type="text/html", status=status)
        response.set_cookie("session", key, httponly=True)
        return response

    def token_field(self, session):
        return f'<input id="csrf_token" name="csrf_token" type="hidden" value="{session["csrf"]}">'

    async def lobby(self, request, notice=""):
        key, session = self.session(request)
        rooms = "".join(f"<li>{html.escape(name)}</li>" for name in self.rooms)
        return self.page(
            f'<p>{notice}</p><ul>{rooms}</ul><form method="post">{self.token_field(session)}'
            '<input name="room_id"><input name="password" type="password"><input name="public" type="checkbox" value="y">'
            '<select name="guest_limit"><option value="0">0</option><option value="2">2</option></select></form>', key)

    async def create(self, request):
        _, session = self.session(request)
        form = await request.post()
        if form.get("csrf_token") != session["csrf"] or "guest_limit" not in form or not form.get("room_id"):
            return await self.lobby(request, "The form is incomplete.")
        if form["room_id"] in self.rooms:
            return await self.lobby(request, "This name is taken.")
        self.rooms[form["room_id"]] = Room(form["room_id"], form.get("password", ""), int(form["guest_limit"]))
        raise web.HTTPFound(f"/rtc/{form['room_id']}")

    def password_form(self, room, session, key, notice=""):
        return self.page(
            f'<p>{notice}</p><form method="post">{self.token_field(session)}'
            f'<input name="room_id" type="hidden" value="{html.escape(room.name)}"><input name="password" type="password"></form>', key)

    def seat(self, room, session, key):
        if room.limit and len(room.clients) >= room.limit:
            return self.page("The room is full.", key, 418)
        client = Client(room)
        room.clients[client.id] = client
        session["client"] = client
        return self.page('<div id="room">Welcome.</div>', key)

    def room_of(self, request):
        room = self.rooms.get(request.match_info["room"])
        if not room:
            raise web.HTTPNotFound()
        return room

    async def enter(self, request):
        room, (key, session) = self.room_of(request), self.session(request)
        if room.password:
            return self.password_form(room, session, key)
        return self.seat(room, session, key)

    async def enter_with_password(self, request):
        room, (key, session) = self.room_of(request), self.session(request)
        form = await request.post()
        if form.get("csrf_token") != session["csrf"]:
            return self.password_form(room, session, key, "The form is stale.")
        if form.get("password") != room.password:
            return self.password_form(room, session, key, "Wrong password.")
        return self.seat(room, session, key)

    async def offer(self, request):
        room = self.room_of(request)
        _, session = self.session(request)
        client = session["client"]
        if not client or client.id not in client.room.clients:
            raise web.HTTPNotFound()
        if client.room is not room:
            raise web.HTTPUnauthorized()
        offer = await request.json()
        client.connection = RTCPeerConnection()
        client.connection.on("datachannel", lambda channel: self.open_channel(client, channel))
        await client.connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], offer["type"]))
        await client.connection.setLocalDescription(await client.connection.createAnswer())
        local = client.connection.localDescription
        return web.json_response({"type": local.type, "sdp": local.sdp})

    def open_channel(self, client, channel):
        client.channel = channel
        print(f"channel of {client.id}", flush=True)
        channel.on("message", lambda frame: asyncio.ensure_future(self.hear(client, frame)))
        client.send(GROUND_CONTROL, "greeting", "This is ground control.")

    async def hear(self, client, frame):
        client.last_heard, client.pinged = time.monotonic(), False
        try:
            message = json.loads(frame)
            kind, receiver, data = message["type"], message["receiver"], message.get("data")
        except (ValueError, KeyError, TypeError):
            return client.send(GROUND_CONTROL, "error", "This is not a message.")
        room, sender = client.room, message.get("sender") or client.id
        if receiver == "room":
            room.tell_all(sender, kind, data)
        elif receiver != GROUND_CONTROL:
            if receiver in room.clients:
                room.clients[receiver].send(sender, kind, data)
        elif kind == "ping":
            client.send(GROUND_CONTROL, "pong", data)
        elif kind == "pong":
            print(f"pong of {client.id}", flush=True)
        elif kind == "get-room-info":
            client.send(GROUND_CONTROL, "room-info", room.info())
        elif kind == "profile":
            client.username = (data or {}).get("username") or client.username
            room.tell_all(GROUND_CONTROL, "room-info", room.info())
        elif kind == "bye":
            print(f"bye of {client.id}", flush=True)
            await self.drop(client)
        elif kind != "greeting":
            client.send(GROUND_CONTROL, "error", f"No such type: {kind}")

    async def drop(self, client):
        client.room.clients.pop(client.id, None)
        client.room.tell_all(GROUND_CONTROL, "room-info", client.room.info())
        if client.connection:
            await client.connection.close()

    async def watch(self, _app):
        async def loop():
            while True:
                await asyncio.sleep(self.silence / 10)
                for room in list(self.rooms.values()):
                    for client in list(room.clients.values()):
                        quiet = time.monotonic() - client.last_heard
                        if quiet > 2 * self.silence:
                            print(f"silence of {client.id}", flush=True)
                            await self.drop(client)
                        elif quiet > self.silence and not client.pinged:
                            client.pinged = True
                            client.send(GROUND_CONTROL, "ping", None)

        task = asyncio.ensure_future(loop())
        yield
        task.cancel()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--silence", type=float, default=60, help="seconds without a message before the ping")
    parser.add_argument("--room", action="append", default=[], help="name[:password[:limit]]")
    options = parser.parse_args()
    server = Server(options.silence)
    for text in options.room:
        name, password, limit = (text.split(":") + ["", "0"])[:3]
        server.rooms[name] = Room(name, password, int(limit or 0))
    app = web.Application()
    app.cleanup_ctx.append(server.watch)
    app.add_routes([
        web.get("/rtc", server.lobby), web.post("/rtc", server.create),
        web.get("/rtc/{room}", server.enter), web.post("/rtc/{room}", server.enter_with_password),
        web.post("/rtc/{room}/offer", server.offer),
    ])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
