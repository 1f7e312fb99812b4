#!/bin/sh
# Make or renew the virtual environment $1 with remedy, in place, and its tools. It needs a Python of 3.11 or later and no
# privilege; where Debian's python3-venv is not installed, pip is fetched as a package and only unpacked.
set -eu

venv=$1
export PIP_DISABLE_PIP_VERSION_CHECK=1

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() { # the system's first: what lies before it on PATH may choose another version per directory
    for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if is_recent "$python"; then
            command -v "$python"
            return
        fi
    done
    echo "needs Python 3.11 or later" >&2
    exit 1
}

fetch_pip() { # into the environment, from Debian's package of pip's wheel
    aside=$(mktemp -d)
    trap 'rm -rf --one-file-system "$aside"' EXIT
    (cd "$aside" && apt-get download -q python3-pip-whl && dpkg-deb --extract ./*.deb .) || {
        echo "needs python3-venv, or apt-get download python3-pip-whl to work (apt-get update?)" >&2
        exit 1
    }
    wheel=$(echo "$aside"/usr/share/python-wheels/pip-*.whl)
    PYTHONPATH=$wheel "$venv/bin/python" -m pip install -q --no-index "$wheel"
}

has_venv() { "$1" -c 'import ensurepip' >/dev/null 2>&1; }

install_venv() { # as root, for Debian's own Python; the lists of a fresh machine are empty
    [ "$(id -u)" = 0 ] && [ "$1" = /usr/bin/python3 ] && command -v apt-get >/dev/null || return 0
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; } >&2 || return 0
}

if ! is_recent "$venv/bin/python"; then
    python=$(find_python)
    has_venv "$python" || install_venv "$python"
    if has_venv "$python"; then
        "$python" -m venv "$venv"
    else
        "$python" -m venv --without-pip "$venv"
    fi
fi
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || fetch_pip
"$venv/bin/python" -m pip install -q 'hatchling>=1.24' -e '.[dev]' # hatchling: a test builds the wheel
