# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# An edited Compose file applied to named services: only what differs is made anew, by Compose itself.

# compose_up_look PROJECT FILE PREVIOUS SERVICE...
# Ground: whether the file can be read; for each service the hash that the file gives it, how many containers it has and after which of
# the others it comes; those containers that differ, and by what; and what they depend on that is not as it must be.
# Evidence: what would be another, and the hashes of the file as it was, where PREVIOUS names it.
compose_up_look() {
	compose_survey "$1"
	compose_given=$2 compose_previous=$3
	shift 3
	compose_read_file "$compose_given"
	printf 'file %s\n' "$compose_said_of"
	if [ "$compose_said_of" != ok ]; then
		printf -- '--\nwhy %s\nfiles %s\n' "$compose_why" "$compose_files"
		return
	fi
	compose_drift=$(compose_held_against_file "$@")
	printf '%s\n' "$compose_drift" | grep '^ground ' | cut -d ' ' -f 2-
	echo "--"
	printf 'files %s\nknown %s\n' "$compose_files" "$(printf '%s\n' "$compose_hashes" | cut -d ' ' -f 1 | tr '\n' ' ')"
	printf '%s\n' "$compose_drift" | grep '^evidence ' | cut -d ' ' -f 2-
	printf '%s\n' "$compose_drift" | while read -r compose_kind compose_name compose_id compose_image; do
		[ "$compose_kind" = differs ] || continue
		compose_diff "$compose_name" "$compose_id" "$compose_image" | while IFS= read -r compose_line; do
			printf 'diff:%s %s\n' "$compose_name" "$compose_line"
		done
	done
	[ -n "$compose_previous" ] || return 0
	compose_read_file "$compose_previous" keep
	printf '%s\n' "$compose_hashes" | while read -r compose_name compose_line; do
		[ -z "$compose_name" ] || printf 'previous:%s %s\n' "$compose_name" "$compose_line"
	done
}

# compose_held_against_file SERVICE...: lines `ground LINE`, `evidence LINE`, and `differs SERVICE ID IMAGE` for one container of each.
compose_held_against_file() {
	{
		printf '%s\n' "$compose_hashes" | sed 's/^/hash /'
		printf '%s\n' "$compose_seen" | sed 's/^/is /'
		printf '%s\n' "$compose_config" | compose_images_wanted
	} | awk -v services="$*" '
	function reach(s,   parts, n, i) {
		n = split(needs[s], parts, " ")
		for (i = 1; i <= n; i++) if (!(parts[i] in reached)) { reached[parts[i]]; reach(parts[i]) }
	}
	function differs(i) {
		if (part[i, 6] != hash[part[i, 2]]) return "config"
		if (part[i, 5] == "created") return "start" # an up was cut off before it came to that
		return (part[i, 2] in image && image[part[i, 2]] != part[i, 7]) ? "image" : ""
	}
	BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] }
	$1 == "hash" { hash[$2] = $3 }
	$1 == "needs" { needs[$2] = needs[$2] " " $3 }
	$1 == "image" { if (NF > 3) image[$2] = $4; name[$2] = $3; if (NF == 3) absent[$2] }
	$1 == "is" && NF > 6 { rows++; for (i = 1; i <= NF; i++) part[rows, i] = $i; has[$2]++ }
	END {
		for (i = 1; i <= count; i++) {
			split("", reached); reach(names[i]); after = ""
			for (j = 1; j <= count; j++) if (j != i && names[j] in reached) after = after " " names[j]
			for (s in reached) if (!(s in wanted)) {
				near[s]
				if (!(s in has)) lacking[s " missing"]
			}
			print "ground service:" names[i] " " (names[i] in hash ? hash[names[i]] : "none") " " has[names[i]] + 0 after
			if (names[i] in absent) print "evidence absent:" names[i] " " name[names[i]]
		}
		for (i = 1; i <= rows; i++) {
			s = part[i, 2]
			if (s in near) {
				if (differs(i) != "") lacking[s " differs"]
				if (part[i, 5] != "up") lacking[s " " part[i, 5]]
			}
			if (!(s in wanted)) continue
			print "evidence container:" s "/" part[i, 3] " " part[i, 5] " " part[i, 4] " " part[i, 6]
			if (differs(i) == "") continue
			print "ground item " s "/" part[i, 3] "\t" part[i, 4] " " part[i, 6] " " differs(i)
			if (!(s in shown)) print "differs " s " " part[i, 4] " " part[i, 7]
			shown[s]
		}
		for (k in lacking) print "ground lacks:" k
	}'
}

# Of what Compose prints: `image SERVICE NAME [ID]` and `needs SERVICE OTHER`; without the ID the host has no such image.
compose_images_wanted() {
	awk '
		/^[^ ]/ { inside = $0 == "services:" }
		!inside { next }
		/^  [^ ].*:$/ { service = $1; sub(/:$/, "", service) }
		/^    [^ ]/ { in_needs = $1 == "depends_on:" }
		/^    image: / { name = $2; gsub(/["\047]/, "", name); print "image " service " " name }
		in_needs && /^      [^ ].*:$/ { other = $1; sub(/:$/, "", other); print "needs " service " " other }
		in_needs && /^      - / { print "needs " service " " $2 }' | while read -r compose_kind compose_name compose_image; do
		compose_id=
		[ "$compose_kind" = needs ] || compose_id=$(docker image inspect --format '{{.Id}}' "$compose_image" 2>/dev/null </dev/null)
		printf '%s %s %s %s\n' "$compose_kind" "$compose_name" "$compose_image" "$compose_id"
	done
}

# compose_up_make PROJECT FILE KEEP SERVICE HASH COUNT: make what differs of the service anew, with as many containers as it had.
#   Nothing is done where HASH is no longer what the file says.
compose_up_make() {
	compose_survey "$1"
	compose_read_file "$2" "$3"
	[ "$compose_said_of" = ok ] || give_up "the Compose file is $compose_said_of by now; nothing was done: $compose_why"
	compose_hash_of "$4"
	[ "$compose_hash" = "$5" ] || give_up "the file says something else of $4 by now; nothing was done"
	for compose_id in $(printf '%s\n' "$compose_left" | awk -v s="$4" '$1 == s { print $2 }'); do
		docker rm "$compose_id" >&2 || give_up "what an earlier up left of $4 could not be removed"
	done
	compose_up_one "$4" "$6" --quiet-pull || give_up "Compose could not bring $4 up"
}

# compose_up_is PROJECT SERVICE: of which hash its containers are, and whether all are up, for waiting.
compose_up_is() {
	compose_survey "$1"
	printf '%s\n' "$compose_seen" | awk -v s="$2" '
		$1 == s { if (!($5 in of)) { of[$5]; list = list " " $5 } if ($4 != "up") not = not " " $1 "/" $2 "=" $4 }
		END { print "made" list (not == "" ? " up" : " not up"); print "--"; print "not_up" not }'
}
