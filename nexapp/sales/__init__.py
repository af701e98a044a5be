"""Sales teams: prospects and their scores, what was done, what is due, and what keeps people going.

Owns pipelines, prospects, activities, follow-ups, sequences, streaks, missions and reports.
"""
