# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is not set here is set in pg_reach.sh; what is set here is used in the files after it
# The sessions of a PostgreSQL, as every statement about them begins.

# pg_sql_sessions: print it. Clients but ourselves: no replication, no autovacuum, none of the server's own. `began` and `since` are
# microseconds since 1970: when the session began, and its active query or else its state. `said` is the query in one line without
# its strings, numbers, quoted names and comments; PostgreSQL cuts long ones, so what is never closed ends at the end.
pg_sql_sessions() {
	cat <<-'END'
		with sessions as (
			select a.pid, coalesce(host(client_addr), 'local') as address, coalesce(r.rolsuper, false) as super, wait_event_type,
				translate(application_name, E'\t\n\r', '   ') as application,
				translate(coalesce(usename, '-'), E'\t\n\r', '   ') as login, translate(coalesce(datname, '-'), E'\t\n\r', '   ') as db,
				case when state in ('active', 'idle') then state
					when state like 'idle in transaction%' then 'idle-in-transaction' else 'other' end as kind,
				(extract(epoch from backend_start) * 1000000)::bigint as began,
				(extract(epoch from case when state = 'active' then query_start else state_change end) * 1000000)::bigint as since,
				left(regexp_replace(translate(regexp_replace(query,
					$re$"(""|[^"])*("|$)|[eE]'(\\.|''|[^\\'])*('|$)|'(''|[^'])*('|$)|\$([A-Za-z_]\w*)?\$.*$re$
					|| $re$|--[^\n]*|/\*([^*]|\*+[^*/])*(\*+/|$)|\m[0-9][0-9.]*$re$, '?', 'g'),
					E'\t\n\r', '   '), ' +', ' ', 'g'), 200) as said
			from pg_stat_activity a left join pg_roles r on r.oid = a.usesysid
			where backend_type = 'client backend' and pid <> pg_backend_pid()
		)
	END
}

# What is said first to a role that may not see the others.
pg_sql_sees="select 'sees no' where not pg_has_role(current_user, 'pg_read_all_stats', 'usage');"

# pg_must_see: end the look where the answer begins with that.
pg_must_see() {
	case $pg_said in
	"sees no"*) lacks "the role $PGUSER of $pg_where does not see the sessions of others: it needs pg_read_all_stats" ;;
	esac
}
