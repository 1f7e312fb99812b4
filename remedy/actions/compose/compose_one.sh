# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # engine_said is set in docker_engine.sh; what is set here is used in the files after it
# One container of a Compose service, found by its labels; no Compose program is needed.

# service_container PROJECT SERVICE: set service_id, service_state and service_name: the full id, what Docker says it is doing,
# and the name of its container. Of several the running one, then the one with the least number; all "" where there is none.
service_container() {
	engine_ready
	service_id='' service_state='' service_name='' service_number=''
	engine ps --all --no-trunc --filter "label=com.docker.compose.project=$1" \
		--filter "label=com.docker.compose.service=$2" --filter label=com.docker.compose.oneoff=False \
		--format '{{.Label "com.docker.compose.container-number"}} {{.ID}} {{.State}} {{.Names}}'
	while read -r service_a service_b service_c service_d; do
		case $service_a in "" | *[!0-9]*) continue ;; esac
		case $service_state,$service_c in
		running,running | [!r]*,[!r]*) [ "$service_a" -lt "$service_number" ] || continue ;;
		running,*) continue ;;
		esac
		service_number=$service_a service_id=$service_b service_state=$service_c service_name=$service_d
	done <<-END
		$engine_said
	END
}
