# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in pg_reach.sh and pg_sessions.sh
# Sessions of PostgreSQL ended, by identity: a process, when its session began, and since when it is as it is.

# pg_sql_chosen: print the sessions of clients that may be ended: by state and age, by whom. A dump is left alone unless it is named.
pg_sql_chosen() {
	cat <<-'END'
		, chosen as (
			select * from sessions
			where (kind = 'idle-in-transaction' and since < nullif(:'in_transaction', '')::bigint * 1000000
				or kind = 'idle' and since < nullif(:'idle', '')::bigint * 1000000
				or kind = 'active' and since < nullif(:'active', '')::bigint * 1000000)
			and (:'application' = '' or application = :'application')
			and (:'login' = '' or login = :'login')
			and (:'of_database' = '' or db = :'of_database')
			and (not super or :'login' = login)
			and application <> 'remedy'
			and (application not in ('pg_dump', 'pg_dumpall', 'pg_restore') or :'application' = application)
		)
	END
}

# pg_terminate_look PLACE (seven arguments) LIMIT IN_TRANSACTION IDLE ACTIVE APPLICATION LOGIN DATABASE
#   LIMIT: hundredths of a percent of the connections that must be exceeded, "" for none; IN_TRANSACTION, IDLE and ACTIVE: as they are
#   since before then, "" for none of that kind; APPLICATION, LOGIN, DATABASE: only theirs, "" for anybody's.
# Ground: which cluster; whether the limit is exceeded; the sessions. Evidence: how many connections; what each session is.
pg_terminate_look() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_ask -v limit="$8" -v in_transaction="$9" -v idle="${10}" -v active="${11}" -v application="${12}" -v login="${13}" \
		-v of_database="${14}" <<-END
			$pg_sql_sees
			$pg_sql_ground
			$(pg_sql_sessions), used as (
				select count(*) as used,
					current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most
				from sessions
			)
			select 'usage ' || case when :'limit' = '' then 'unasked'
				when used * 10000 > most * nullif(:'limit', '')::int then 'above' else 'within' end from used;
			$(pg_sql_sessions) $(pg_sql_chosen)
			select 'item ' || pid || E'\t' || kind || ':' || began || ':' || since from chosen order by since, pid;
			select '--';
			$(pg_sql_sessions)
			select 'used ' || count(*) || ' of ' || current_setting('max_connections')::int
				- current_setting('superuser_reserved_connections')::int from sessions;
			$(pg_sql_sessions) $(pg_sql_chosen)
			select 'session ' || pid || E'\t' || greatest(0, extract(epoch from now()) - since / 1000000)::bigint || E'\t' || login
				|| E'\t' || db || E'\t' || application || E'\t' || address || E'\t'
				|| (select count(*) from sessions w where w.wait_event_type = 'Lock' and c.pid = any (pg_blocking_pids(w.pid)))
				|| E'\t' || said from chosen c order by since, pid limit 50;
		END
	pg_must_see
	printf '%s\n' "$pg_said"
}

# pg_terminate PLACE (seven arguments) SYSTEM CANCEL: end the listed sessions of that cluster that are still the ones listed.
#   Items: PID <tab> KIND:BEGAN:SINCE. With CANCEL `yes`, an active query is first asked to end, and its session only ended where
#   it goes on for three seconds more.
pg_terminate() {
	pg_place "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	pg_system=$8 pg_items='' pg_tab='	'
	while IFS= read -r pg_item; do
		case ${pg_item%%"$pg_tab"*} in "" | *[!0-9]*) give_up "an item that is no session: $pg_item" ;; esac
		pg_items="$pg_items${pg_items:+,}${pg_item%%"$pg_tab"*}:${pg_item#*"$pg_tab"}"
	done
	[ -n "$pg_items" ] || return 0
	if [ "$9" = yes ]; then
		pg_signal cancel 10
	fi
	pg_signal terminate 50
	case $pg_said in
	*left*) give_up "not ended: ${pg_said#*left }" ;;
	esac
}

# pg_signal cancel|terminate TENTHS: ask those that are still there to end, and wait so long. Set pg_said to `left PID...` or nothing.
pg_signal() {
	pg_writes 30
	pg_ask -v items="$pg_items" -v how="$1" -v system="$pg_system" -v tenths="$2" <<-END
		select 'system ' || system_identifier as is_other from pg_control_system() where system_identifier::text <> :'system';
		$(pg_sql_still)
		select 'asked ' || pid from still where system and case when :'how' = 'cancel' then kind = 'active' and pg_cancel_backend(pid)
			else pg_terminate_backend(pid) end;
	END
	case $pg_said in
	system*) give_up "it is another PostgreSQL by now; nothing was done" ;;
	*asked*) ;;
	*) return 0 ;;
	esac
	pg_tries=0
	while [ "$pg_tries" -lt "$2" ]; do
		pg_tries=$((pg_tries + 1))
		pg_ask -v items="$pg_items" -v system="$pg_system" -v how="$1" <<-END
			select from pg_sleep(0.2);
			$(pg_sql_still)
			select 'left ' || string_agg(pid::text, ' ') from still where :'how' <> 'cancel' or kind = 'active' having count(*) > 0;
		END
		case $pg_said in *left*) ;; *) return 0 ;; esac
	done
}

# pg_sql_still: print the listed sessions that are still there and as they were; `system` is whether the cluster is.
pg_sql_still() {
	pg_sql_sessions
	cat <<-'END'
		, still as (
			select s.*, (select system_identifier::text from pg_control_system()) = :'system' as system
			from sessions s join unnest(string_to_array(:'items', ',')) as i on i = concat_ws(':', pid, kind, began, since)
		)
	END
}
