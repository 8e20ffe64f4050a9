"""Files for clusters: fields that the operator knows, options that hie has, a script that runs."""

import os
import re
import shlex
import subprocess
from typing import Any

import pytest
import typer
import yaml

from hie_cli.cli.app import build
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "cluster"
# Of KubeRay's RayJobSpec and RayClusterSpec (ray.io/v1), and Kubernetes' Container: the names of
# fields that our file may use.
JOB = {
    "activeDeadlineSeconds", "backoffLimit", "rayClusterSpec", "submitterPodTemplate", "metadata",
    "clusterSelector", "submitterConfig", "deletionStrategy", "entrypoint", "runtimeEnvYAML",
    "jobId", "submissionMode", "entrypointNumCpus", "ttlSecondsAfterFinished", "suspend",
    "shutdownAfterJobFinishes",
}  # fmt: skip
CLUSTER = {"rayVersion", "headGroupSpec", "workerGroupSpecs", "enableInTreeAutoscaling"}
GROUP = {"rayStartParams", "template"}
WORKERS = GROUP | {"groupName", "replicas", "minReplicas", "maxReplicas"}
CONTAINER = {"name", "image", "env", "envFrom", "ports", "resources", "volumeMounts"}


def rayjob():
    return yaml.safe_load((FOLDER / "rayjob.yaml").read_text(encoding="utf-8"))


def test_the_ray_job_has_fields_that_the_operator_knows():
    job = rayjob()
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert set(job) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(job["spec"]) <= JOB
    cluster = job["spec"]["rayClusterSpec"]
    assert set(cluster) <= CLUSTER
    assert set(cluster["headGroupSpec"]) <= GROUP
    for group in cluster["workerGroupSpecs"]:
        assert set(group) <= WORKERS
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        (container,) = group["template"]["spec"]["containers"]
        assert set(container) <= CONTAINER
        assert container["envFrom"] == [{"secretRef": {"name": "hie-storage"}}]


def options_of_run() -> set[str]:
    every: Any = typer.main.get_command(build())
    command = every.commands["run"]
    return {option for parameter in command.params for option in parameter.opts}


def test_its_command_is_one_of_hie_and_its_versions_are_those_locked():
    words = shlex.split(rayjob()["spec"]["entrypoint"])
    assert words[:2] == ["hie", "run"]
    assert {word for word in words if word.startswith("-")} <= options_of_run()
    locked = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    version = rayjob()["spec"]["rayClusterSpec"]["rayVersion"]
    image = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    assert f"ray=={version} " in locked
    assert f'"ray[default]=={version}"' in image
    for name, pinned in re.findall(r'"(s3fs)==([^"]+)"', image):
        assert f"{name}=={pinned} " in locked


@pytest.mark.skipif(os.name == "nt", reason="a bash script")
def test_the_job_array_runs_its_part(tmp_path):
    """With a stand-in for hie that says what it was asked."""
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "hie"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$TMPDIR" "$@"\n')
    fake.chmod(0o755)
    environment = {
        "PATH": f"{fake.parent}{os.pathsep}{os.environ['PATH']}", "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_CPUS_PER_TASK": "4", "SLURM_TMPDIR": "/scratch",
    }  # fmt: skip
    script = FOLDER / "slurm.sh"
    done = subprocess.run(
        ["bash", str(script)], env=environment, capture_output=True, text=True, check=True
    )
    place, *words = done.stdout.splitlines()
    assert place == "/scratch"
    assert words[:4] == ["run", "s3://bucket/clips/*.mp4", "-o", "s3://bucket/out"]
    assert words[words.index("--shard") + 1] == "3/8"
    assert words[words.index("--workers") + 1] == "2"
    assert {word for word in words if word.startswith("-")} <= options_of_run()
    lines = script.read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#SBATCH --[a-z-]+=\S+", e) for e in lines if e.startswith("#SBATCH"))


def test_prometheus_asks_where_hie_and_ray_tell():
    asked = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"]: job for job in asked["scrape_configs"]}
    assert jobs["hie"]["static_configs"] == [{"targets": ["localhost:9464"]}]
    assert set(jobs) == {"hie", "ray"}
