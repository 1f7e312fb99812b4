# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# Services of Docker Compose held against the file that they are made from.

# compose_drift_look PROJECT SERVICE...
# Ground: whether every container of the services is up, in one word. Evidence: each of them; whether the Compose file can be read;
# which of them are not what it says, and whether by their configuration or by their image.
compose_drift_look() {
	compose_survey "$1"
	shift
	printf '%s\n' "$compose_seen" | awk -v services="$*" '
		BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
		NF && !($1 in known) { known[$1]; list = list " " $1 }
		NF && $1 in wanted {
			if ($4 != "up") down = 1
			rows[++n] = "container:" $1 "/" $2 " " $4 " " $3 " " $10 " exit=" $11 " oom=" $12 " policy_restarts=" $13
		}
		END {
			for (i = 1; i <= count; i++) if (!(names[i] in known)) missing = 1
			print "services " (missing ? "missing" : down ? "down" : "up")
			print "--"
			for (i = 1; i <= n; i++) print rows[i]
			print "known" list
		}'
	if [ -z "$compose_seen" ]; then
		engine ps --all --format '{{.Label "com.docker.compose.project"}}'
		echo "projects $(printf '%s\n' "$engine_said" | sort -u | tr '\n' ' ')"
	fi
	compose_said_of=no-program
	if docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null; then compose_read_file ''; fi
	echo "file $compose_said_of"
	[ "$compose_said_of" = ok ] || return 0
	compose_held_against_file "$@" | awk -F '\t' '/^ground item / { n = split($2, words, " "); print "drift:" substr($1, 13) " " words[n] }'
}
