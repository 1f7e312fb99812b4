# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # service_* are set in compose_one.sh; what is set here is used in the files after it
# One PostgreSQL, as psql reaches it: in a container of a Compose service, or the host's own.
#
# The place is seven arguments, which every function of PostgreSQL takes first: PROJECT SERVICE HOST PORT USER DATABASE PASSWORD.
# PROJECT "" means the host's own; HOST is an address or the directory of the socket, "" the usual one.
# A statement is text that is shipped, read by psql from standard input; a value is a variable of psql, written :'NAME' there, and
# passed by `-v NAME=VALUE`. Which database and whom travels in the environment: psql would read `-d host=x` as another server.

# What every question may begin with: which cluster this is, whether it follows another one, and which database.
pg_sql_ground="select 'system ' || (select system_identifier from pg_control_system());
select 'role ' || case when pg_is_in_recovery() then 'standby' else 'primary' end;
"

# pg_place PROJECT SERVICE HOST PORT USER DATABASE PASSWORD: from here on that one is meant. Set pg_state to `absent` or `down`, and
# pg_why, where it cannot be reached at all; else pg_state is "". pg_where names the place for people.
pg_place() {
	unset PGHOSTADDR PGSERVICE PGSERVICEFILE PGPASSFILE PGCLUSTER PGTARGETSESSIONATTRS PGPASSWORD
	PGHOST=$3 PGPORT=$4 PGUSER=$5 PGDATABASE=$6 PGCONNECT_TIMEOUT=5 PGAPPNAME=remedy PGCLIENTENCODING=UTF8
	export PGHOST PGPORT PGUSER PGDATABASE PGCONNECT_TIMEOUT PGAPPNAME PGCLIENTENCODING
	if [ -n "$7" ]; then
		PGPASSWORD=$7
		export PGPASSWORD # the container's psql is given it by name, never by value
	fi
	pg_reads 10
	pg_state='' pg_why='' pg_said='' pg_container='' pg_as=''
	if [ -n "$1" ]; then
		pg_where="$2 of $1"
		service_container "$1" "$2"
		case $service_state in
		running) pg_container=$service_id ;;
		"") pg_state=absent pg_why="no container here is of service $2 of $1" ;;
		*) pg_state=down pg_why="its container is $service_state" ;;
		esac
		return 0
	fi
	pg_where="this host"
	if ! command -v psql >/dev/null 2>&1; then
		pg_state=absent pg_why="psql is not installed"
	fi
	case $3 in "" | /*) [ "$(id -u)" -ne 0 ] || pg_become ;; esac
}

# pg_become: by a socket the cluster asks who we are; set pg_as to how root becomes the user postgres, where there is one.
pg_become() {
	id -u postgres >/dev/null 2>&1 || return 0
	if setpriv --reuid=postgres --regid=postgres --init-groups true 2>/dev/null; then
		pg_as=setpriv # not busybox's, which cannot
	elif command -v runuser >/dev/null 2>&1; then
		pg_as=runuser
	elif command -v su >/dev/null 2>&1; then
		pg_as=su
	fi
}

# pg_reads SECONDS: what is asked from here on only reads, and each statement ends after SECONDS.
pg_reads() {
	PGOPTIONS="-c statement_timeout=${1}s -c lock_timeout=5s -c client_min_messages=error -c default_transaction_read_only=on"
	export PGOPTIONS
}

# pg_writes SECONDS: what is asked from here on may write; each statement ends after SECONDS, 0 for never.
pg_writes() {
	PGOPTIONS="-c statement_timeout=${1}s -c lock_timeout=5s -c client_min_messages=error"
	export PGOPTIONS
}

# pg_run PROGRAM ARG...: a program of PostgreSQL where the place is; its input and output are ours, its exit code is returned.
pg_run() {
	if [ -n "$pg_container" ]; then
		docker exec -i -u postgres -e PGHOST -e PGPORT -e PGUSER -e PGDATABASE -e PGPASSWORD -e PGOPTIONS -e PGCONNECT_TIMEOUT \
			-e PGAPPNAME -e PGCLIENTENCODING -e LC_ALL=C "$pg_container" "$@"
		return
	fi
	case $pg_as in
	setpriv) setpriv --reuid=postgres --regid=postgres --init-groups -- "$@" ;;
	runuser) runuser -u postgres -- "$@" ;;
	su) su -s /bin/sh -c 'exec "$@"' -- postgres sh "$@" ;;
	*) "$@" ;;
	esac
}

# pg_try ARG... <SQL: set pg_said to what psql prints, columns split by a space; each line must begin with a word of ours.
# Set pg_state to `ok`, and on failure to
#   absent    no psql there, no such service      down      nothing accepts        starting  starting up, ending, in crash recovery
#   auth      the login is refused                missing   no such database       full      no connection is left
#   refused   another refusal of the connection   error     a statement failed
# with pg_why: a line. Ends 0 when ok. Never asked twice: a statement may have acted.
pg_try() {
	[ -z "$pg_state" ] || [ "$pg_state" = ok ] || return 1
	pg_said=$(pg_run psql -X -A -t -q -w -F ' ' -v ON_ERROR_STOP=1 "$@" 2>&1)
	pg_rc=$?
	if [ "$pg_rc" -eq 0 ]; then
		pg_state=ok
		case $pg_said in # of a connection, before client_min_messages holds
		*"WARNING: "*) pg_said=$(printf '%s\n' "$pg_said" | grep -Ev '^(WARNING|DETAIL|HINT): ') ;;
		esac
		return 0
	fi
	pg_why=$(printf '%s\n' "$pg_said" | grep -E 'ERROR: |FATAL: |rror: |failed' | head -n 1)
	[ -n "$pg_why" ] || pg_why=${pg_said%%"
"*}
	pg_why=${pg_why#psql: error: }
	case $pg_rc in
	126 | 127) pg_state=absent pg_why="psql is not installed in $pg_where" ;;
	2) pg_state_of_refusal ;;
	*) pg_state=error ;;
	esac
	return 1
}

# pg_state_of_refusal: set pg_state from what psql said of a connection; in another language than English, from pg_isready.
pg_state_of_refusal() {
	case $pg_said in
	*"database \""*"\" does not exist"*) pg_state=missing ;;
	*"authentication failed"* | *"no password supplied"* | *"no pg_hba.conf entry"* | *"role \""*"\" does not exist"* | *"not permitted to log in"*)
		pg_state=auth
		;;
	*"too many clients"* | *"connection slots are reserved"* | *"too many connections for"*) pg_state=full ;;
	*"is starting up"* | *"is shutting down"* | *"in recovery mode"* | *"not yet accepting"*) pg_state=starting ;;
	*"onnection refused"* | *"No such file or directory"* | *"timeout expired"* | *"could not translate host name"*) pg_state=down ;;
	*)
		pg_run pg_isready -q >/dev/null 2>&1 </dev/null
		case $? in
		0) pg_state=refused ;;
		1) pg_state=starting ;;
		*) pg_state=down ;;
		esac
		;;
	esac
}

# pg_ask ARG... <SQL: as pg_try, but ends the look or call where psql cannot answer.
pg_ask() {
	pg_try "$@" && return
	pg_stop
}

# pg_stop: end the look or call with what pg_try found.
pg_stop() {
	case $pg_state in
	absent) lacks "$pg_why" ;;
	auth) lacks "PostgreSQL of $pg_where refuses the login: $pg_why" ;;
	missing) lacks "PostgreSQL of $pg_where has no such database: $pg_why" ;;
	down) give_up "PostgreSQL of $pg_where does not accept connections: $pg_why" ;;
	starting) give_up "PostgreSQL of $pg_where is starting up, ending, or in crash recovery: $pg_why" ;;
	full) give_up "PostgreSQL of $pg_where has no connection left: $pg_why" ;;
	*) give_up "PostgreSQL of $pg_where: $pg_why" ;;
	esac
}
