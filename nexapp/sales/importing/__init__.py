"""Whole files of prospects: what a row means, whom it is about, and what it changes. Undone field by field.

How files are kept, read and run in parts is `spine.tables`.
"""
