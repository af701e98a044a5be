"""People and organisations: who signs in, where they belong, and what their role allows.

Owns users, sessions, one-time codes, organisations, memberships and staff members. Raises the children of
`spine.errors.NexError` in `identity.errors`. Sends nothing itself: it emits `SignInCodeRequested`.
"""
