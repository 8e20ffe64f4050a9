"""Where jobs run: in this process, in worker processes of this machine, or on a cluster.

All are an ``Executor``; ``batch.run_batch`` gives them jobs and never asks which one it has.
"""
