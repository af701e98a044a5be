"""The platform's own pages: health for machines, errors for admins, and the tools of development.

Owns no business data; reads what the other parts recorded. Raises nothing of its own.
"""
