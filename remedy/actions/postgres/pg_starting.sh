# shellcheck shell=sh
# shellcheck disable=SC2034 # what is set here is used in the files after it
# Whether a container's PostgreSQL would begin anew, were it restarted now.

# pg_starting ID: set pg_is to what the PostgreSQL of a running container says of itself:
#   ready     it accepts connections
#   starting  it is starting up, ending, or in crash recovery: a restart would begin that anew
#   silent    nothing answers, or it is no PostgreSQL
pg_starting() {
	pg_said=$(docker exec -u postgres "$1" pg_isready -q -t 3 2>&1 </dev/null)
	case $?$pg_said in # the engine's own failures speak
	0) pg_is=ready ;;
	1) pg_is=starting ;;
	*) pg_is=silent ;;
	esac
}
