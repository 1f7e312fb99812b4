"""A stand-in for the HTTP interfaces of two vendors, a model's and a vector store's; files in /faults break it.

/faults/vendor-down   answers 503
/faults/vendor-slow   waits so many milliseconds first
"""

import http.server
import json
import os
import pathlib
import time

FAULTS = pathlib.Path("/faults")
KEY = os.environ.get("VENDOR_KEY", "")


class Vendor(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        slow = FAULTS / "vendor-slow"
        if slow.exists():
            time.sleep(int(slow.read_text() or "1000") / 1000)
        keys = (self.headers.get("Authorization", "").removeprefix("Bearer "), self.headers.get("Api-Key", ""))
        if (FAULTS / "vendor-down").exists():
            self.answer(503, {"error": "overloaded"})
        elif KEY not in keys:
            self.answer(401, {"error": "no such key"})
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": "small"}]})
        elif self.path == "/describe_index_stats":
            self.answer(200, {"dimension": 3, "totalVectorCount": 8000})
        else:
            self.answer(404, {"error": "no such place"})

    do_POST = do_GET

    def answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("x-ratelimit-remaining", "1000")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, form: str, *words: object) -> None:
        print(form % words, flush=True)


http.server.ThreadingHTTPServer(("", 8000), Vendor).serve_forever()
