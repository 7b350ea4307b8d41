"""Opens WebSockets with the PyPI client `websockets` and prints what it met as one line of JSON.

From the environment: TIDEGAUGE_URL (ws://...), TIDEGAUGE_KEY.
"""

import json
import os
import time

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

URL, KEY = os.environ["TIDEGAUGE_URL"], os.environ["TIDEGAUGE_KEY"]
seen = {}

try:
    connect(URL)
except InvalidStatus as refusal:
    seen["refused"] = refusal.response.status_code

with connect(URL, additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
    seen["closed"] = json.loads(socket.recv())["socketId"]
    socket.send('{"type": "ping"}')
    seen["pong"] = json.loads(socket.recv())
    socket.ping().wait()

# Longer than the server waits for a sign of life: the client's library answers its pings.
with connect(f"{URL}?access_token={KEY}") as socket:
    socket.recv()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        try:
            socket.recv(timeout=end - time.monotonic())
        except TimeoutError:
            break
    socket.ping().wait()
    seen["pings_answered"] = True

with connect(f"{URL}?token={KEY}") as socket:
    socket.recv()
    try:
        socket.send(b"x" * 100_000)
        socket.recv()
    except ConnectionClosed as closed:
        seen["too_big"] = [closed.rcvd.code, closed.rcvd.reason] if closed.rcvd else None

print(json.dumps(seen))
