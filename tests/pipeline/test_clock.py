import time
from types import SimpleNamespace

from hie_cli.core.parallel import side_by_side
from hie_cli.core.types import People
from hie_cli.pipeline.clock import Clock, TimedDetector


class Slow:
    spec = SimpleNamespace(task="detect")
    runs = 3

    def detect(self, images, long_side=None):
        time.sleep(0.2)
        return [People.empty()]


def test_networks_of_one_task_side_by_side_count_once():
    clock = Clock()
    detector = TimedDetector(Slow(), clock)
    assert detector.runs == 3
    side_by_side(lambda _: detector.detect([None]), range(3), 3)
    seconds = clock.record(1)["network_seconds"]
    assert 0.2 <= seconds < 0.5  # three times 0.2 one after another


def test_networks_of_two_tasks_count_both():
    clock = Clock()

    def run(task):
        with clock.network(task):
            time.sleep(0.2)

    side_by_side(run, ["detect", "pose"], 2)
    assert clock.record(1)["network_seconds"] >= 0.4
