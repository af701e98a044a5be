"""Demo data: two businesses and a sales team, their people, and 90 days in which slots were filled.

Every number is reserved for fiction. Nothing here is queued: who looks around is texted nothing until they open a slot.
"""
