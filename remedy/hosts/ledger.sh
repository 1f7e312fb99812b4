# shellcheck shell=sh disable=SC2154 # they share the variables of runner.sh
# The far end's ledger: who may change this host, and which changes were begun and ended.
#
# host.lease is a log; the last whole `held RUN FENCE SINCE OWNER .` without its `free RUN FENCE .`
# is the lease. host.lock is locked while a runner that holds the lease lives. receipts.RUN has
# `start ID .` and `end ID RC .`. Every record is one write that begins with a newline, so that a
# record cut off by a full disk spoils no other; a line without its dot does not count.

# Enter the private directory of the ledger, making it if need be; far_why says why not.
far_open_state() {
	far_why="no directory for the lease can be written"
	[ -n "$far_state" ] || return 1
	[ -d "$far_state" ] || mkdir "$far_state" || [ -d "$far_state" ] || return 1 # another may just have made it
	far_why="$far_state is a link, belongs to somebody else, or is open to others"
	# shellcheck disable=SC2012,SC2046 # only its mode and owner are read, and they come before the name
	set -- $(ls -ldn "$far_state")
	case "$1 $3" in "drwx------"*" $far_uid") ;; *) return 1 ;; esac
}

# far_append FILE RECORD
far_append() { far_print "$far_nl$2 .$far_nl" >>"$far_state/$1"; }

# far_lease_run (empty: free), far_lease_fence, far_lease_since, far_lease_owner, far_last_fence
far_read_lease() {
	far_lease_run='' far_lease_fence=0 far_last_fence=0 far_lease_records=0
	[ -r "$far_state/host.lease" ] || return 0
	while read -r far_kind far_a far_b far_c far_d far_e far_rest; do
		case "$far_kind $far_e$far_rest $far_c$far_d$far_e$far_rest" in
		"held . "*)
			far_lease_run=$far_a far_lease_fence=$far_b far_lease_since=$far_c far_lease_owner=$far_d
			far_last_fence=$far_b
			;;
		"free  .") [ "$far_a $far_b" != "$far_lease_run $far_lease_fence" ] || far_lease_run= ;;
		esac
		far_lease_records=$((far_lease_records + 1))
	done <"$far_state/host.lease"
}

# Take the lock for this session. Otherwise far_why says what is wrong, or nothing: it is held.
far_lock() {
	[ -z "$far_locked" ] || return 0
	far_why="flock is not installed"
	command -v flock >/dev/null || return 1
	far_open_state || return 1
	far_why="$far_state/host.lock cannot be locked"
	(: >>"$far_state/host.lock") || return 1
	exec 9>>"$far_state/host.lock"
	flock -n 0 <&9 && far_locked=1 && return 0
	[ "$?" -ne 1 ] || far_why=''
	exec 9>&-
	return 1
}

far_unlock_file() {
	far_locked=
	exec 9>&-
}

# far_lease RUN OWNER WAIT SECONDS LIMIT FAMILY...
far_lease() {
	[ -z "$far_grouping" ] || far_prefer_timeout # there is more to come: worth a process to find out
	far_waited=0
	until far_lock; do
		[ -z "$far_why" ] || break
		far_read_lease
		case $far_lease_run in
		"$1") [ "$far_waited" -lt "$3" ] || break ;;
		"") [ "$far_waited" -lt 5 ] || break ;; # somebody is just taking it, or giving it back
		*) break ;;
		esac
		sleep 1
		far_waited=$((far_waited + 1))
	done
	if [ -n "$far_locked" ]; then
		far_read_lease
		case $far_lease_run in
		"" | "$1") far_take_lease "$@" && return ;;
		*) far_why='' ;;
		esac
		far_unlock_file
	fi
	far_no_lease
}

far_no_lease() {
	if [ -n "$far_why" ]; then
		far_frame refused "$far_why"
	else
		far_frame "busy ${far_lease_run:--} $far_lease_fence ${far_lease_since:-0} ${far_lease_owner:--}"
	fi
}

# Fences grow across restarts of the host too, whose /run is empty: they are never below its clock.
far_take_lease() {
	far_tidy
	far_fence=$((far_last_fence + 1))
	[ "$far_fence" -ge "$far_now" ] || far_fence=$far_now
	far_why="the lease cannot be written to $far_state"
	far_append host.lease "held $1 $far_fence $far_now $2" || return 1
	far_read_lease
	[ "$far_lease_run $far_lease_fence" = "$1 $far_fence" ] || return 1
	far_frame "held $far_fence"
	shift 3
	far_looks "$@"
	return 0
}

# Keep the ledger small: the log of leases, and receipts that are a month old.
far_tidy() {
	[ "$far_lease_records" -gt 60 ] || return 0
	far_log="held ${far_lease_run:--} $far_last_fence $far_now - .$far_nl"
	[ -n "$far_lease_run" ] || far_log="${far_log}free - $far_last_fence .$far_nl"
	far_print "$far_log" >"$far_state/host.lease.new" && mv -f "$far_state/host.lease.new" "$far_state/host.lease"
	find "$far_state" -name 'receipts.*' -mtime +30 -exec rm -f {} +
}

far_release() {
	far_why=''
	far_read_lease
	if [ "$far_lease_run" = "$1" ]; then
		if ! far_lock; then
			far_no_lease
		elif ! far_append host.lease "free $1 $far_lease_fence"; then
			far_frame refused "the lease cannot be written to $far_state"
		fi
	fi
	[ -z "$far_locked" ] || far_unlock_file
}

# far_unlock OWNER: a lease whose owner or run is exactly that.
far_unlock() {
	far_why=''
	far_read_lease
	if [ -z "$far_lease_run" ]; then
		far_frame free
	elif [ "$1" != "$far_lease_run" ] && [ "$1" != "$far_lease_owner" ]; then
		far_no_lease
	elif far_append host.lease "free $far_lease_run $far_lease_fence"; then
		far_frame freed
	else
		far_frame refused "the lease cannot be written to $far_state"
	fi
}

far_receipts() {
	far_frame receipts
	[ ! -r "$far_state/receipts.$1" ] || cat "$far_state/receipts.$1"
}
