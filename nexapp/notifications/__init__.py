"""What a signed-in person is told: in the bell and the centre, and by the channels that they chose.

Owns notices, their settings and the record of what was not sent. `notify` is the one way to make one; parts above
register the types that they raise in their `notices.py`.
"""
