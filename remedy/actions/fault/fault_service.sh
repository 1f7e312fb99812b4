# shellcheck shell=sh
# Faults for drills: a systemd unit that is stopped, or that hangs.

# fault_service_look UNIT
# Ground: whether systemd knows it, and whether it runs, hangs (its main process is stopped) or is down.
fault_service_look() {
	fault_service_show "$1"
	echo "load $fault_load"
	echo "state $fault_state"
	printf '%s\nmain_pid %s\n' -- "$fault_pid"
}

fault_service_show() {
	[ -d /run/systemd/system ] || lacks "systemd does not run here"
	need systemctl
	fault_said=$(systemctl show -p LoadState,ActiveState,MainPID -- "$1") || give_up "systemd does not answer"
	fault_load=unknown fault_active=unknown fault_pid=0
	while IFS='=' read -r fault_key fault_value; do
		case $fault_key in
		LoadState) fault_load=$fault_value ;;
		ActiveState) fault_active=$fault_value ;;
		MainPID) fault_pid=$fault_value ;;
		esac
	done <<-END
		$fault_said
	END
	case $fault_active in
	active) if fault_is_stopped "$fault_pid"; then fault_state=hangs; else fault_state=runs; fi ;;
	inactive | failed) fault_state=down ;;
	*) fault_state=moving ;;
	esac
}

# Whether a process is stopped by a signal: T, the third word after its name in parentheses.
fault_is_stopped() {
	[ "$1" -gt 0 ] || return 1
	{ read -r fault_stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	case ${fault_stat##*) } in T*) return 0 ;; *) return 1 ;; esac
}

# fault_service_do VERB UNIT: stop | start, or STOP | CONT as a signal to every process of it. What is so already stays.
fault_service_do() {
	fault_service_show "$2"
	case $1:$fault_state in
	stop:down | start:runs | start:hangs | STOP:hangs | CONT:runs | CONT:down | CONT:moving) return 0 ;;
	stop:* | start:*) systemctl "$1" -- "$2" >&2 || give_up "systemd could not $1 $2" ;;
	*) systemctl kill --signal="$1" -- "$2" >&2 || give_up "systemd could not send $1 to $2" ;;
	esac
	case $1 in stop) fault_want=down ;; STOP) fault_want=hangs ;; *) fault_want=runs ;; esac
	fault_left=100
	while fault_service_show "$2" && [ "$fault_state" != "$fault_want" ]; do # a signal takes its time
		fault_left=$((fault_left - 1))
		[ "$fault_left" -gt 0 ] || give_up "$2 is $fault_state, not $fault_want, 10 s after $1"
		sleep 0.1
	done
}
