"""A business's other booking system: what it tells us opens, fills and frees our slots.

A sender posts to an address of the business (`hooks`), or we read its calendar (`feeds`). Either way each change
becomes a delivery, which is stored first and handled once (`handling`), by the same rules (`opening_times`, `filling`).
The other way round, `calendars` shows a staff member's slots to other programs. Raises the errors in `errors`.
"""
