# shellcheck shell=sh
# shellcheck disable=SC2154 # what pg_reach.sh sets
# A table gone, on purpose: it is renamed, and undo renames it back.

# fault_database_look PLACE... SCHEMA TABLE
# Ground: the server, the database by its number, the table, and whether we have taken it away already.
fault_database_look() {
	pg_place "$@"
	shift 7
	[ -z "$pg_state" ] || pg_stop
	pg_ask -v schema="$1" -v table="$2" -v copy="remedy_fault_$2" <<-SQL
		$pg_sql_ground
		SELECT 'database ' || oid FROM pg_database WHERE datname = current_database();
		SELECT 'table ' || coalesce(to_regclass(format('%I.%I', :'schema', :'table'))::oid::text, 'none');
		SELECT 'ours ' || coalesce(to_regclass(format('%I.%I', :'schema', :'copy'))::oid::text, 'none');
	SQL
	printf '%s\n--\n' "$pg_said"
}

# fault_database_take PLACE... SYSTEM SCHEMA TABLE OID: take the table away, if it is still this one.
fault_database_take() {
	fault_database_rename "$@" "${10}" "remedy_fault_${10}"
}

# fault_database_back PLACE... SYSTEM SCHEMA TABLE OID: give the table its name back; where it is not ours, or not there, nothing is done.
fault_database_back() {
	fault_database_rename "$@" "remedy_fault_${10}" "${10}"
}

# fault_database_rename PLACE... SYSTEM SCHEMA TABLE OID WAS BECOMES
fault_database_rename() {
	pg_place "$@"
	shift 7
	[ -z "$pg_state" ] || pg_stop
	pg_writes 30
	pg_ask -v system="$1" -v schema="$2" -v oid="$4" -v was="$5" -v becomes="$6" <<-'SQL'
		SELECT format('ALTER TABLE %I.%I RENAME TO %I', :'schema', :'was', :'becomes') FROM pg_control_system()
		WHERE system_identifier::text = :'system' AND to_regclass(format('%I.%I', :'schema', :'was'))::oid::text = :'oid'
			AND to_regclass(format('%I.%I', :'schema', :'becomes')) IS NULL \gexec
	SQL
}
