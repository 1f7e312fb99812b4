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
