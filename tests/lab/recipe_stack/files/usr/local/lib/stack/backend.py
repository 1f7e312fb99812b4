"""A small application that really uses its database, its queue and its vendors; files in /faults break it.

/faults/fail   so many percent of the requests for /items answer 500
/faults/slow   so many milliseconds are waited before /items answers
/faults/leak   so many MiB more are kept with each request for /items
/faults/hang   /health does not answer any more
"""

import asyncio
import json
import logging
import os
import pathlib
import random
import threading
import time
import urllib.request

import psycopg2.pool
import redis

FAULTS = pathlib.Path("/faults")
LOG = pathlib.Path(os.environ.get("APP_LOG", "/logs/app.log"))
DATABASE = {
    "host": os.environ.get("DB_HOST", "db"),
    "dbname": os.environ.get("DB_NAME", "sira"),
    "user": os.environ.get("APP_USER", "app"),
    "password": os.environ.get("APP_PASSWORD", ""),
    "application_name": os.environ.get("APP_NAME", "backend"),
    "connect_timeout": 2,
}
POOL = int(os.environ.get("POOL", "5"))
HEALTH = os.environ.get("HEALTH_PATH", "/health")

kept: list[bytes] = []
pool: psycopg2.pool.ThreadedConnectionPool | None = None
turn = threading.Lock()
logging.basicConfig(filename=str(LOG), format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)


def fault(name: str) -> int:
    try:
        return int((FAULTS / name).read_text() or "1")
    except (OSError, ValueError):
        return 0


def on_database(work):
    """Do it with a connection of the pool; one that is broken is thrown away."""
    global pool
    with turn:
        if pool is None:
            pool = psycopg2.pool.ThreadedConnectionPool(0, POOL, **DATABASE)
    connection = pool.getconn()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 3000")
            found = work(cursor)
    except Exception:
        pool.putconn(connection, close=True)
        raise
    pool.putconn(connection)
    return found


def database_health() -> str:
    def one(cursor):
        cursor.execute("SELECT count(*) FROM customers")
        return cursor.fetchone()[0]

    return "ok" if on_database(one) else "empty"


def queue_health() -> str:
    client = redis.Redis(os.environ.get("REDIS_HOST", "redis"), socket_timeout=2, socket_connect_timeout=2)
    return "ok" if client.ping() else "silent"


def vendor_health() -> str:
    url = os.environ.get("VENDOR_URL")
    if not url:
        return "none"
    asked = urllib.request.Request(
        f"{url}/v1/models", headers={"Authorization": f"Bearer {os.environ.get('VENDOR_KEY', '')}"}
    )
    with urllib.request.urlopen(asked, timeout=2) as answer:
        return "ok" if answer.status == 200 else str(answer.status)


def told(name: str, ask) -> tuple[str, str]:
    try:
        return name, ask()
    except Exception as error:
        logging.error("%s is not reached: %s", name, " ".join(str(error).split())[:200])
        return name, "connection failed"


def health():
    if fault("hang"):
        time.sleep(60)
    name, state = told("database", database_health)
    return (200 if state == "ok" else 503), {"status": "ok" if state == "ok" else "ill", name: state}


def system():
    parts = dict(
        told(*one) for one in (("database", database_health), ("queue", queue_health), ("vendor", vendor_health))
    )
    is_well = all(state in ("ok", "none") for state in parts.values())
    return (200 if is_well else 503), {"status": "ok" if is_well else "degraded", "components": parts}


def items():
    if size := fault("leak"):
        kept.append(os.urandom(1 << 20) * size)
    if wait_ms := fault("slow"):
        time.sleep(wait_ms / 1000)
    if random.random() * 100 < fault("fail"):
        logging.error("Exception in /items: it was told to fail")
        return 500, {"error": "internal"}

    def work(cursor):
        cursor.execute("INSERT INTO visits (path) VALUES ('/items')")
        cursor.execute("SELECT count(*) FROM items")
        return cursor.fetchone()[0]

    try:
        return 200, {"items": on_database(work)}
    except Exception as error:
        logging.error("database error: connection to the database failed: %s", " ".join(str(error).split())[:200])
        return 503, {"error": "database"}


def recommendations():
    _, state = told("recommendation vendor", vendor_health)
    return (200 if state == "ok" else 502), {"vendor": state}


PLACES = {HEALTH: health, f"{HEALTH}/system": system, "/items": items, "/recommendations": recommendations}


async def app(scope, receive, send):
    """The application, as ASGI has it."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    place = PLACES.get(scope["path"])
    status, body = (404, {"error": "no such place"}) if place is None else await asyncio.to_thread(place)
    logging.info("%s %s", scope["path"], status)
    text = json.dumps(body).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": text})
