"""Whole files of people for the waiting list: what a row means, and what it does to the list.

How files are kept, read and run in parts is `spine.tables`. Nobody is put on the list by a file: its people are invited
(`slots.invitations`).
"""
