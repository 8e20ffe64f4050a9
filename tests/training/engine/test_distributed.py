"""Several processes, as torchrun starts them."""

import csv
import json
import os
import subprocess
import sys

import pytest
import torch
from torch.distributed import DistError

from hie_cli.core.errors import ConfigError, HieError
from hie_cli.training.engine import checkpoint, distributed
from tests.support import losses_by_processes
from tests.support.actions_by_processes import trained
from tests.support.paths import ROOT


def torchrun(*arguments, module="actions_by_processes"):
    """Two processes of a module of tests/support; the exit status and what was said."""
    return subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "-m", f"tests.support.{module}", *map(str, arguments),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_process_resumes_and_both_learn_what_one_does(tmp_path):
    """kill -9 of one of two in the third epoch: two epochs are kept, and with --resume the losses
    are those of one process with twice the batch.
    """
    whole = trained(tmp_path / "one", 8)
    died = torchrun(tmp_path / "two", 4, "new", 2)
    assert died.returncode != 0
    assert "SIGKILL" in died.stderr
    kept = torch.load(tmp_path / "two" / checkpoint.NAME, weights_only=True)
    assert len(kept["history"]) == 2
    done = torchrun(tmp_path / "two", 4, "resume", -1)
    assert done.returncode == 0, done.stderr[-2000:]
    with (tmp_path / "two" / "log.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses == pytest.approx([row["loss"] for row in whole], rel=1e-4)


@pytest.mark.slow
def test_what_losses_of_joints_are_divided_by_is_shared(tmp_path):
    """Each of two processes has three of six people, with unequal numbers of joints."""
    done = torchrun(tmp_path / "found.json", module="losses_by_processes")
    assert done.returncode == 0, done.stderr[-2000:]
    for name, want in losses_by_processes.found().items():
        assert json.loads((tmp_path / "found.json").read_text())[name] == pytest.approx(
            want, rel=1e-4, abs=1e-7
        ), name


@pytest.mark.parametrize("lost", [RuntimeError("[gloo/tcp/pair.cc] closed"), DistError("closed")])
def test_another_process_that_ended_is_one_line(monkeypatch, lost):
    """What torch.distributed says of it names its source code."""
    alone(monkeypatch)
    with pytest.raises(HieError, match="process 0: another one ended"), distributed.group("cpu"):
        raise lost


def test_other_errors_stay_as_they_are(monkeypatch):
    alone(monkeypatch)
    with pytest.raises(RuntimeError, match="sizes"), distributed.group("cpu"):
        raise RuntimeError("sizes differ")


def alone(monkeypatch):
    """One process that thinks there were two."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *_, **__: None)


def test_one_process_shares_with_nobody():
    rows = torch.rand(3, 2, requires_grad=True)
    assert distributed.gathered(rows) is rows
    norm = torch.nn.BatchNorm1d(2)
    with distributed.shared_norms(norm):
        assert "forward" not in vars(norm)


def test_every_process_has_a_gpu_of_its_own(monkeypatch):
    assert distributed.local_device("cuda") == "cuda"  # a single process
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert distributed.local_device("cpu") == "cpu"
    with pytest.raises(
        ConfigError, match=r"process 2 has no GPU: 2 here; torchrun --nproc-per-node 2"
    ):
        distributed.local_device("cuda")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert distributed.local_device("cuda") == "cuda:1"
