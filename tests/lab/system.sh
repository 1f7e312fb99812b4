#!/bin/sh
# Install what the tests with real hosts need and this machine lacks, from Debian's packages. Nothing that is installed is
# started: the tests start their own. Where it may not install, it says what is missing and ends well: the tests that need it
# are skipped, and say so.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
POLICY=/usr/sbin/policy-rc.d

missing=
lack() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

lack python3 python3
lack dockerd docker.io
lack containerd containerd
lack iptables iptables
lack ip iproute2
lack mmdebstrap mmdebstrap
lack sshd openssh-server
lack ssh openssh-client
lack sudo sudo
lack unshare util-linux
lack mount mount
lack hostname hostname
lack busybox busybox
lack dash dash
lack redis-server redis-server
lack redis-cli redis-tools
lack zsh zsh
lack mksh mksh
lack fish fish
lack tcsh tcsh
lack curl curl
lack psql postgresql
[ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || missing="$missing postgresql"
lack openssl openssl
lack nginx nginx-light
lack certbot certbot
lack pebble pebble # an ACME server for tests; PyPI has another of that name
missing=$(echo "$missing" | tr " " "\n" | sort -u | tr "\n" " ")

[ -n "${missing# }" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "tests with real hosts will be skipped; they need, installed by root: $missing" >&2
    exit 0
fi

if [ ! -e "$POLICY" ]; then
    trap 'rm -f "$POLICY"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$POLICY" # no package starts its service while this is here
    chmod 755 "$POLICY"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of packages
apt-get install -q -y --no-install-recommends $missing
command -v docker >/dev/null 2>&1 || apt-get install -q -y --no-install-recommends docker-cli # its own package since trixie
