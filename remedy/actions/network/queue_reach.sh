# shellcheck shell=sh
# shellcheck disable=SC2154 # service_id and service_state are set in compose_one.sh
# Redis, as a container of a Compose service or as the host's own.

# queue_reach PROJECT SERVICE PORT DATABASE PASSWORD: where queue_cli goes from now on; "" for PROJECT is the host's own.
queue_reach() {
	queue_port=$3 queue_database=$4 queue_password=$5 queue_container=
	if [ -z "$1" ]; then
		need redis-cli
		return
	fi
	service_container "$1" "$2"
	case $service_state in
	running) queue_container=$service_id ;;
	"") give_up "$1 has no container of service $2" ;;
	*) give_up "$2 of $1 is $service_state" ;;
	esac
}

# queue_cli WORD...: one command to Redis. The password is in its environment alone: command lines are public on a host.
queue_cli() {
	set -- redis-cli -p "$queue_port" -n "$queue_database" "$@"
	[ -z "$queue_container" ] || set -- docker exec ${queue_password:+-e REDISCLI_AUTH} "$queue_container" "$@"
	if [ -n "$queue_password" ]; then
		REDISCLI_AUTH=$queue_password "$@" </dev/null
	else
		"$@" </dev/null
	fi
}

# queue_numbers TEXT: give_up() with what Redis said where it is anything but numbers.
queue_numbers() {
	case $1 in
	"") give_up "redis-cli says nothing" ;;
	*[!0-9\ ]*) give_up "redis: $(printf '%s\n' "$1" | head -n 1 | cut -c 1-200)" ;;
	esac
}
