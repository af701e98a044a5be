"""Outbound texts and what comes back: templates, sending, receipts, opt-outs, replies.

Owns `consumers` (a number and its opt-out are global), `messages`, their events, inbound texts and templates.
A message is written in the business transaction and sent by a worker; it moves forward only.
"""
