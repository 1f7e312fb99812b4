# shellcheck shell=sh
# Restarts by remedy, written down on the host, so that a thing that needs restarting too often gets a person.

# Where they are written down; it goes with the next boot. The far end's own directories, in its order.
restarts_ledger() {
	restarts_uid=$(id -u)
	[ "$restarts_uid" != 0 ] || set -- /run/remedy
	for restarts_place in "$@" "/run/lock/remedy.$restarts_uid" "${HOME:-/nonexistent}/.remedy"; do
		if [ -d "$restarts_place" ] && [ -w "$restarts_place" ] &&
			[ "$(stat -c %u:%F "$restarts_place")" = "$restarts_uid:directory" ]; then
			echo "$restarts_place/restarts"
			return
		fi
	done
	return 1
}

# restarts_count NAME SINCE: set restarts_counted to how often we restarted NAME since a time.
restarts_count() {
	restarts_counted=0
	restarts_book=$(restarts_ledger) && [ -r "$restarts_book" ] || return 0
	while read -r restarts_at restarts_name; do
		case $restarts_at in "" | *[!0-9]*) continue ;; esac
		[ "$restarts_name" = "$1" ] && [ "$restarts_at" -ge "$2" ] && restarts_counted=$((restarts_counted + 1))
	done <"$restarts_book"
	return 0
}

# restarts_write_down NAME: before the restart, or there is none.
restarts_write_down() {
	restarts_book=$(restarts_ledger) || give_up "there is no private directory to write the restart down in; nothing was done"
	echo "$(date +%s) $1" >>"$restarts_book" || give_up "the restart cannot be written down; nothing was done"
}
