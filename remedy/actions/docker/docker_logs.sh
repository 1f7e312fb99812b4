# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # templates; engine_said and engine_awk are set in docker_engine.sh
# The logs that Docker keeps of containers in files of JSON: emptied where they are too large, the container writing on.

docker_logs_row='is	{{.ID}}	{{.State.Status}}	{{.HostConfig.LogConfig.Type}}	{{.LogPath}}	{{json (index .Config.Labels "com.docker.compose.service")}}'\
'	{{json (index .Config.Labels "com.docker.compose.container-number")}}'

# docker_logs_look PROJECT LIMIT QUARANTINE SERVICE...
# Ground: whether a tail can be kept, each service that has containers, and each log above LIMIT: container, device and inode.
# Evidence: how large each is, and what logs are kept in another way.
docker_logs_look() {
	engine_ready
	need stat tail
	docker_project=$1 docker_limit=$2
	docker_logs_shelf "$3"
	shift 3
	engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$docker_project" \
		--filter label=com.docker.compose.oneoff=False
	if [ -n "$engine_said" ]; then
		# shellcheck disable=SC2086 # identities of containers, which the engine made
		engine inspect --type container --format "$docker_logs_row" $engine_said
	fi
	docker_rows=$(printf '%s\n' "$engine_said" | awk -F '\t' -v services="$*" "$engine_awk"'
		BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
		$1 == "is" && bare($6) in wanted { print bare($6) "/" bare($7) "\t" $2 "\t" $4 "\t" $5 }')
	printf 'quarantine %s\n' "$docker_shelf"
	printf '%s\n' "$docker_rows" | awk -F / 'NF && !($1 in seen) { seen[$1]; print "service:" $1 " present" }'
	docker_evidence=$(printf '%s\n' "$docker_rows" | while IFS='	' read -r docker_name docker_id docker_driver docker_path; do
		[ -n "$docker_name" ] || continue
		if [ "$docker_driver" != json-file ]; then
			printf 'other:%s %s\n' "$docker_name" "$docker_driver"
		elif docker_logs_of "$docker_path"; then
			printf 'bytes:%s %s\n' "$docker_name" "$docker_size"
			[ "$docker_size" -le "$docker_limit" ] || printf 'item %s\t%s %s\n' "$docker_name" "$docker_id" "$docker_identity"
		else
			printf 'unread:%s\n' "$docker_name"
		fi
	done)
	case $docker_evidence in
	*unread:*) [ "$(id -u)" = 0 ] || lacks "$(id -un) may not read Docker's logs: become root" ;;
	esac
	printf '%s\n' "$docker_evidence" | sed -n '/^item /p'
	echo "--"
	printf '%s\n' "$docker_evidence" | sed '/^item /d; /^$/d; s/^\(unread:.*\)$/\1 yes/'
}

# Set docker_shelf to `ok DIRECTORY`, or to why no tail can be kept in it.
docker_logs_shelf() {
	docker_shelf=none
	[ -n "$1" ] || return 0
	docker_shelf=missing
	[ -d "$1" ] && [ ! -L "$1" ] || return 0
	docker_shelf=unsafe
	case $(stat -c %u:%a -- "$1") in "$(id -u):700") docker_shelf="ok $1" ;; esac
}

# docker_logs_of PATH: set docker_size and docker_identity of a log that is one plain file; false where it is none.
docker_logs_of() {
	case $1 in /*-json.log) ;; *) return 1 ;; esac
	[ -f "$1" ] && [ ! -L "$1" ] || return 1
	docker_said=$(stat -c '%s %d:%i' -- "$1") || return 1
	docker_size=${docker_said% *} docker_identity=${docker_said#* }
}

# docker_logs_empty LIMIT KEEP STORE: empty the listed logs that are above LIMIT still; the last KEEP bytes go to STORE first, "" is nowhere.
# Whatever is written between both is lost; what is written afterwards is not, for the engine appends.
docker_logs_empty() {
	engine_ready
	docker_freed=0
	[ -z "$3" ] || [ -d "$3" ] || mkdir -- "$3" || give_up "$3 cannot be made; nothing was done"
	while IFS='	' read -r docker_name docker_state; do
		docker_id=${docker_state% *}
		docker_path=$(docker inspect --type container --format '{{.LogPath}}' "$docker_id" 2>/dev/null </dev/null) || continue
		docker_logs_of "$docker_path" || give_up "the log of $docker_name is no plain file"
		[ "$docker_identity" = "${docker_state#* }" ] || give_up "the log of $docker_name is another file by now"
		[ "$docker_size" -gt "$1" ] || continue
		docker_logs_appends "$docker_path" || give_up "who writes the log of $docker_name does not append to it; it was left alone"
		if [ -n "$3" ]; then
			docker_kept=$3/$(printf '%s' "$docker_name" | tr / -).${docker_id%"${docker_id#????????????}"}.log
			docker_first=1d # a line that is cut off in its middle says nothing
			[ "$docker_size" -gt "$2" ] || docker_first=
			{ tail -c "$2" -- "$docker_path" | sed "$docker_first" >"$docker_kept.part" && mv -- "$docker_kept.part" "$docker_kept"; } ||
				give_up "the end of the log of $docker_name cannot be kept; it was left alone"
		fi
		: >"$docker_path" || give_up "the log of $docker_name cannot be emptied"
		docker_freed=$((docker_freed + docker_size))
	done
	echo "$docker_freed"
}

# True where every process that holds the file open appends to it; for what does not would leave a hole of its old size.
docker_logs_appends() {
	for docker_process in /proc/[0-9]*; do
		read -r docker_comm 2>/dev/null <"$docker_process/comm" || continue
		[ "$docker_comm" = dockerd ] || continue
		for docker_fd in "$docker_process"/fd/*; do
			[ "$docker_fd" -ef "$1" ] || continue
			docker_flags=$(sed -n 's/^flags:[	 ]*//p' "$docker_process/fdinfo/${docker_fd##*/}")
			case $docker_flags in
			*[!0-7]* | "") return 1 ;;
			esac
			case $((0$docker_flags & 02003)) in
			0 | $((02001)) | $((02002))) ;; # it reads, or it appends
			*) return 1 ;;
			esac
		done
	done
}
