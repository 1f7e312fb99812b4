# shellcheck shell=sh
# Live as the demo's host: an application that has logged for weeks into the disk $1 and goes on doing so, and the
# SSH server ("$@" after that) if one is given. We take in the orphans, as the first process of a machine does.
set -eu
log=$1/log
shift

# An old log: its number, its age in days, its size. The bytes are lines, as in any log.
old_log() {
	yes "GET /cart 200 4711 bytes, 12 ms" | head -c "$3" >"$log/app.log.$1"
	touch -d "@$(($(date +%s) - $2 * 86400))" "$log/app.log.$1"
}

# One numbered line after the other into a file held open.
application() {
	line=0
	while line=$((line + 1)) && echo "line $line: GET /cart 200 4711 bytes, 12 ms" >&3; do
		sleep 0.05
	done 3>>"$log/app.log"
}

mkdir "$log"
old_log 1 1 8892k
old_log 2 9 9M
old_log 3 16 11M
old_log 4 23 12M
old_log 5 30 10M
old_log 6 37 10M
application &
[ $# = 0 ] || "$@" &
wait
