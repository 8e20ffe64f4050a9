#!/usr/bin/env bash
# Writes requirements.lock (what hie needs) and requirements-dev.lock (that, and what its tests, its
# checks and its documentation need): every version pinned, every file by its hash. Takes minutes and the package index.
#
#     tools/lock.sh [options of pip-compile, such as --upgrade or --upgrade-package numpy]
#
# Both are closed under dependencies, so they are installed with --require-hashes --no-deps.
# torch is in neither, because the build that fits the machine is the user's choice; what torch needs
# beside its accelerator's libraries is, and so is what builds hie. TrackEval asks for the OpenCV build
# that needs a display, so the package alone is locked.
set -euo pipefail
cd "$(dirname "$0")/.."
TORCH_NEEDS=(filelock fsspec jinja2 networkx setuptools sympy typing-extensions)
BUILD_NEEDS=(hatchling editables)
TRACKEVAL=trackeval==1.3.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "pip-tools>=7.4"

wanted() { # wanted [EXTRA]: what is needed beside torch itself
  "$work/venv/bin/python" - "$@" <<'PY'
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
lines = list(project["dependencies"])
for extra in sys.argv[1:]:
    lines += project["optional-dependencies"][extra]
print(*(line for line in lines if not line.startswith("torch")), sep="\n")
PY
  printf '%s\n' "${TORCH_NEEDS[@]}" "${BUILD_NEEDS[@]}"
}

compile() { # compile INPUT OUTPUT [OPTION...]: OUTPUT's versions are kept where they fit
  "$work/venv/bin/pip-compile" --quiet --allow-unsafe --strip-extras --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
    --output-file "$2" "${@:3}" "$1"
}

publish() { # publish PINNED HEADING LOCK
  { echo "# $2. Written by tools/lock.sh; installed with --require-hashes --no-deps."
    "$work/venv/bin/python" tools/lock_hashes.py < "$1"; } > "$work/new"
  cp "$work/new" "$3"
}

wanted dev docs > "$work/dev.in"
wanted > "$work/run.in"
touch requirements-dev.lock
sed -nE 's/^([^ #]+==[^ ]+).*/\1/p' requirements-dev.lock > "$work/dev.txt"
compile "$work/dev.in" "$work/dev.txt" "$@"
cp "$work/dev.txt" "$work/run.txt" # the smaller set has the larger one's versions
compile "$work/run.in" "$work/run.txt"
echo "$TRACKEVAL" >> "$work/dev.txt"

publish "$work/run.txt" "What hie needs, torch apart" requirements.lock
publish "$work/dev.txt" "What hie, its tests and its checks need, torch apart" requirements-dev.lock
