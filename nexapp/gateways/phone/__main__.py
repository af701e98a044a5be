"""`python -m nexapp.gateways.phone --port N --data-dir D`: runs until SIGTERM or SIGINT."""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
from contextlib import closing

from nexapp.gateways.phone.app import Phone
from nexapp.gateways.phone.ledger import Ledger
from nexapp.gateways.phone.mail import Mailbox, listen
from nexapp.gateways.phone.server import Connection
from nexapp.gateways.phone.settings import BadPhoneSettings, PhoneSettings, read_settings

_CANNOT_START = 2


async def serve(settings: PhoneSettings, ledger: Ledger, mailbox: Mailbox) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    phone = Phone(settings, ledger, mailbox)
    server = await loop.create_server(
        lambda: Connection(phone.handle), settings.host, settings.port, backlog=512, reuse_address=True
    )
    mail_server = await listen(mailbox, settings.host, settings.mail_port) if settings.mail_port is not None else None
    phone.start()
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"The local phone is ready: http://{settings.host}:{port}/dev/phone\n")
    sys.stdout.flush()
    await stopped.wait()
    # Open connections are not waited for: a client that keeps one alive would hold up the end.
    server.close()
    if mail_server is not None:
        mail_server.close()


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = read_settings(sys.argv[1:], os.environ)
    except BadPhoneSettings as error:
        sys.stderr.write("The local phone cannot start:\n" + "".join(f"- {p}\n" for p in error.problems))
        return _CANNOT_START
    try:
        with closing(Ledger(settings.data_dir)) as ledger, closing(Mailbox(settings.data_dir)) as mailbox:
            asyncio.run(serve(settings, ledger, mailbox))
    except (OSError, sqlite3.Error) as error:
        place = f"{settings.host}:{settings.port} with its ledger in {settings.data_dir}"
        sys.stderr.write(f"The local phone cannot run at {place}: {error}\n")
        return _CANNOT_START
    return 0


if __name__ == "__main__":
    sys.exit(main())
