"""The measurements of `make bench`: ours beside a baseline, in the same run, as ratios.

`lines/` holds one module for each group of goals, `peers/` what we are measured against. Peers that need packages
of their own get them in `bench/.venv`, made on the first run; after that nothing needs a network.
"""
