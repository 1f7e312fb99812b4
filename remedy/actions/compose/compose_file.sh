# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # engine_said, compose_awk and compose_steady_s are set in the files before this one
# The Compose file that a project is made from, held against its containers; it needs a Compose program on the host.

compose_label='com.docker.compose'

# compose_survey PROJECT: set
#   compose_seen   its containers, `SERVICE NUMBER ID DOING HASH IMAGE NEEDS KEEPS STOP_S STARTED EXIT OOM RESTARTS` a line, by service
#                  and number; NEEDS are the services that it depends on, KEEPS the volumes with a name that it writes to: each with a
#                  comma, or `-`; EXIT, OOM and RESTARTS say how it ended last, and how often its policy started it again
#   compose_left   `SERVICE ID` a line: containers that an `up` which was cut off made to take the place of others, and never
#                  started; Compose itself cannot go on beside them, and gives up
#   compose_files, compose_dir, compose_env   what most of its containers were made from, and of two such the newest
# Containers whose labels no Compose program writes are left out.
compose_survey() {
	engine_ready
	compose_project=$1 compose_seen='' compose_left='' compose_files='' compose_dir='' compose_env=''
	engine ps --all --quiet --no-trunc --filter "label=$compose_label.project=$1" --filter "label=$compose_label.oneoff=False"
	[ -n "$engine_said" ] || return 0
	compose_format="$compose_inspect	{{.Image}}	{{range .Mounts}}{{if and (eq .Type \"volume\") .RW}}{{.Name}},{{end}}{{end}}"
	for compose_name in service container-number config-hash depends_on project.config_files project.working_dir \
		project.environment_file; do
		compose_format="$compose_format	{{json (index .Config.Labels \"$compose_label.$compose_name\")}}"
	done
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	engine inspect --type container --format "$compose_format" $engine_said
	compose_said=$(printf '%s\n' "$engine_said" | awk -F '\t' -v steady="$compose_steady_s" -v now="$(date +%s)" "$compose_awk"'
		$1 == "state" {
			service = bare($14); number = bare($15); hash = bare($16); needs = ""
			if (service !~ /^[A-Za-z0-9._-]+$/ || number !~ /^[0-9]+$/) next
			if (hash !~ /^[0-9a-f]+$/) hash = "-"
			n = split(bare($17), parts, ",")
			for (i = 1; i <= n; i++) if (match(parts[i], /^[A-Za-z0-9._-]+/)) needs = needs substr(parts[i], 1, RLENGTH) ","
			keeps = ""
			n = split($13, parts, ",")
			for (i = 1; i <= n; i++) if (parts[i] != "" && parts[i] !~ /^[0-9a-f]+$/) keeps = keeps parts[i] ","
			is_left = $3 == "created" && $11 ~ /^\/[0-9a-f]+_/ && index($11, "_") == 14 # the identity of what it is to replace
			if (is_left) print "left", service, $2
			else print "is", service, number, $2, doing($3, $4, $5, $6), hash, $12, (needs == "" ? "-" : needs), (keeps == "" ? "-" : keeps), $7, $5, $8, $9, $6
			from = bare($18) "\t" bare($19) "\t" bare($20)
			made[from]++
			if (epoch($10) >= newest[from]) newest[from] = epoch($10)
			if (made[from] > made[most] || (made[from] == made[most] && newest[from] >= newest[most])) most = from
		}
		END { split(most, from_parts, "\t"); print "files " from_parts[1]; print "dir " from_parts[2]; print "env " from_parts[3] }') || give_up "awk failed"
	compose_seen=$(printf '%s\n' "$compose_said" | sed -n 's/^is //p' | sort -k 1,1 -k 2,2n)
	compose_left=$(printf '%s\n' "$compose_said" | sed -n 's/^left //p')
	compose_files=$(printf '%s\n' "$compose_said" | sed -n 's/^files //p')
	compose_dir=$(printf '%s\n' "$compose_said" | sed -n 's/^dir //p')
	compose_env=$(printf '%s\n' "$compose_said" | sed -n 's/^env //p')
}

# compose_read_file FILE [KEEP]: read the file that the project is made from, or FILE where it is not ""; from FILE's own directory
# where KEEP is not given and the containers were made from another file. Set
#   compose_said_of   ok, broken (compose_why says why) or unknown (nothing names a file)
#   compose_config    what it means, environment files and all: it may hold secrets
#   compose_hashes    `SERVICE HASH` a line
# The hash is that which `up` would write to a container. It is of the resolved text: of the file itself, Compose 2.26 leaves out
# what environment files say.
compose_read_file() {
	compose_find_program
	if [ -n "$1" ]; then
		[ -n "$compose_dir" ] && { [ -n "${2-}" ] || [ "$1" = "${compose_files%%,*}" ]; } || compose_dir=${1%/*}
		compose_files=$1
	fi
	compose_said_of=unknown compose_why='' compose_config='' compose_hashes=''
	[ -n "$compose_files" ] || return 0
	compose_dir=${compose_dir:-/}
	compose_said_of=broken
	if ! compose_config=$(compose_run config 2>/dev/null); then
		compose_why=$(compose_run config --quiet 2>&1 | grep -v 'level=warning' | head -n 1 | cut -c 1-300)
		return 0
	fi
	# shellcheck disable=SC2086 # `docker compose` is two words
	compose_hashes=$(printf '%s\n' "$compose_config" |
		$compose_program -p "$compose_project" --project-directory "$compose_dir" -f - config --hash '*' 2>/dev/null) ||
		give_up "Compose cannot tell what it would write to the containers"
	compose_said_of=ok
}

# Set compose_program; lacks() where there is none.
compose_find_program() {
	if docker compose version >/dev/null 2>&1; then
		compose_program='docker compose'
	elif command -v docker-compose >/dev/null; then
		compose_program=docker-compose
	else
		lacks "there is no Compose program: neither docker compose nor docker-compose"
	fi
}

# compose_run WORD...: run Compose on the project's own files, from its directory, with its environment files.
compose_run() {
	compose_count=$#
	set -- "$@" -p "$compose_project" --project-directory "$compose_dir"
	compose_rest=$compose_files
	while [ -n "$compose_rest" ]; do
		compose_one=${compose_rest%%,*}
		case $compose_one in
		/*) ;;
		*) compose_one=$compose_dir/$compose_one ;;
		esac
		set -- "$@" -f "$compose_one"
		case $compose_rest in
		*,*) compose_rest=${compose_rest#*,} ;;
		*) compose_rest= ;;
		esac
	done
	[ -z "$compose_env" ] || set -- "$@" --env-file "$compose_env"
	while [ "$compose_count" -gt 0 ]; do
		set -- "$@" "$1"
		shift
		compose_count=$((compose_count - 1))
	done
	# shellcheck disable=SC2086 # `docker compose` is two words
	$compose_program "$@" </dev/null
}

# compose_hash_of SERVICE: set compose_hash to the hash that the file gives the service, or "".
compose_hash_of() {
	compose_hash=$(printf '%s\n' "$compose_hashes" | awk -v service="$1" '$1 == service { print $2 }')
}

# compose_up_one SERVICE COUNT MORE...: bring one service up as the file says, with so many containers (0: as many as it says); those that it depends on keep
# as many as they have. Compose itself is told of those, for without them it would write another hash. MORE are options.
compose_up_one() {
	compose_service=$1 compose_wanted=$2
	shift 2
	compose_near=$(compose_run config "$compose_service" 2>/dev/null | awk '
		/^[^ ]/ { here = /^services:/ }
		here && /^  [A-Za-z0-9._-]+:$/ { sub(/:$/, ""); print $1 }' | tr '\n' ' ')
	for compose_name in $(printf '%s\n' "$compose_seen" | awk -v near="$compose_near" -v service="$compose_service" '
		BEGIN { n = split(near, names, " "); for (i = 1; i <= n; i++) is_near[names[i]] }
		$1 != service && $1 in is_near { count[$1]++ }
		END { for (s in count) print s "=" count[s] }'); do
		set -- "$@" --scale "$compose_name"
	done
	[ "$compose_wanted" -eq 0 ] || set -- "$@" --scale "$compose_service=$compose_wanted"
	compose_run up --detach --no-build "$@" "$compose_service" >&2
}
