# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in pg_reach.sh and pg_sessions.sh
# Tables of PostgreSQL vacuumed, one after another, and nobody kept from them meanwhile.

# pg_sql_tables: print how every statement about them begins: the tables of this database that may be due, with a name for people. `stale` is
# how many rows are dead, or were changed since the table was analysed; `busy` is that somebody is at it already.
pg_sql_tables() {
	cat <<-'END'
		with names as (select unnest(string_to_array(nullif(:'names', ''), E'\n')) as name), tables as (
			select s.relid as oid, translate(s.schemaname || '.' || s.relname, E'\t\n\r', '   ') as label,
				s.n_dead_tup as dead, s.n_live_tup as live,
				case when :'what' = 'analyze' then s.n_mod_since_analyze else s.n_dead_tup end as stale,
				case when :'what' = 'analyze' then greatest(last_analyze, last_autoanalyze)
					else greatest(last_vacuum, last_autovacuum) end as last_at,
				pg_has_role(c.relowner, 'usage') or pg_has_role((select datdba from pg_database where datname = current_database()),
					'usage') as ours,
				exists (select from pg_stat_progress_vacuum p where p.relid = s.relid) as busy
			from pg_stat_user_tables s join pg_class c on c.oid = s.relid
			where c.relkind in ('r', 'm') and c.relpersistence <> 't' and (not exists (select from names) or exists (
				select from names where name = s.schemaname || '.' || s.relname or name = s.relname and pg_table_is_visible(c.oid)))
		), due as (
			select * from tables where not busy and stale >= :'least'::bigint and stale > 0 and stale * 10000 > (dead + live) * :'share'::int
		)
	END
}

# pg_sql_held: print the transactions that have begun before :'since' and keep rows of this database from being removed, the oldest
# first: sessions, what is prepared and not committed, and replicas that ask for it.
pg_sql_held() {
	cat <<-'END'
		with held as (
			select 'session' as kind, pid::text as id, xact_start as begun, coalesce(usename, backend_type) as by
			from pg_stat_activity where (backend_xmin is not null or backend_xid is not null) and pid <> pg_backend_pid()
				and (datname = current_database() or datname is null) and backend_type <> 'autovacuum worker'
				and pid not in (select pid from pg_stat_progress_vacuum)
			union all select 'prepared', translate(gid, E' \t\n\r', '____'), prepared, owner from pg_prepared_xacts where database = current_database()
		), holding as (select * from held where begun < to_timestamp(:'since'::bigint) and :'what' = 'vacuum' order by begun limit 1)
	END
}

# pg_vacuum_look PLACE (seven arguments) WHAT SHARE LEAST SINCE NAMES
#   WHAT: `vacuum` or `analyze`; SHARE: hundredths of a percent of the rows, and LEAST: rows, that must be stale; SINCE: when a transaction
#   that keeps rows has begun too long ago; NAMES: the tables, a line each; "" for all.
# Ground: which cluster, what holds dead rows, which of NAMES are not there, which are due and another role's, and those that are due.
# Evidence: what each table holds.
pg_vacuum_look() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_ask -v what="$8" -v share="$9" -v least="${10}" -v since="${11}" -v names="${12}" <<-END
		$pg_sql_sees
		$pg_sql_ground
		select 'version ' || case when current_setting('server_version_num')::int >= 120000 then 'ok' else 'old' end;
		$(pg_sql_held)
		select 'held ' || coalesce((select kind || ' ' || id || ' ' || extract(epoch from begun)::bigint from holding), 'none');
		$(pg_sql_tables)
		select 'missing ' || count(*) || ' ' || coalesce(string_agg(name, ', ' order by name), '') from names where not exists (
			select from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm')
				and (name = nspname || '.' || relname or name = relname and pg_table_is_visible(c.oid)));
		$(pg_sql_tables)
		select 'foreign ' || count(*) || ' ' || coalesce(string_agg(label, ', ' order by label), '') from due where not ours;
		$(pg_sql_tables)
		select 'item ' || label || E'\t' || oid from due where ours order by stale desc, oid;
		select '--';
		$(pg_sql_held)
		select 'holds ' || by || ' since ' || date_trunc('second', begun at time zone 'UTC') from holding;
		select 'slot ' || slot_name || E'\t' || age(xmin) from pg_replication_slots where xmin is not null;
		$(pg_sql_tables)
		select 'table ' || oid || E'\t' || stale || E'\t' || dead + live || E'\t' || pg_table_size(oid) || E'\t'
			|| coalesce(extract(epoch from last_at)::bigint::text, 'never') || E'\t' || busy || E'\t' || label
		from tables order by stale desc limit 50;
	END
	pg_must_see
	printf '%s\n' "$pg_said"
}

# pg_vacuum PLACE (seven arguments) SYSTEM WHAT SECONDS: vacuum or analyse the listed tables of that cluster.
#   Items: NAME <tab> OID. Nobody is waited for, and nobody waits: a table that somebody has locked is left out, none is made
#   shorter at its end, and each ends after SECONDS, at the pace of the server's own vacuum.
pg_vacuum() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_left='' pg_tab='	'
	pg_writes "${10}"
	PGOPTIONS="$PGOPTIONS -c vacuum_cost_delay=2"
	case $9 in
	vacuum) pg_verb='vacuum (analyze, skip_locked, truncate false)' ;;
	*) pg_verb='analyze (skip_locked)' ;;
	esac
	while IFS= read -r pg_item; do
		case ${pg_item##*"$pg_tab"} in "" | *[!0-9]*) give_up "an item that is no table: $pg_item" ;; esac
		pg_vacuum_one "${pg_item##*"$pg_tab"}" "$8" "$9"
		case $pg_said in
		*other*) give_up "it is another PostgreSQL by now; nothing was done" ;;
		*skipped*) pg_left="$pg_left${pg_left:+, }${pg_item%"$pg_tab"*}" ;;
		esac
	done
	[ -z "$pg_left" ] || give_up "left out, for somebody holds a lock on it: $pg_left"
}

# pg_vacuum_one OID SYSTEM WHAT: one table. Set pg_said to `other`, `skipped`, or nothing. Before version 15 the server counts a moment later.
pg_vacuum_one() {
	pg_ask -v oid="$1" -v system="$2" -v what="$3" -v verb="$pg_verb" <<-'END'
		select clock_timestamp() as begun, system_identifier::text = :'system' as same from pg_control_system() \gset
		select 'other' where not :'same';
		select format('%s %I.%I', :'verb', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
			where c.oid = :'oid'::oid and :'same' \gexec
		select from pg_sleep(1) where current_setting('server_version_num')::int < 150000;
		select 'skipped' from pg_stat_user_tables where relid = :'oid'::oid and :'same'
			and coalesce(case when :'what' = 'analyze' then greatest(last_analyze, last_autoanalyze)
				else greatest(last_vacuum, last_autovacuum) end, '-infinity') < :'begun'::timestamptz;
	END
}
