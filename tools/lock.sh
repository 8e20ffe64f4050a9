#!/usr/bin/env bash
# Writes requirements.lock: the versions of the set that the tests last passed with.
set -euo pipefail
cd "$(dirname "$0")/.."
{
  echo "# The tested set (tools/lock.sh writes it); used as constraints by the Makefile."
  "${VENV:-.venv}/bin/python" -m pip freeze --exclude-editable | grep -vE '^(torch|trackeval|opencv-python)==|@' | sort -f
} > requirements.lock
