"""Whole files of rows that people upload: read, checked, run in parts, shown, and undone.

A file is kept in parts of a thousand rows. Each part is checked, run and undone by one job in one transaction, which
queues the next one: a worker that is killed leaves whole parts behind, and the next worker goes on after them. What a
row means, and what becomes of it, belongs to the part of the product that takes the file.
"""
