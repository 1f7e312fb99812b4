# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is not set here is set in pg_reach.sh and fault_marked.sh; PGAPPNAME is exported there
# Faults for drills: sessions of PostgreSQL that hold its connections, or one that holds a query; both end by themselves.

# The program of the shell that holds idle sessions, given SECONDS and COUNT: each reads from a pipe that nobody writes to, and ends with it.
# shellcheck disable=SC2016 # expanded by that shell
fault_idle='sleep "$1" | { exec 3<&0; n=0; while [ "$n" -lt "$2" ]; do psql -X -q -w <&3 >/dev/null 2>&1 & n=$((n + 1)); done; wait; }'

# The program of the shell that holds a query, given SECONDS and SCHEMA.TABLE, or "-" for no table. A value is a variable of psql.
# shellcheck disable=SC2016 # expanded by that shell
fault_slow='lock=; [ "$2" = - ] || lock="lock table :\"schema\".:\"table\" in share mode;"
printf "begin; %s select pg_sleep(:seconds);\n" "$lock" |
	psql -X -q -w -v ON_ERROR_STOP=1 -v seconds="$1" -v schema="${2%%.*}" -v table="${2#*.}" >/dev/null 2>&1; :'

# fault_sessions_look PLACE (seven arguments) MARK NAME
# Ground: the container ("host" for the host's own), whether it can be reached, and whether our shells are there.
# Evidence: how many sessions there are, how many there may be, and how many are ours: of the application NAME.
fault_sessions_look() {
	need grep tail tr sed
	[ -r /proc/self/cmdline ] || lacks "/proc is not mounted"
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	fault_marked "$8"
	fault_sessions_count "$9"
	case $pg_state in absent | auth | missing) pg_stop ;; esac
	printf 'where %s\nstate %s\n' "${pg_container:-host}" "$(case $pg_state in ok | full) echo up ;; *) echo down ;; esac)"
	if [ -n "$fault_pids" ]; then echo "fault there"; else echo "fault none"; fi
	printf '%s\nused %s\nmost %s\nours %s\n' -- "${fault_used:-unknown}" "${fault_most:-unknown}" "${fault_ours:-unknown}"
}

# fault_sessions_count NAME: set fault_used, fault_most and fault_ours; "" where PostgreSQL does not say.
fault_sessions_count() {
	fault_used='' fault_most='' fault_ours=''
	pg_try -v name="$1" <<-'END' || return 0
		select 'sessions ' || count(*) || ' ' || current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
			|| ' ' || count(*) filter (where application_name = :'name')
		from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid();
	END
	read -r _ fault_used fault_most fault_ours <<-END
		$pg_said
	END
}

# fault_sessions_flood PLACE (seven arguments) MARK NAME SECONDS COUNT: open so many idle sessions, but no more than there is room for
# beside what is kept for superusers, and wait until they are there.
fault_sessions_flood() {
	fault_sessions_reach "$@" || return 0
	fault_number=$((fault_most - fault_used))
	[ "$fault_number" -gt 0 ] || give_up "no connection is left to be taken"
	[ "$fault_number" -le "${11}" ] || fault_number=${11}
	fault_sessions_begin "$8" "$9" "$fault_idle" "${10}" "$fault_number"
	fault_sessions_wait "$9" "$((fault_number - 1))" # one may fail, for it is us who ask
}

# fault_sessions_hold PLACE (seven arguments) MARK NAME SECONDS TABLE: have one query run for so long, and wait until it does.
fault_sessions_hold() {
	fault_sessions_reach "$@" || return 0
	fault_sessions_begin "$8" "$9" "$fault_slow" "${10}" "${11}"
	fault_sessions_wait "$9" 1
}

# fault_sessions_reach PLACE (seven arguments) MARK NAME...: count what there is. Ends 1 where our shells are there already.
fault_sessions_reach() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	fault_marked "$8"
	[ -z "$fault_pids" ] || return 1
	fault_sessions_count "$9"
	[ "$pg_state" = ok ] || pg_stop
}

# fault_sessions_begin MARK NAME PROGRAM ARG ARG: begin that shell where the place is, detached from us.
fault_sessions_begin() {
	pg_writes 0
	PGAPPNAME=$2
	fault_mark=$1 fault_program=$3
	shift 3
	set -- sh -c "$fault_program" "$fault_mark" "$@"
	if [ -n "$pg_container" ]; then
		docker exec --detach -u postgres -e PGHOST -e PGPORT -e PGUSER -e PGDATABASE -e PGPASSWORD -e PGOPTIONS -e PGCONNECT_TIMEOUT \
			-e PGAPPNAME -e PGCLIENTENCODING -e LC_ALL=C "$pg_container" "$@" >&2 || give_up "no shell could be started in the container"
	else
		need setsid
		case $pg_as in
		setpriv) set -- setpriv --reuid=postgres --regid=postgres --init-groups -- "$@" ;;
		runuser) set -- runuser -u postgres -- "$@" ;;
		su) set -- su -s /bin/sh -c 'exec "$@"' -- postgres sh "$@" ;;
		esac
		setsid "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	fi
	PGAPPNAME=remedy
	pg_reads 10
}

# fault_sessions_wait NAME COUNT: until so many of ours are there, or no connection is left.
fault_sessions_wait() {
	fault_turns=0
	while [ "$fault_turns" -lt 100 ]; do
		fault_turns=$((fault_turns + 1))
		fault_sessions_count "$1"
		[ "$pg_state" != full ] || return 0
		[ "$pg_state" = ok ] || pg_stop
		[ "$fault_ours" -lt "$2" ] || return 0
		sleep 0.2 2>/dev/null || sleep 1
	done
	give_up "of $2 sessions, only $fault_ours have come"
}

# fault_sessions_end PLACE (seven arguments) MARK NAME: end our shells, and our own sessions that are there still.
fault_sessions_end() {
	fault_end "$8"
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_writes 10
	fault_turns=0
	while [ "$fault_turns" -lt 50 ]; do
		fault_turns=$((fault_turns + 1)) pg_state=${pg_state#full}
		pg_try -v name="$9" <<-'END'
			select 'ended ' || count(pg_terminate_backend(pid)) from pg_stat_activity
			where application_name = :'name' and usename = current_user and pid <> pg_backend_pid();
		END
		case $pg_state,$pg_said in
		"ok,ended 0" | absent,* | down,* | starting,*) break ;; # a server that has ended has ended them, too
		ok,* | full,*) sleep 0.2 2>/dev/null || sleep 1 ;;
		*) pg_stop ;;
		esac
	done
	fault_marked "$8"
	[ -z "$fault_pids" ] || give_up "still there, for another user began them: $fault_pids"
}
