# shellcheck shell=sh
# shellcheck disable=SC2154 # engine_awk is set in docker_engine.sh; now is the session's
# Who was killed for want of memory: what the kernel wrote down, and what the Docker engine saw.

oom_event='{{.Time}}	{{.Actor.ID}}	{{index .Actor.Attributes "com.docker.compose.project"}}	{{index .Actor.Attributes "com.docker.compose.service"}}	{{index .Actor.Attributes "name"}}'
oom_state='state	{{.Id}}	{{.State.OOMKilled}}	{{.State.ExitCode}}	{{.State.FinishedAt}}	{{index .Config.Labels "com.docker.compose.project"}}	{{index .Config.Labels "com.docker.compose.service"}}	{{.Name}}'

# oom_look SINCE LIMIT PROJECT
#   LIMIT "" means none. With a PROJECT only its containers count; without one what the kernel wrote down counts too.
# Ground: how the number of kills since then stands to LIMIT. Evidence: each source's number, the newest ten, containers that ended by signal 9.
oom_look() {
	need awk
	oom_kernel=none oom_engine=none
	if oom_said_by_engine=$(oom_ask_engine "$1" 2>/dev/null); then oom_engine=seen; fi
	if [ -z "$3" ] && oom_said_by_kernel=$(oom_ask_kernel "$1"); then oom_kernel=seen; fi
	[ "$oom_kernel$oom_engine" != nonenone ] || lacks "neither the kernel's log nor a Docker engine can be read here"
	{
		[ $oom_kernel = none ] || printf '%s\n' "$oom_said_by_kernel"
		[ $oom_engine = none ] || printf '%s\n' "$oom_said_by_engine"
		grep -sH '^oom_kill [1-9]' /sys/fs/cgroup/system.slice/*/memory.events /sys/fs/cgroup/memory/system.slice/*/memory.oom_control
	} | awk -F '\t' -v since="$1" -v limit="$2" -v project="$3" -v kernel="$oom_kernel" -v engine="$oom_engine" "$engine_awk"'
	function note_down(at, text) { n++; time[n] = at; told[n] = text }
	$1 == "kernel" && $2 + 0 >= since { by_kernel++; note_down($2, $3) }
	$1 == "event" && $2 + 0 >= since && (project == "" || $4 == project) {
		by_engine++; seen[$3] = 1; note_down($2, "container " $6 " was out of memory")
	}
	$1 == "state" && (project == "" || $6 == project) { row[++rows] = $0 }
	/^\/sys\/.*oom_kill [1-9]/ { split($0, part, /:?oom_kill /); sub(/\/memory[^\/]*$/, "", part[1]); sub(/.*\//, "", part[1]); group[part[1]] = part[2] }
	END {
		for (i = 1; i <= rows; i++) {
			split(row[i], cell, "\t")
			at = epoch(cell[5])
			if (at < since) continue
			if (cell[3] == "true" && !(cell[2] in seen)) { by_engine++; note_down(at, "container " substr(cell[8], 2) " was killed for want of memory") }
			else if (cell[4] == 137 && !(cell[2] in seen)) ended = ended " " substr(cell[8], 2)
		}
		total = by_kernel + 0 > by_engine + 0 ? by_kernel : by_engine
		print "kills " (limit == "" ? "any" : total + 0 > limit + 0 ? "above" : "within")
		printf "--\ntotal %d\nkernel %s\nby_kernel %d\nengine %s\nby_engine %d\n", total, kernel, by_kernel, engine, by_engine
		if (ended != "") print "ended_by_9" ended
		for (name in group) printf "group:%s %d\n", name, group[name]
		for (i = 1; i <= 10; i++) {
			best = 0
			for (j = 1; j <= n; j++) if (time[j] >= 0 && (!best || time[j] > time[best])) best = j
			if (!best) break
			printf "kill:%d %d %s\n", i, time[best], told[best]
			time[best] = -1
		}
	}' || give_up "awk failed"
}

# Events of the engine, of which it keeps the newest few hundred, and how its containers ended.
oom_ask_engine() {
	engine_ready
	engine events --since "$1" --until "$now" --filter type=container --filter event=oom --format "event	$oom_event"
	printf '%s\n' "$engine_said"
	engine ps --all --quiet --no-trunc
	[ -n "$engine_said" ] || return 0
	# shellcheck disable=SC2086 # identities of containers, which the engine made
	engine inspect --type container --format "$oom_state" $engine_said
	printf '%s\n' "$engine_said"
}

# Lines of the kernel on processes that it killed, with their time; false where its log cannot be read.
oom_ask_kernel() {
	oom_ring=$(dmesg 2>/dev/null)
	if [ -n "$oom_ring" ]; then
		read -r oom_up _ </proc/uptime
		printf '%s\n' "$oom_ring" | awk -v boot="$((now - ${oom_up%%.*}))" '
		/ut of memory.*Killed process/ && match($0, /\[ *[0-9]+\.[0-9]+\]/) {
			at = substr($0, RSTART + 1, RLENGTH - 2); line = substr($0, RSTART + RLENGTH + 1)
			gsub(/\t/, " ", line); printf "kernel\t%d\t%s\n", boot + at, substr(line, 1, 200)
		}'
		return
	fi
	command -v journalctl >/dev/null 2>&1 || return 1
	[ -n "$(journalctl --dmesg --lines 1 --quiet --no-pager 2>/dev/null)" ] || return 1
	journalctl --dmesg --since "@$1" --output short-unix --quiet --no-pager 2>/dev/null | awk '
	/ut of memory.*Killed process/ { at = $1; sub(/^[^:]*: /, ""); gsub(/\t/, " "); printf "kernel\t%d\t%s\n", at, substr($0, 1, 200) }'
}
