#!/bin/bash
# hie run as a job array: eight tasks share a list of videos; no Ray is needed.
#
#     sbatch slurm.sh            # again, to go on after an interruption or a time limit
#
# The bash is run by a test, with SLURM's variables; the #SBATCH lines are written from its manual and were not run.
#SBATCH --job-name=hie
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --output=hie-%A-%a.log
# With GPUs: #SBATCH --gpus-per-task=1, and --device cuda --precision fp16 below.
set -euo pipefail

VIDEOS=${VIDEOS:-s3://bucket/clips/*.mp4}  # or a folder that all nodes see
OUT=${OUT:-s3://bucket/out}
export TMPDIR=${SLURM_TMPDIR:-${TMPDIR:-/tmp}}  # room for a video and its results, for each worker

hie run "$VIDEOS" -o "$OUT" --preset "${PRESET:-fast}" --resume \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --workers "$((SLURM_CPUS_PER_TASK / 2))"
