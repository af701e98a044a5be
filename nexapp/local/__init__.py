"""The product on one machine: sets up the environment, starts embedded PostgreSQL and Redis, builds
the assets and supervises every process. The web app never imports this package, and this package
imports nothing of the web app but its settings: processes are started by their public commands.
"""
