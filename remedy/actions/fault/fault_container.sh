# shellcheck shell=sh
# shellcheck disable=SC2154 # engine_said is set in docker_engine.sh
# Faults for drills: the containers of a Compose service that are stopped, or that hang.

# fault_container_look PROJECT SERVICE
# Ground: every container of the service by its full id, and whether it runs, hangs (its process is stopped), or what Docker says.
fault_container_look() {
	engine_ready
	engine ps --all --no-trunc --filter "label=com.docker.compose.project=$1" \
		--filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False --format '{{.ID}}'
	echo "service $1/$2"
	fault_ids=$engine_said
	# shellcheck disable=SC2086 # ids, one a line
	[ -z "$fault_ids" ] || engine inspect --format '{{.Id}} {{.State.Status}} {{.State.Pid}} {{.Name}}' $fault_ids
	fault_said=
	[ -z "$fault_ids" ] || fault_said=$(printf '%s\n' "$engine_said" | sort)
	fault_names=
	while read -r fault_id fault_state fault_pid fault_name; do
		[ -n "$fault_id" ] || continue
		case $fault_state in
		running) if fault_is_stopped "$fault_pid"; then fault_state=hangs; else fault_state=runs; fi ;;
		esac
		printf 'item %s\t%s\n' "$fault_id" "$fault_state"
		fault_names="$fault_names ${fault_name#/}"
	done <<-END
		$fault_said
	END
	printf '%s\nnames %s\n' -- "${fault_names:- none}"
}

# Whether a process is stopped by a signal: T, the first word after its name in parentheses.
fault_is_stopped() {
	[ "$1" -gt 0 ] || return 1
	{ read -r fault_stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	case ${fault_stat##*) } in T*) return 0 ;; *) return 1 ;; esac
}

# fault_container_do VERB: stop | start | STOP | CONT for each container on standard input. What is so already, or gone, stays.
fault_container_do() {
	engine_ready
	fault_failed=
	while read -r fault_id; do
		engine inspect --format '{{.State.Status}} {{.State.Pid}}' "$fault_id"
		fault_state=${engine_said%% *}
		case $1:$fault_state in
		*:"" | stop:exited | start:running | STOP:exited | CONT:[!r]*) continue ;;
		stop:*) docker stop --time 3 "$fault_id" >/dev/null || fault_failed=1 ;;
		start:*) docker start "$fault_id" >/dev/null || fault_failed=1 ;;
		*) fault_container_signal "$1" "$fault_id" "${engine_said##* }" || fault_failed=1 ;;
		esac
	done
	[ -z "$fault_failed" ] || give_up "the Docker engine could not $1 every container"
}

# fault_container_signal SIGNAL ID PID: send it, and see it done: it takes its time.
fault_container_signal() {
	docker kill --signal "$1" "$2" >/dev/null || return 1
	fault_left=50
	while :; do
		if fault_is_stopped "$3"; then fault_is=STOP; else fault_is=CONT; fi
		[ "$fault_is" != "$1" ] || return 0
		fault_left=$((fault_left - 1))
		[ "$fault_left" -gt 0 ] || return 1
		sleep 0.1
	done
}

# fault_container_is ID: what its health check says of a container: none without one.
fault_container_is() {
	engine_ready
	engine inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' "$1"
	printf 'health %s\n--\n' "${engine_said:-gone}"
}
