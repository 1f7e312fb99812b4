# shellcheck shell=sh
# shellcheck disable=SC2154 # engine_said and engine_awk are set in docker_engine.sh
# What a Docker engine can make again: its build cache, and images that no name, no container and no other image needs.

# Rows of the build cache, and what removing one image alone would free.
docker_df='{{range .BuildCache}}cache	{{.ID}}	{{.Parent}}	{{.InUse}}	{{.Shared}}	{{.Size}}	{{.CreatedAt}}	{{.LastUsedAt}}
{{end}}{{range .Images}}size	{{.ID}}	{{.UniqueSize}}
{{end}}'
docker_image='image	{{.ID}}	{{json .RepoTags}}	{{json .RepoDigests}}	{{.Created}}'

# docker_prune_look CUTOFF CACHE IMAGES
#   CUTOFF is seconds since 1970; CACHE and IMAGES are yes or no.
# Ground: the cutoff, and each thing that may go, with when it was last used or made. Evidence: how many bytes each frees.
docker_prune_look() {
	engine_ready
	docker_cutoff=$1 docker_cache=$2 docker_images=$3
	engine system df --verbose --format "$docker_df"
	docker_rows=$engine_said
	[ "$docker_images" = no ] || docker_add_images
	docker_found=$(printf '%s\n' "$docker_rows" | docker_removable "$docker_cutoff" "$docker_cache") || give_up "awk failed"
	echo "cutoff $docker_cutoff"
	printf '%s\n' "$docker_found" | sed -n '/^item /p'
	echo "--"
	printf '%s\n' "$docker_found" | sed '/^item /d; /^$/d'
}

# Add rows of all images, and of the images that containers were made of, running or not.
docker_add_images() {
	engine images --all --quiet --no-trunc
	if [ -n "$engine_said" ]; then
		docker_ids=$engine_said
		# shellcheck disable=SC2086 # identities of images, which the engine made
		engine_said=$(docker image inspect --format "$docker_image	{{.Parent}}" $docker_ids 2>/dev/null) ||
			engine image inspect --format "$docker_image	" $docker_ids # a client that knows no parents
		docker_rows="$docker_rows
$engine_said"
	fi
	engine ps --all --quiet --no-trunc
	[ -n "$engine_said" ] || return 0
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	engine inspect --type container --format 'used	{{.Image}}' $engine_said
	docker_rows="$docker_rows
$engine_said"
}

# docker_removable CUTOFF CACHE: what may go, of rows. A thing may go when it is old, unused, and all that is built upon it may go.
docker_removable() {
	awk -F '\t' -v cutoff="$1" -v cache="$2" "$engine_awk"'
	function may_go(key,   i) {
		if (key in answer) return answer[key]
		answer[key] = 0 # of a circle nothing goes
		if (!(key in old)) return 0
		for (i = 1; i <= upon[key]; i++) if (!may_go(above[key, i])) return 0
		return answer[key] = 1
	}
	function say(key,   i) { # what is built upon it first: in this order it can go
		if (key in said) return
		said[key] = 1
		for (i = 1; i <= upon[key]; i++) say(above[key, i])
		printf "item %s\t%.0f\nbytes:%s %.0f\n", key, made[key], key, size[key]
	}
	function stands_on(key, base) { above[base, ++upon[base]] = key }
	$1 == "cache" && cache == "yes" {
		key = "cache/" $2; keys[++n] = key
		at = epoch($8); if (at == 0) at = epoch($7)
		made[key] = at; size[key] = $5 == "true" ? 0 : bytes($6)
		if ($4 == "false" && at > 0 && at < cutoff) old[key] = 1
		parts = split($3, parents, /, */)
		for (i = 1; i <= parts; i++) if (parents[i] != "") stands_on(key, "cache/" parents[i])
	}
	$1 == "image" {
		key = "image/" $2; keys[++n] = key; made[key] = epoch($5)
		is_named = !($3 == "[]" || $3 == "null") || !($4 == "[]" || $4 == "null")
		if (!is_named && made[key] < cutoff) old[key] = 1
		if ($6 != "") stands_on(key, "image/" $6)
	}
	$1 == "size" { size["image/" $2] = bytes($3) }
	$1 == "used" { used["image/" $2] = 1 }
	END {
		for (key in used) if (key in old) { delete old[key]; held++ }
		for (i = 1; i <= n; i++) if (may_go(keys[i])) say(keys[i])
		printf "held %d\n", held
	}'
}

# docker_prune CUTOFF: remove the listed items that still may go; those built upon others first, in as many rounds as it takes.
# Nothing is forced: the engine itself refuses an image that a container uses, running or not, and cache that is in use.
docker_prune() {
	engine_ready
	docker_age=$(($(date +%s) - $1)) docker_left='' docker_count=0
	[ "$docker_age" -gt 0 ] || docker_age=0
	while IFS='	' read -r docker_key _; do
		docker_left="$docker_left $docker_key"
		docker_count=$((docker_count + 1))
	done
	docker_before=-1
	while [ "$docker_count" -gt 0 ] && [ "$docker_count" -ne "$docker_before" ]; do
		docker_before=$docker_count docker_again='' docker_count=0
		for docker_key in $docker_left; do
			docker_remove "${docker_key%%/*}" "${docker_key#*/}" && continue
			docker_again="$docker_again $docker_key"
			docker_count=$((docker_count + 1))
		done
		docker_left=$docker_again
	done
	echo "left $docker_count"
}

# docker_remove KIND ID: true when it is gone.
docker_remove() {
	case $1 in
	image)
		docker_named=$(docker image inspect --format '{{json .RepoTags}}{{json .RepoDigests}}' "$2" 2>/dev/null) || return 0
		case $docker_named in
		"[][]" | "nullnull" | "[]null" | "null[]") docker image rm --no-prune "$2" >/dev/null 2>&1 ;;
		*) echo "$2 has a name by now; it was left alone" >&2 ;;
		esac
		;;
	cache)
		# Without buildx, which may mean another builder; older clients know no other way.
		DOCKER_BUILDKIT=0 docker builder prune --force --all --filter "id=$2" --filter "until=${docker_age}s" 2>/dev/null |
			awk -v id="$2" '$1 == id { gone = 1 } END { exit !gone }'
		;;
	esac
}
