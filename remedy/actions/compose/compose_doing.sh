# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # engine_said and engine_awk are set in docker_engine.sh; what is set here is used in the files after it
# What the containers of Docker Compose are doing, found by their labels; no Compose program is needed.
# A container is named SERVICE/NUMBER; what it is doing is one of
#   up          it runs, and is healthy; without a health check, it has run for as long as Docker itself asks for
#   starting    it runs, and it is too early to say
#   unhealthy   it runs, and its health check fails
#   looping     its restart policy starts it again and again
#   exited, created, dead, paused, removing

compose_steady_s=10 # after which Docker takes a restart for a success, and forgets its delays

# Rows of inspect: what tells whether a container is up. A container without a health check has health `none`.
compose_inspect="state	{{.ID}}	{{.State.Status}}	{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}\
	{{.State.StartedAt}}	{{.RestartCount}}	{{if .Config.StopTimeout}}{{.Config.StopTimeout}}{{else}}10{{end}}\
	{{.State.ExitCode}}	{{.State.OOMKilled}}	{{.Created}}	{{.Name}}"

compose_awk="$engine_awk"'
function doing(status, health, started, restarts,   young) {
	young = now - epoch(started) < steady
	if (status == "restarting" || (status == "running" && restarts > 0 && young)) return "looping"
	if (status != "running") return status
	if (health == "unhealthy") return health
	if (health == "starting" || (health == "none" && young)) return "starting"
	return "up"
}
'

# Set compose_state, compose_health and compose_started of one container; `gone` where it is no longer there.
compose_state_of() {
	engine_ready
	engine inspect --type container --format "$compose_inspect" "$1"
	compose_said=$(printf '%s\n' "${engine_said:-gone}" | awk -F '\t' -v steady="$compose_steady_s" -v now="$(date +%s)" \
		"$compose_awk"'{ print $1 == "gone" ? "gone none none" : doing($3, $4, $5, $6) " " $4 " " $5 }') || give_up "awk failed"
	read -r compose_state compose_health compose_started <<-END
		$compose_said
	END
}

# The state of one container alone, for waiting: the container that is planned, and no other of its name.
compose_is() {
	compose_state_of "$1"
	printf 'state %s\n--\nhealth %s\n' "$compose_state" "$compose_health"
}

# compose_other_up ID PROJECT/SERVICE/NUMBER: whether another container of its service is up. Set compose_others to `up`, `down`, or
# `none` where there is no other one.
compose_other_up() {
	compose_service=${2#*/} compose_others=none
	engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=${2%%/*}" \
		--filter "label=com.docker.compose.service=${compose_service%/*}" --filter label=com.docker.compose.oneoff=False
	for compose_id in $engine_said; do
		[ "$compose_id" != "$1" ] || continue
		compose_others=down
		compose_state_of "$compose_id"
		[ "$compose_state" != up ] || compose_others=up
		[ "$compose_others" != up ] || return 0
	done
	return 1
}
