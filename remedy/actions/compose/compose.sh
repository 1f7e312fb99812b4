# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # a template; what is not set here is set in the files before this one
# Services of Docker Compose whose containers are restarted; what they are doing is told in compose_doing.sh.

# compose_look PROJECT SINCE BUDGET WHICH SERVICE...
#   SINCE and BUDGET: how many restarts of ours, of one container, since then are one too many.
#   WHICH is `ill` for the containers that are not up, `all` for every one.
# Ground: whether each service is there, after which of the others it comes, and its containers: state, identity, start, seconds
# that stopping may take, budget, and what holds it back. A container that moves by itself has no start.
compose_look() {
	engine_ready
	need stat
	compose_project=$1 compose_since=$2 compose_budget=$3 compose_which=$4
	shift 4
	compose_find "$compose_project" "$compose_which" "$@"
	printf '%s\n' "$compose_found" | compose_lines ground
	echo "--"
	printf '%s\n' "$compose_found" | compose_lines evidence
}

# compose_status PROJECT SERVICE...
# Ground: whether every container of the services is up, in one word. Evidence: each of them.
compose_status() {
	engine_ready
	compose_project=$1
	shift
	compose_find "$compose_project" ill "$@"
	case $compose_found in
	*"	service:"*" missing"*) echo "services missing" ;;
	*) printf '%s\n' "$compose_found" | awk -F '\t' '
		$1 == "evidence" && $2 ~ /^container:/ { split($2, words, " "); if (words[2] != "up") down = 1 }
		END { print down ? "services down" : "services up" }' ;;
	esac
	echo "--"
	printf '%s\n' "$compose_found" | compose_lines evidence
}

# Print the lines of one kind, each finished with what only the shell can tell.
compose_lines() {
	while IFS="	" read -r compose_kind compose_line compose_more; do
		case $1:$compose_kind in
		ground:ground | evidence:evidence) printf '%s\n' "$compose_line" ;;
		ground:item)
			restarts_count "compose:$compose_project/$compose_line" "$compose_since"
			if [ "$restarts_counted" -ge "$compose_budget" ]; then compose_left=spent; else compose_left=left; fi
			compose_hold_of "$compose_line" "${compose_more%% *}" "${compose_more#* }" "${compose_more##* }"
			printf 'item %s\t%s %s%s\n' "$compose_line" "${compose_more% *}" "$compose_left" "${compose_hold:+ $compose_hold}"
			;;
		evidence:file)
			compose_changed=$(stat -c %Y -- "$compose_line" 2>/dev/null) || continue
			[ "$compose_changed" -le "$compose_more" ] || printf 'edited %s\n' "$compose_line"
			;;
		esac
	done
}

# The directories of the volumes that a container writes to.
compose_volumes='{{range .Mounts}}{{if and (eq .Type "volume") .RW}}{{.Source}},{{end}}{{end}}'
compose_calm_s=900 # between two restarts of what keeps something in a volume, as a database does

# compose_hold_of NAME STATE REST VOLUMES: set compose_hold to why a container that keeps something in a volume is not restarted now:
#   recovering  it is a PostgreSQL that is starting up, ending or in crash recovery; or, where none answers, that is what it logged last
#   disk        less than 5 % of the filesystem of its volume is free
#   recent      it was restarted by remedy less than compose_calm_s ago
compose_hold_of() {
	compose_hold=''
	[ "$4" != - ] || return 0
	case $2 in
	exited | created | dead | paused | removing) ;;
	*) compose_hold_of_running "${3%% *}" ;;
	esac
	[ -z "$compose_hold" ] || return 0
	case $(df -P -- "${4%%,*}" 2>/dev/null | awk 'NR == 2 { sub(/%/, "", $5); print ($5 > 95 ? "full" : "") }') in full) compose_hold=disk ;; esac
	[ -z "$compose_hold" ] || return 0
	restarts_count "compose:$compose_project/$1" "$(($(date +%s) - compose_calm_s))"
	[ "$restarts_counted" -eq 0 ] || compose_hold=recent
}

# compose_hold_of_running ID: set compose_hold to `recovering`, or leave it.
compose_hold_of_running() {
	pg_starting "$1"
	case $pg_is in
	ready) ;;
	starting) compose_hold=recovering ;;
	*) compose_hold=$(docker logs --tail 200 "$1" 2>&1 </dev/null | awk '
		/automatic recovery in progress|redo starts at|database system is (starting up|in recovery mode)|[Ss]tarting crash recovery/ { said = "recovering" }
		/ready to accept connections|ready for connections|Ready to accept connections/ { said = "" }
		END { print said }') ;;
	esac
}

# compose_find PROJECT WHICH SERVICE...: set compose_found to lines `KIND TAB LINE TAB MORE`.
compose_find() {
	compose_project=$1 compose_which=$2
	shift 2
	compose_label='com.docker.compose'
	compose_format=row
	for compose_name in project service container-number oneoff depends_on project.config_files; do
		compose_format="$compose_format	{{json (.Label \"$compose_label.$compose_name\")}}"
	done
	engine ps --all --no-trunc --filter "label=$compose_label.project" --format "$compose_format	{{.ID}}"
	compose_rows=$engine_said
	compose_ids=$(printf '%s\n' "$compose_rows" | compose_ids_of "$@") || give_up "awk failed"
	engine_said=
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	[ -z "$compose_ids" ] || engine inspect --type container --format "$compose_inspect	$compose_volumes" $compose_ids
	compose_found=$(printf '%s\n%s\n' "$compose_rows" "$engine_said" | compose_join "$@") || give_up "awk failed"
}

# The containers of the project among the rows; none where none is of a named service.
compose_ids_of() {
	awk -F '\t' -v project="$compose_project" -v services="$*" "$compose_awk"'
	BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] = 1 }
	bare($2) == project && bare($5) != "True" { ids = ids " " $8; if (bare($3) in wanted) found = 1 }
	END { if (found) print ids }'
}

compose_join() {
	awk -F '\t' -v project="$compose_project" -v services="$*" -v which="$compose_which" -v steady="$compose_steady_s" \
		-v now="$(date +%s)" "$compose_awk"'
	function reach(s,   parts, n, i, t) {
		n = split(after[s], parts, ",")
		for (i = 1; i <= n; i++) {
			t = parts[i]; sub(/:.*/, "", t)
			if (t != "" && !(t in reached)) { reached[t] = 1; reach(t) }
		}
	}
	function say(kind, line, more) { printf "%s\t%s\t%s\n", kind, line, more }
	BEGIN { count = split(services, names, " "); for (i = 1; i <= count; i++) wanted[names[i]] = 1 }
	$1 == "row" {
		p = bare($2); s = bare($3)
		if (!(p in projects)) { projects[p] = 1; project_list = project_list " " p }
		if (p != project || bare($5) == "True") next
		if (!(s in known)) { known[s] = 1; list[++known_count] = s; after[s] = bare($6) }
		if (s in wanted) files[$8] = bare($7)
		service[$8] = s; name[$8] = s "/" bare($4)
	}
	$1 == "state" && $2 in name {
		is = doing($3, $4, $5, $6)
		if (!(service[$2] in wanted)) {
			if (is != "up" && is != "starting") ill[service[$2]] = ill[service[$2]] " " name[$2] "=" is
			next
		}
		if (name[$2] in present) say("ground", "twice:" name[$2] " " present[name[$2]] " " $2)
		present[name[$2]] = $2
		if (which == "all" || (is != "up" && is != "starting"))
			say("item", name[$2], is " " $2 " " (is == "looping" ? "moving" : $5) " " $7 " " ($12 == "" || $12 ~ / / ? "-" : $12))
		say("evidence", "container:" name[$2] " " is " " $2 " " $5 " health=" $4 " exit=" $8 " oom=" $9 " policy_restarts=" $6)
		n = split(files[$2], paths, ",")
		for (i = 1; i <= n; i++)
			if (paths[i] ~ /^\// && paths[i] !~ /\\/ && !(paths[i] in made && made[paths[i]] <= epoch($10))) made[paths[i]] = epoch($10)
	}
	END {
		for (i = 1; i <= count; i++) {
			s = names[i]; line = ""
			split("", reached); reach(s)
			for (t in reached) if (t in ill) { needs = needs ill[t]; delete ill[t] }
			for (j = 1; j <= count; j++) if (names[j] != s && names[j] in reached) line = line " " names[j]
			say("ground", "service:" s " " (s in known ? "present" : "missing") line)
		}
		for (i = 1; i <= known_count; i++) {
			s = list[i]; known_list = known_list " " s
			if (s in wanted) continue
			split("", reached); reach(s)
			for (j = 1; j <= count; j++) if (names[j] in reached) { dependents = dependents " " s; break }
		}
		say("evidence", "known" known_list)
		say("evidence", "projects" project_list)
		say("evidence", "dependents" dependents)
		say("evidence", "needs" needs)
		for (path in made) say("file", path, made[path])
	}'
}

# compose_restart ID NAME STATE: write it down, restart that very container, and print when it started.
#   STATE is what it was doing when that was planned. One that is up by now, and was not, is left alone.
compose_restart() {
	compose_state_of "$1"
	case $compose_state in
	gone) give_up "container $1 is gone; nothing was done" ;;
	paused | removing) give_up "$2 is $compose_state by now; nothing was done" ;;
	esac
	if [ "$compose_state" = up ] && [ "$3" != up ]; then
		echo "$2 is up by itself by now; it was left alone" >&2
		return
	fi
	[ "$compose_state" != up ] || compose_not_the_last "$1" "$2"
	restarts_write_down "compose:$2"
	docker restart "$1" >&2 || give_up "docker could not restart $2"
	compose_state_of "$1"
	echo "$compose_started"
}

# compose_not_the_last ID PROJECT/SERVICE/NUMBER: give_up() where its service has other containers, and none of them is up.
compose_not_the_last() {
	compose_other_up "$1" "$2" || [ "$compose_others" = none ] || give_up "$2 is the last one that is up; nothing was done"
}
