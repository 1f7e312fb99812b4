# shellcheck shell=sh
# Looks at TCP ports: what listens here, and what can be reached from here.

# net_listening PORT: does anything on this host listen on PORT?
net_listening() {
	[ -r /proc/net/tcp ] || lacks "/proc/net/tcp is not there"
	net_port=$(printf ':%04X' "$1")
	net_found=
	for net_table in /proc/net/tcp /proc/net/tcp6; do
		[ -r "$net_table" ] || continue
		while read -r _ net_local _ net_state _; do
			case $net_local:$net_state in
			*"$net_port:0A") net_found="$net_found ${net_local%:*}" ;; # 0A is TCP_LISTEN in the kernel's tcp_states.h
			esac
		done <"$net_table"
	done
	if [ -n "$net_found" ]; then echo "port open"; else echo "port closed"; fi
	printf -- '--\nlistens%s\n' "${net_found:- nowhere}"
}

# net_reachable ADDRESS PORT SECONDS: does ADDRESS accept a connection to PORT from here?
net_reachable() {
	need timeout
	net_error=$(net_connect "$1" "$2" "$3" 2>&1 </dev/null)
	net_rc=$?
	[ "$net_rc" -ne 3 ] || lacks "$net_error"
	if [ "$net_rc" -eq 0 ]; then echo "port open"; else echo "port closed"; fi
	echo "--"
	case $net_rc in
	0) echo "reached yes" ;;
	124 | 143) echo "reached no answer within $3 s" ;;
	*) echo "reached refused or no route" ;;
	esac
}

net_connect() {
	if command -v bash >/dev/null 2>&1; then
		# shellcheck disable=SC2016 # bash's own words
		timeout "$3" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2"
		return
	fi
	net_nc=$(command -v nc || command -v busybox) || lacks "neither bash nor nc is installed"
	case $net_nc in */busybox) set -- "$@" nc ;; esac
	case $("$net_nc" ${4:+"$4"} --help 2>&1) in
	*BusyBox*) timeout "$3" "$net_nc" ${4:+"$4"} "$1" "$2" -e true ;; # it knows no -z
	*) timeout "$3" "$net_nc" -z "$1" "$2" ;;
	esac
}
