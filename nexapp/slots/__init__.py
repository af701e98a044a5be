"""A cancellation becomes a booking: slots, the waiting list, offers, holds and claims.

Owns services, slots and their history, waiting-list requests, offers and the outcome of every match. Raises the errors
in `slots.errors`. Texts go out through `messaging`.
"""
