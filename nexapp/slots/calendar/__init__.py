"""The calendar: days and weeks by staff, moving with undo, hours and blocked times, patterns of slots.

Owns opening hours, their exceptions, blocked times, patterns and the record of moves. What it refuses is a
`BadInput` with a sentence for its field, or one of `slots.errors`.
"""
