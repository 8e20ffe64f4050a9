"""Which executor a user wants: so many processes of this machine, or a Ray cluster."""

from dataclasses import dataclass
from typing import Any

from hie_cli.core.errors import ConfigError, nearest
from hie_cli.pipeline.executors.base import Executor, Work
from hie_cli.pipeline.executors.here import ThisProcess
from hie_cli.pipeline.executors.local import WorkerProcesses

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Engine:
    """Where jobs run.

    ``workers``: jobs at a time; None: one, or as many as a cluster has room for · ``name``: local,
    or ray (``ray_actors``) with the ``address`` of a cluster (None: one is started here) and what
    each worker takes of it. Raises ConfigError for what makes no sense.
    """

    workers: int | None = None
    name: str = "local"
    address: str | None = None
    cpus: float = 1.0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            hint = nearest(self.name, list(ENGINES))
            known = ", ".join(ENGINES)
            raise ConfigError(f"--engine {self.name}: unknown{hint} (known: {known})")
        if self.name != "ray" and self.address is not None:
            raise ConfigError("--address: is of a Ray cluster; add --engine ray")
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"--workers {self.workers}: expected 1 or more")

    def executor(self, work: Work[Any], jobs: int) -> Executor:
        """What runs ``jobs`` jobs of ``work`` (0: it is not known yet how many).

        Raises ConfigError where there is no cluster.
        """
        if self.name == "ray":
            from hie_cli.pipeline.executors.ray_actors import RayActors

            count = min(self.workers or jobs, jobs) if jobs else self.workers or 0
            return RayActors(work, count, self.address, self.cpus, self.gpus)
        count = min(self.workers or 1, jobs) if jobs else self.workers or 1
        return WorkerProcesses(work, count) if count > 1 else ThisProcess(work)


HERE = Engine()
