# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used in the files after it
# Shells that a fault has begun, known by a mark on their command line: `sh -c PROGRAM MARK ARG ARG`.

# fault_marked MARK: set fault_pids to the processes whose third last argument is MARK; a host sees those of its containers.
fault_marked() {
	fault_pids=''
	# shellcheck disable=SC2013 # names of /proc hold no space
	for fault_file in $(grep -lsF -e "$1" /proc/[0-9]*/cmdline); do
		[ "$(tr '\0' '\n' <"$fault_file" 2>/dev/null | tail -n 3 | sed -n 1p)" = "$1" ] || continue
		fault_pid=${fault_file#/proc/}
		fault_pids="$fault_pids ${fault_pid%/cmdline}"
	done
}

# fault_end MARK: end those shells and what they have begun, and nothing else; none may be there any more.
fault_end() {
	fault_marked "$1"
	for fault_pid in $fault_pids; do
		fault_children=''
		{ read -r fault_children <"/proc/$fault_pid/task/$fault_pid/children"; } 2>/dev/null
		for fault_child in $fault_children; do
			kill -KILL "$fault_child" 2>/dev/null
		done
		kill -KILL "$fault_pid" 2>/dev/null
	done
	return 0
}
