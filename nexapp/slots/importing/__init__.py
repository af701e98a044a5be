"""Whole files of people for the waiting list: read, checked, run in parts, and undone.

A file is kept in parts of a thousand rows. Each part is checked, run and undone by one job in one transaction, which
queues the next one: a worker that is killed leaves whole parts behind, and the next worker goes on after them. Nobody
is put on the list by a file: its people are invited (`slots.invitations`).
"""
