# shellcheck shell=sh
# A host as a whole: how long it is up, its load, its memory, which run of remedy holds it, and what its timers will put back.

# host_state: evidence only, by builtins; what the kernel does not say is left out.
host_state() {
	{ [ -r /proc/uptime ] && [ -r /proc/loadavg ]; } || lacks "/proc is not mounted"
	echo "--"
	read -r host_up _ </proc/uptime
	read -r host_one host_five host_fifteen _ </proc/loadavg
	echo "up_s ${host_up%%.*}"
	echo "load $host_one $host_five $host_fifteen"
	[ ! -r /proc/stat ] || host_processors
	[ ! -r /proc/meminfo ] || host_memory
	host_lease
	timer_all
}

host_processors() {
	host_count=0
	while read -r host_word _; do
		case $host_word in
		cpu[0-9]*) host_count=$((host_count + 1)) ;;
		cpu) ;;
		*) break ;;
		esac
	done </proc/stat
	echo "processors $host_count"
}

host_memory() {
	while read -r host_word host_kib _; do
		case $host_word in
		MemTotal:) echo "memory_kib $host_kib" ;;
		MemAvailable:) echo "available_kib $host_kib" ;;
		esac
	done </proc/meminfo
}

# The lease of this login, where the far end keeps it: the last `held` line without its `free`.
host_lease() {
	host_uid=$(id -u)
	[ "$host_uid" != 0 ] || set -- /run/remedy
	for host_place in "$@" "/run/lock/remedy.$host_uid" "${HOME:-/nonexistent}/.remedy"; do
		[ -d "$host_place" ] || continue
		[ -r "$host_place/host.lease" ] || return 0
		host_held=
		while read -r host_word host_run host_fence host_since host_owner host_end; do
			case "$host_word $host_since $host_end" in
			"held "*" .") host_held="$host_run $host_since $host_owner" host_last=$host_fence ;;
			"free . ") [ "$host_run $host_fence" != "${host_held%% *} $host_last" ] || host_held= ;;
			esac
		done <"$host_place/host.lease"
		[ -z "$host_held" ] || echo "lease $host_held"
		return 0
	done
}
