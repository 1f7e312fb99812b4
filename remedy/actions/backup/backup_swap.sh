# shellcheck shell=sh
# The swap of two databases by their names: renames that are one transaction, so that it is done or it is not.

# What both swaps begin with: the names, and that this is the very server.
backup_swap_begin="
SET client_min_messages = warning;
SELECT set_config('remedy.name', :'name', false) AS a, set_config('remedy.live', :'live', false) AS b,
	set_config('remedy.kept', :'kept', false) AS c, set_config('remedy.other', :'other', false) AS d,
	set_config('remedy.said', :'said', false) AS e, set_config('remedy.source', :'source', false) AS f \\gset
CREATE FUNCTION pg_temp.of_name(name text) RETURNS oid LANGUAGE sql AS 'SELECT oid FROM pg_database WHERE datname = name';
CREATE FUNCTION pg_temp.is_marked(which oid) RETURNS boolean LANGUAGE sql AS
	'SELECT coalesce(shobj_description(which, ''pg_database''), '''') = current_setting(''remedy.said'')';
CREATE FUNCTION pg_temp.rename(name text, becomes text) RETURNS void LANGUAGE plpgsql AS '
BEGIN
	FOR try IN 1..8 LOOP
		PERFORM pg_stat_clear_snapshot();
		PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = name AND pid <> pg_backend_pid();
		BEGIN
			EXECUTE format(''ALTER DATABASE %I RENAME TO %I'', name, becomes);
			RETURN;
		EXCEPTION WHEN object_in_use THEN
			IF try = 8 THEN RAISE; END IF;
		END;
	END LOOP;
END';
"

# backup_restore_swap PLACE... DATABASE LIVE_OID KEPT NAME SHA256 SOURCE: end the sessions of the database, rename it to
# KEPT, and what was restored to it, all or nothing. Done already, it does nothing.
backup_restore_swap() {
	backup_reach "$@"
	shift 7
	pg_writes 60
	backup_psql postgres -v name="$1" -v live="$2" -v kept="$3" -v other="${1}_remedy_scratch" -v said="remedy: $4 $5" \
		-v source="$6" <<-SQL >&2 || give_up "the swap was not done; the database is as it was"
		$backup_swap_begin
		DO \$\$
		DECLARE
			live oid := nullif(current_setting('remedy.live'), 'none')::oid;
			name text := current_setting('remedy.name');
			kept text := current_setting('remedy.kept');
			made oid := pg_temp.of_name(current_setting('remedy.other'));
			there oid := pg_temp.of_name(name);
		BEGIN
			IF pg_is_in_recovery() OR (SELECT system_identifier::text FROM pg_control_system()) <> current_setting('remedy.source')
				THEN RAISE EXCEPTION 'it is another server now, or a replica'; END IF;
			IF there IS NOT NULL AND pg_temp.is_marked(there) AND made IS NULL
				AND pg_temp.of_name(kept) IS NOT DISTINCT FROM live THEN RETURN; END IF;
			IF there IS DISTINCT FROM live THEN RAISE EXCEPTION 'the database is another one now'; END IF;
			IF made IS NULL OR NOT pg_temp.is_marked(made) THEN RAISE EXCEPTION 'nothing was restored and compared'; END IF;
			IF live IS NOT NULL THEN PERFORM pg_temp.rename(name, kept); END IF;
			PERFORM pg_temp.rename(current_setting('remedy.other'), name);
		END \$\$;
	SQL
	echo "swapped"
}

# backup_restore_back PLACE... DATABASE LIVE_OID KEPT NAME SHA256 SOURCE ASIDE: the other way; what was restored is kept as
# ASIDE.
backup_restore_back() {
	backup_reach "$@"
	shift 7
	pg_writes 60
	backup_psql postgres -v name="$1" -v live="$2" -v kept="$3" -v other="$7" -v said="remedy: $4 $5" \
		-v source="$6" <<-SQL >&2 || give_up "the database was not swapped back; it is as it was"
		$backup_swap_begin
		DO \$\$
		DECLARE
			live oid := nullif(current_setting('remedy.live'), 'none')::oid;
			name text := current_setting('remedy.name');
			kept text := current_setting('remedy.kept');
			there oid := pg_temp.of_name(name);
		BEGIN
			IF pg_is_in_recovery() OR (SELECT system_identifier::text FROM pg_control_system()) <> current_setting('remedy.source')
				THEN RAISE EXCEPTION 'it is another server now, or a replica'; END IF;
			IF there IS NOT DISTINCT FROM live THEN RETURN; END IF;
			IF pg_temp.of_name(kept) IS DISTINCT FROM live THEN RAISE EXCEPTION 'what was kept is gone'; END IF;
			IF there IS NOT NULL THEN
				IF NOT pg_temp.is_marked(there) THEN RAISE EXCEPTION 'the database is another one now'; END IF;
				PERFORM pg_temp.rename(name, current_setting('remedy.other'));
			END IF;
			IF live IS NOT NULL THEN PERFORM pg_temp.rename(kept, name); END IF;
		END \$\$;
	SQL
	echo "swapped back"
}
