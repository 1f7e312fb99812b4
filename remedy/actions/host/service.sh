# shellcheck shell=sh
# shellcheck disable=SC2154 # restarts_counted is set in restarts.sh
# systemd units: what they are doing, and starting them again.

# service_look UNIT SINCE BUDGET
#   SINCE is seconds since 1970; BUDGET is how many restarts of ours since then are one too many.
# Ground: what the unit is, which run of it, and whether the budget of restarts is spent.
service_look() {
	service_show "$1"
	restarts_count "$1" "$2"
	echo "state $service_state"
	echo "load $service_load"
	echo "invocation $service_invocation"
	if [ "$restarts_counted" -ge "$3" ]; then echo "budget spent"; else echo "budget left"; fi
	echo "--"
	echo "sub $service_sub"
	echo "result $service_result"
	echo "main_pid $service_pid"
	echo "automatic_restarts $service_automatic"
	echo "our_restarts $restarts_counted"
}

# The state alone, for waiting.
service_is() {
	service_show "$1"
	printf 'state %s\n--\nsub %s\n' "$service_state" "$service_sub"
}

# Set service_* to what systemd says of UNIT. A unit that changes by itself is `moving`, whichever run it is.
service_show() {
	[ -d /run/systemd/system ] || lacks "systemd does not run here"
	need systemctl stat
	service_properties=LoadState,ActiveState,SubState,MainPID,InvocationID,NRestarts,Result
	service_said=$(systemctl show -p "$service_properties" -- "$1") || give_up "systemd does not answer"
	service_load=$(service_property LoadState unknown)
	service_state=$(service_property ActiveState unknown)
	service_sub=$(service_property SubState unknown)
	service_pid=$(service_property MainPID 0)
	service_invocation=$(service_property InvocationID none)
	service_automatic=$(service_property NRestarts 0)
	service_result=$(service_property Result unknown)
	case $service_state in
	activating | deactivating | reloading | maintenance) service_state=moving service_invocation=moving ;;
	esac
}

# service_property NAME DEFAULT
service_property() {
	service_value=${service_said#*"$1="}
	[ "$service_value" != "$service_said" ] || service_value=
	service_value=${service_value%%"
"*}
	echo "${service_value:-$2}"
}

# service_restart UNIT: write it down, restart, and print which run of the unit this is now.
service_restart() {
	service_show "$1"
	restarts_write_down "$1"
	[ "$service_state" != failed ] || systemctl reset-failed -- "$1" >&2 # or its start limit may refuse
	systemctl restart -- "$1" >&2 || give_up "systemd could not restart $1: $(service_show "$1" && echo "$service_result")"
	service_show "$1"
	echo "$service_invocation"
}
