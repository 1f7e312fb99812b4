# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in pg_reach.sh
# What the checks of PostgreSQL ask.

# pg_ready_look PLACE (seven arguments): does it take a login, and answer?
pg_ready_look() {
	pg_place "$@"
	pg_try <<-END
		$pg_sql_ground
		select 'up_for ' || date_trunc('second', now() - pg_postmaster_start_time());
	END
	case $pg_state in
	absent | error) pg_stop ;;
	ok) printf 'state ok\n--\n%s\n' "$pg_said" ;;
	*) printf 'state %s\n--\nwhy %s\n' "$pg_state" "$pg_why" ;;
	esac
}

# pg_connections_look PLACE (seven arguments) LIMIT: are more than LIMIT hundredths of a percent of the connections used?
pg_connections_look() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_try -v limit="$8" <<-END
		$pg_sql_sees
		$(pg_sql_sessions), used as (
			select count(*) as used, current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most
			from sessions
		)
		select 'usage ' || case when used * 10000 > most * :limit then 'above' else 'within' end
			|| E'\n--\nused ' || used || E'\nmost ' || most from used;
		$(pg_sql_sessions)
		select 'kind ' || kind || E'\t' || count(*) || E'\t' || (extract(epoch from now()) - min(since) / 1000000)::bigint
			from sessions group by kind order by count(*) desc;
		$(pg_sql_sessions)
		select 'by ' || count(*) || E'\t' || application || E'\t' || login || E'\t' || address
			from sessions group by application, login, address order by count(*) desc, 1 limit 10;
	END
	pg_must_see
	case $pg_state in
	ok) printf '%s\n' "$pg_said" ;;
	full) printf 'usage above\n--\nfull %s\n' "$pg_why" ;;
	*) pg_stop ;;
	esac
}

# pg_slow_look PLACE (seven arguments) MOST SINCE: are more than MOST queries active since before SINCE?
pg_slow_look() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_ask -v most="$8" -v since="$9" <<-END
		$pg_sql_sees
		$(pg_sql_sessions)
		select 'slow ' || case when count(*) > :most then 'above' else 'within' end || E'\n--\ncount ' || count(*)
			from sessions where kind = 'active' and since < :since * 1000000::bigint;
		$(pg_sql_sessions)
		select 'query ' || pid || E'\t' || greatest(0, (extract(epoch from now()) - since / 1000000))::bigint || E'\t'
			|| login || E'\t' || application || E'\t'
			|| coalesce(nullif(array_to_string(pg_blocking_pids(pid), ','), ''), '-') || E'\t' || left(md5(said), 8) || E'\t' || said
			from sessions where kind = 'active' and since < :since * 1000000::bigint order by since limit 20;
	END
	pg_must_see
	printf '%s\n' "$pg_said"
}
