# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used in the files after this one
# The Docker engine of this very host, asked by the client that is installed there (20.10 and newer).

# lacks() unless the client is there and means this host's own engine, give_up() where the engine does not answer.
engine_ready() {
	need docker awk
	case ${DOCKER_HOST:-unix:} in
	unix:* | fd:*) ;;
	*) lacks "DOCKER_HOST names an engine of another machine" ;;
	esac
	DOCKER_CONTEXT=default # whatever context the login chose for itself
	DOCKER_CLI_HINTS=false
	export DOCKER_CONTEXT DOCKER_CLI_HINTS
}

# engine ARG...: set engine_said to what a client's question is answered. Asked again only for why it failed, so it must change
# nothing. What is gone meanwhile is left out. lacks() where we may not use the engine, give_up() where it fails.
engine() {
	engine_said=$(docker "$@" 2>/dev/null) && return
	engine_why=$(docker "$@" 2>&1 >/dev/null)
	case $engine_why in
	"" | *"No such"*) ;;
	*"permission denied"*) lacks "$(id -un) may not use the Docker engine: become root, or join its group" ;;
	*"Cannot connect"* | *"error during connect"*) give_up "the Docker engine does not answer" ;;
	*) give_up "docker $1: $engine_why" ;;
	esac
}

# What is put before an awk program that reads what the engine says.
# epoch(T): seconds since 1970 of 2026-11-21T04:49:21.5Z or 2026-11-21 04:49:21.5 +0200; days as in "days from civil".
# bare(J): a JSON text without its quotes; what JSON escapes stays escaped.
# bytes(T): a size as the client writes it, such as 1.5GB or 64MiB.
engine_awk='
function bytes(t,   u) {
	u = t; gsub(/[0-9. ]/, "", u)
	if (u ~ /i/) return t * (u == "KiB" ? 1024 : u == "MiB" ? 1048576 : u == "GiB" ? 1073741824 : 1099511627776)
	return t * (u == "kB" || u == "KB" ? 1e3 : u == "MB" ? 1e6 : u == "GB" ? 1e9 : u == "TB" ? 1e12 : 1)
}
function bare(j) { gsub(/^"|"$/, "", j); return j }
function epoch(t,   y, m, d, zone, sign) {
	if (t !~ /^[0-9][0-9][0-9][0-9]-/) return 0
	y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; d = substr(t, 9, 2) + 0
	if (m <= 2) { y--; m += 12 }
	d += 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * m - 457) / 5) - 719469
	zone = 0
	if (match(t, /[+-][0-9][0-9]:?[0-9][0-9]/) && RSTART > 11) {
		sign = substr(t, RSTART, 1) == "-" ? -1 : 1
		zone = sign * (substr(t, RSTART + 1, 2) * 3600 + substr(t, RSTART + RLENGTH - 2, 2) * 60)
	}
	return d * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2) - zone
}
'
