# shellcheck shell=sh disable=SC2154
# Who writes to a log, and whether it can be told to open it again. Read after logs.sh.

# Let logs_open hold a line ID PID for every descriptor that can write to one of these files (a line each).
logs_writers() {
	logs_open=
	[ -n "$1" ] || return 0
	logs_open=$(
		find -L /proc/[0-9]*/fd -maxdepth 1 -type f -exec stat -L -c '%d:%i %n' {} + 2>/dev/null |
			while read -r logs_id logs_fd; do
				case $logs_nl$1$logs_nl in *"$logs_nl$logs_id$logs_nl"*) ;; *) continue ;; esac
				logs_pid=${logs_fd#/proc/}
				logs_pid=${logs_pid%%/*}
				logs_flags=$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$logs_pid/fdinfo/${logs_fd##*/}" 2>/dev/null)
				case $logs_flags in *[1256]) echo "$logs_id $logs_pid" ;; esac # O_WRONLY or O_RDWR: fcntl.h
			done | sort -u
	)
}

# Does process PID still hold the file ID? One that was started for a moment is gone by now.
logs_holds() {
	case $logs_nl$(find -L "/proc/$1/fd" -maxdepth 1 -type f -exec stat -L -c '%d:%i' {} + 2>/dev/null)$logs_nl in
	*"$logs_nl$2$logs_nl"*) return 0 ;;
	esac
	return 1
}

# The processes among logs_open that write to the file ID.
logs_pids() {
	printf '%s\n' "$logs_open" | while read -r logs_id logs_pid; do
		[ "$logs_id" != "$1" ] || echo "$logs_pid"
	done
}

# Count the living processes that do not show what they hold open.
logs_unseen() {
	for logs_process in /proc/[0-9]*; do
		[ -e "$logs_process/root" ] && continue
		{ IFS= read -r logs_stat <"$logs_process/stat"; } 2>/dev/null || continue
		case ${logs_stat##*) } in [ZX]*) continue ;; esac
		logs_hidden=$((logs_hidden + 1))
	done
}

# Let logs_teller be the process to tell so that process PID opens its log again; fail where there is none.
logs_told_by() {
	logs_mine=$(cat "/proc/$1/cgroup" 2>/dev/null)
	for logs_unit in $logs_units; do
		case $logs_mine$logs_nl in *"/$logs_unit$logs_nl"* | *"/$logs_unit/"*) ;; *) continue ;; esac
		logs_teller=$(systemctl show -p MainPID -- "$logs_unit" 2>/dev/null)
		logs_teller=${logs_teller#MainPID=}
		logs_hears "${logs_teller:-0}" && return
	done
	logs_more=$logs_pid_files
	while [ -n "$logs_more" ]; do
		logs_file=${logs_more%%"$logs_nl"*}
		case $logs_more in *"$logs_nl"*) logs_more=${logs_more#*"$logs_nl"} ;; *) logs_more= ;; esac
		logs_teller=
		{ read -r logs_teller <"$logs_file"; } 2>/dev/null
		case $logs_teller in "" | *[!0-9]*) continue ;; esac
		logs_descends "$1" "$logs_teller" && logs_hears "$logs_teller" && return
	done
	return 1
}

# Does the process catch our signal? One that does not would be ended by it.
logs_hears() {
	logs_caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
	[ -n "$logs_caught" ] || return 1
	logs_caught=$((0x${logs_caught#????????????}))
	case $logs_signal in # their numbers on Linux: signal(7)
	HUP) [ $((logs_caught & 1)) -ne 0 ] ;;
	USR1) [ $((logs_caught & 512)) -ne 0 ] ;;
	USR2) [ $((logs_caught & 2048)) -ne 0 ] ;;
	*) return 1 ;;
	esac
}

# Is process PID the process ROOT, or started by it (five levels up)?
logs_descends() {
	logs_up=$1
	for _ in 1 2 3 4 5 6; do
		[ "$logs_up" != "$2" ] || return 0
		logs_up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$logs_up/status" 2>/dev/null)
		case $logs_up in "" | 0 | 1) return 1 ;; esac
	done
	return 1
}
