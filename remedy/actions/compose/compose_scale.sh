# shellcheck shell=sh
# shellcheck disable=SC2154 # what is not set here is set in the files before this one
# How many containers a service of Docker Compose has. More come by Compose itself, and none is made anew; fewer by taking the highest
# numbers away, by identity.

# compose_scale_look PROJECT SERVICE WANTED FILE CONNECTIONS PG_SERVICE PG_USER PG_DATABASE REDIS_SERVICE KEY ABOVE BELOW PASSWORD
#   CONNECTIONS: to the database, held by one container; 0 asks nothing of a database. In the list KEY, for more containers, more jobs
#   than ABOVE must wait; for fewer, fewer than BELOW; "" asks nothing of a queue.
# Ground: how many there are, without those that were made and never started; whether all are up, but those that would go; whether they are what the file says; for more, whether there is room for them;
# for fewer, those that would go; whether few jobs wait or many. Evidence: the containers, and what room there is.
compose_scale_look() {
	compose_survey "$1"
	compose_service=$2 compose_wanted=$3
	compose_mine=$(printf '%s\n' "$compose_seen" | awk -v s="$compose_service" '$1 == s')
	if [ -z "$compose_mine" ]; then
		printf 'count 0\n--\nknown %s\n' "$(printf '%s\n' "$compose_seen" | awk '!($1 in seen) { seen[$1]; print $1 }' | tr '\n' ' ')"
		return
	fi
	compose_number=$(printf '%s\n' "$compose_mine" | awk '$4 != "created" { n++ } END { print n + 0 }')
	echo "count $compose_number"
	[ "$compose_number" -eq "$compose_wanted" ] || compose_scale_may "$4"
	if [ "$compose_wanted" -gt "$compose_number" ]; then
		compose_room "$((compose_wanted - compose_number))"
		compose_room_pg "$((compose_wanted - compose_number))" "$5" "$6" "$7" "$8"
		printf 'memory %s\nconnections %s\n' "$compose_room_memory" "$compose_room_connections"
		[ -z "${11}" ] || compose_backlog "$9" "${10}" "$((${11} + 1))" "${13}"
	else
		[ "$compose_number" -eq "$compose_wanted" ] || compose_backlog "$9" "${10}" "${12}" "${13}"
		printf '%s\n' "$compose_mine" | awk -v keep="$compose_wanted" '
			{ line[NR] = $1 "/" $2 "\t" $3 } END { for (i = NR; i > keep; i--) print "item " line[i] }'
	fi
	echo "--"
	printf '%s\n' "$compose_mine" | awk '{ print "container:" $1 "/" $2, $4, $3 }'
	[ "$compose_wanted" -le "$compose_number" ] || printf '%s\n%s\n' "$compose_room_said" "$compose_room_pg_said"
	[ -z "${queue_said-}" ] || printf 'queue_length %s\n' "$queue_said"
}

# compose_backlog SERVICE KEY MANY PASSWORD: say whether fewer jobs wait than MANY, where that is asked; set queue_said to how many.
compose_backlog() {
	[ -n "$3" ] || return 0
	queue_reach "$compose_project" "$1" 6379 0 "$4"
	queue_said=$(queue_cli LLEN "$2" 2>&1)
	queue_numbers "$queue_said"
	if [ "$queue_said" -lt "$3" ]; then echo "queue few"; else echo "queue many"; fi
}

# compose_scale_may FILE: say what forbids another number now: the file, containers of another configuration, and what is not up.
compose_scale_may() {
	compose_read_file "$1"
	compose_hash_of "$compose_service"
	echo "file $compose_said_of ${compose_hash:-none}"
	printf '%s\n' "$compose_seen" | awk -v s="$compose_service" -v hash="$compose_hash" -v wanted="$compose_wanted" '
		$1 == s { n = split($7, parts, ","); for (i = 1; i <= n; i++) need[parts[i]] }
		{ row[NR] = $0 }
		END {
			n = 0
			for (i = 1; i <= NR; i++) {
				split(row[i], f, " ")
				if (f[1] == s && f[5] != hash) drift = drift " " f[1] "/" f[2]
				if (f[1] == s && (++n > wanted || f[4] == "created")) continue
				if ((f[1] == s || f[1] in need) && f[4] != "up") ill = ill " " f[1] "/" f[2] "=" f[4]
			}
			print "drift" (drift == "" ? " none" : drift)
			print "ill" (ill == "" ? " none" : ill)
		}'
}

# compose_room MORE: set compose_room_memory to `enough` or `short`: the host's free memory against as much for each as one of them
# uses at most now. Set compose_room_said to both numbers.
compose_room() {
	compose_ids=$(printf '%s\n' "$compose_mine" | awk '$4 == "up" { print $3 }')
	engine_said=
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	[ -z "$compose_ids" ] || engine stats --no-stream --format '{{.MemUsage}}' $compose_ids
	compose_each=$(printf '%s\n' "$engine_said" | awk "$engine_awk"'
		NF { b = bytes($1); if (b > most) most = b }
		END { printf "%.0f\n", most }')
	compose_free=$(awk '$1 == "MemAvailable:" { printf "%.0f\n", $2 * 1024 }' /proc/meminfo)
	[ -n "$compose_free" ] || lacks "the host does not say how much memory is available"
	compose_room_memory=short
	[ "$compose_free" -lt "$((compose_each * $1))" ] || compose_room_memory=enough
	compose_room_said="memory_each $compose_each
memory_free $compose_free"
}

# compose_room_pg MORE EACH SERVICE USER DATABASE: set compose_room_connections to `enough`, `short`, or `unasked`.
compose_room_pg() {
	compose_room_connections=unasked compose_room_pg_said=''
	[ "$2" -gt 0 ] || return 0
	pg_place "$compose_project" "$3" '' '' "$4" "$5" ''
	pg_ask <<-'END'
		select 'connections ' || (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())
			|| ' ' || current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
	END
	compose_said=${pg_said#connections }
	compose_used=${compose_said% *} compose_most=${compose_said#* }
	case $compose_used$compose_most in "" | *[!0-9]*) give_up "the database's answer makes no sense" ;; esac
	compose_room_connections=short
	[ "$((compose_used + $1 * $2))" -gt "$compose_most" ] || compose_room_connections=enough
	compose_room_pg_said="connections_used $compose_used
connections_most $compose_most"
}

# compose_scale_up PROJECT SERVICE FROM TO HASH FILE: make the missing containers, and touch none that is there.
#   Nothing is done where there are fewer than FROM, or where HASH is no longer what the file says.
compose_scale_up() {
	compose_survey "$1"
	compose_number=$(printf '%s\n' "$compose_seen" | awk -v s="$2" '$1 == s && $4 != "created" { n++ } END { print n + 0 }')
	[ "$compose_number" -lt "$4" ] || return 0
	[ "$compose_number" -ge "$3" ] || give_up "$2 has only $compose_number containers by now; nothing was done"
	compose_service=$2
	compose_read_file "$6"
	compose_hash_of "$2"
	[ "$compose_hash" = "$5" ] || give_up "the file says something else of $2 by now; nothing was done"
	compose_up_one "$2" "$4" --no-recreate || give_up "Compose could not bring $2 to $4"
}

# compose_scale_remove PROJECT SERVICE LEAST: end and remove the listed containers of the service, but leave LEAST.
compose_scale_remove() {
	while IFS='	' read -r compose_one compose_id; do
		compose_take "$1" "$2" "$3" "$compose_id" "$compose_one"
	done
}

# compose_scale_back PROJECT SERVICE COUNT: end and remove those of the highest numbers until COUNT are left.
compose_scale_back() {
	compose_survey "$1"
	for compose_id in $(printf '%s\n' "$compose_seen" | awk -v s="$2" '$1 == s' | sort -k 2,2nr | awk -v keep="$3" '
		{ id[NR] = $3 } END { for (i = 1; i <= NR - keep; i++) print id[i] }'); do
		compose_take "$1" "$2" "$3" "$compose_id" "$2"
	done
}

# compose_take PROJECT SERVICE LEAST ID NAME: one container less, where more than LEAST are left.
compose_take() {
	compose_survey "$1"
	compose_number=$(printf '%s\n' "$compose_seen" | awk -v s="$2" -v id="$4" '
		$1 == s { n++; if ($3 == id) there = 1 } END { print (there ? n : 0) }')
	[ "$compose_number" -gt 0 ] || return 0
	[ "$compose_number" -gt "$3" ] || give_up "only $3 of $2 are left; $5 stays"
	docker stop "$4" >/dev/null </dev/null || give_up "docker could not stop $5"
	docker rm "$4" >/dev/null </dev/null || give_up "docker could not remove $5"
}

# compose_scale_is PROJECT SERVICE: how many there are, and whether all are up, for waiting.
compose_scale_is() {
	compose_survey "$1"
	printf '%s\n' "$compose_seen" | awk -v s="$2" '
		$1 == s { n++; if ($4 != "up") not = not " " $1 "/" $2 "=" $4 }
		END { print "count " n + 0 (not == "" ? " up" : " not up"); print "--"; print "not_up" not }'
}
