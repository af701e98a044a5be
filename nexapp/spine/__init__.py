"""The ground every part stands on; it imports no part.

Owns: the one commit site (`unit`), tenancy and row-level security (`tenancy`, `db`), who may ask for
what (`access`), durable jobs (`jobs`), schedules, after-commit signals (`realtime`), stored webhooks,
the audit trail and the tree of errors. Raises `errors.NexError` and its children only.
"""
