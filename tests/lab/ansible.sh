#!/bin/sh
# Make or renew the virtual environment $1 with ansible-core, which the tests put beside remedy's reading of inventories.
# It is an environment of its own: nothing of it is remedy's. Without a package index it fails, and those tests are skipped.
set -eu

venv=$1
here=$(dirname "$0")
version='ansible-core>=2.16,<2.20' # a later one needs a later Python than 3.11

"$venv/bin/python" -c 'import ansible' >/dev/null 2>&1 && exit 0
[ -x "$here/../../.venv/bin/python" ] || {
    echo "needs .venv; make .venv makes it" >&2
    exit 1
}
python=$("$here/../../.venv/bin/python" -c 'import sys; print(sys._base_executable)')
"$python" -m venv "$venv" 2>/dev/null || "$python" -m venv --without-pip "$venv"
PIP_DISABLE_PIP_VERSION_CHECK=1 "$here/../../.venv/bin/python" -m pip --python "$venv/bin/python" install -q "$version" 2>/dev/null
