"""Takes jobs from a list in Redis, one after the other, and writes each down in the database."""

import os
import pathlib
import socket
import sys
import time

import psycopg2
import redis

PACE_S = float(os.environ.get("PACE_S", "0.05"))
ALIVE = pathlib.Path("/tmp/alive")


def work() -> None:
    queue = redis.Redis(os.environ.get("REDIS_HOST", "redis"), socket_timeout=10)
    database = psycopg2.connect(
        host=os.environ.get("DB_HOST", "db"),
        dbname=os.environ.get("DB_NAME", "sira"),
        user=os.environ.get("APP_USER", "app"),
        password=os.environ.get("APP_PASSWORD", ""),
        application_name="worker",
        connect_timeout=3,
    )
    database.autocommit = True
    while True:
        ALIVE.touch()
        taken = queue.brpop("jobs", timeout=1)
        if taken:
            time.sleep(PACE_S)  # a job takes its time
            with database.cursor() as cursor:
                cursor.execute("INSERT INTO jobs_done (job) VALUES (%s)", (taken[1].decode(errors="replace"),))


print(f"worker {socket.gethostname()} begins", flush=True)
while True:
    try:
        work()
    except Exception as error:
        print(f"error: {' '.join(str(error).split())[:200]}", file=sys.stderr, flush=True)
        time.sleep(1)
