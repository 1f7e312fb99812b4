# shellcheck shell=sh
# shellcheck disable=SC2154 # service_* are set in compose_one.sh, fault_pids in fault_marked.sh
# A fault for drills: a shell that holds memory, in a service's container or on the host itself, and ends by itself.

# The program of that shell, given SECONDS and MEBIBYTES: one value is doubled to a mebibyte and copied. It does not end
# in its last command but one, which a shell may become.
# shellcheck disable=SC2016 # expanded by that shell
fault_hog='c=x n=1; while [ $n -lt 1048576 ]; do c=$c$c; n=$((n * 2)); done
i=0; while [ $i -lt "$2" ]; do eval "m$i=\$c"; i=$((i + 1)); done; sleep "$1"; :'

# fault_memory_look PROJECT SERVICE MARK
# Ground: the container ("host" without a service), and whether memory is held there: none or there. Evidence: bytes held.
fault_memory_look() {
	need grep tail tr sed cat
	[ -r /proc/self/cmdline ] || lacks "/proc is not mounted"
	service_id=host service_state=running
	[ -z "$2" ] || service_container "$1" "$2"
	[ -n "$service_id" ] || give_up "there is no container of $2 of $1"
	fault_marked "$3"
	echo "container $service_id"
	echo "state $service_state"
	if [ -n "$fault_pids" ]; then echo "leak there"; else echo "leak none"; fi
	fault_kib=0
	for fault_pid in $fault_pids; do
		fault_one=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$fault_pid/status" 2>/dev/null)
		fault_kib=$((fault_kib + ${fault_one:-0}))
	done
	printf '%s\nheld_bytes %s\n' -- "$((fault_kib * 1024))"
}

# fault_memory_hold CONTAINER SECONDS MEBIBYTES MARK: have them held, and wait until they are.
fault_memory_hold() {
	fault_marked "$4"
	[ -z "$fault_pids" ] || return 0
	if [ "$1" = host ]; then
		need setsid
		setsid sh -c "$fault_hog" "$4" "$2" "$3" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	else
		engine_ready
		docker exec --detach "$1" sh -c "$fault_hog" "$4" "$2" "$3" >&2 || give_up "no shell could be started in the container"
	fi
	fault_turns=0 fault_one=0
	while [ "$fault_one" -lt $(($3 * 1024)) ]; do
		fault_turns=$((fault_turns + 1))
		[ "$fault_turns" -le 300 ] || give_up "the memory is not held"
		sleep 0.2 2>/dev/null || sleep 1
		fault_marked "$4"
		fault_pid=${fault_pids##* }
		fault_one=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/${fault_pid:-none}/status" 2>/dev/null)
		fault_one=${fault_one:-0}
	done
}

# fault_memory_end MARK: end those shells, and nothing else; none may be there any more.
fault_memory_end() {
	fault_end "$1"
}
