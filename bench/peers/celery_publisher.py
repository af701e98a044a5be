"""Publishes the Celery contestant's tasks, told by lines on its input; answers when it began, once all are out.

`texts <count> <tag>` writes the texts' rows in one statement, as a web request would, then one task each.
`no_ops <count>` publishes as many.
"""

from __future__ import annotations

import os
import sys
import time

import psycopg

from bench.peers.celery_app import app, no_op, send_text

TABLE = """
    CREATE TABLE IF NOT EXISTS bench.peer_texts (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, phone text NOT NULL, body text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS peer_texts_phone ON bench.peer_texts (phone);
    CREATE INDEX IF NOT EXISTS peer_texts_created ON bench.peer_texts (created_at);
"""
WRITE = """
    INSERT INTO bench.peer_texts (phone, body)
    SELECT '+1555' || lpad((2000000 + n)::text, 7, '0'),
        'Harbour Dental has a cancellation! Tue, Nov 24, 10:30 AM available. Claim now: http://127.0.0.1/c/' || %s || n
    FROM generate_series(1, %s) n RETURNING phone, body
"""


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, app.producer_pool.acquire(block=True) as producer:
        connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
        connection.execute(TABLE)
        connection.commit()
        print("ready", flush=True)
        for line in sys.stdin:
            kind, count, *tag = line.split()
            began = time.time()
            if kind == "texts":
                rows = connection.execute(WRITE, (tag[0], int(count))).fetchall()
                connection.commit()
                for row in rows:
                    send_text.apply_async(row, producer=producer)
            else:
                for _ in range(int(count)):
                    no_op.apply_async(producer=producer)
            print(began, flush=True)


if __name__ == "__main__":
    main()
