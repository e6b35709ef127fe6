"""Watches one upload with httpx-sse and prints its events, tab-separated: id, kind, data.

httpx-sse leaves coming back to its user: each connection gives the id of the last event as Last-Event-ID.
"""

import json
import sys
import time

import httpx
from httpx_sse import connect_sse

url = sys.argv[1]
last_event_id = ""
with httpx.Client(timeout=30) as client:
    while True:
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            with connect_sse(client, "GET", url, headers=headers) as source:
                for sse in source.iter_sse():
                    last_event_id = sse.id
                    print(sse.id, sse.event, sse.data, sep="\t")
                    if sse.event == "stage" and json.loads(sse.data)["stage"] == "done":
                        sys.exit()
        except httpx.TransportError as error:
            print(f"cut: {error!r}", file=sys.stderr)
            time.sleep(0.2)
