# shellcheck shell=sh
# What uses a host's memory and processors. Processes are told by the name the kernel has for them; their arguments, which may hold
# secrets, are never read.

# usage_memory KIND LIMIT COUNT
#   KIND is bytes, parts (hundredths of a percent) or none. Within a control group with a limit of its own, what that leaves counts.
# Ground: how what is available stands to LIMIT. Evidence: bytes, pressure, and the COUNT largest processes.
usage_memory() {
	need awk cat
	[ -r /proc/meminfo ] || lacks "/proc is not mounted"
	usage_limits='' usage_groups=/sys/fs/cgroup
	if [ -r $usage_groups/memory.max ]; then
		read -r usage_most <$usage_groups/memory.max
		read -r usage_used <$usage_groups/memory.current
		usage_limits="limit $usage_most $usage_used" usage_stat=$usage_groups/memory.stat
	elif [ -r $usage_groups/memory/memory.limit_in_bytes ]; then
		read -r usage_most <$usage_groups/memory/memory.limit_in_bytes
		read -r usage_used <$usage_groups/memory/memory.usage_in_bytes
		usage_limits="limit $usage_most $usage_used" usage_stat=$usage_groups/memory/memory.stat
	fi
	{
		printf '%s\n' "$usage_limits"
		[ -z "$usage_limits" ] || cat "$usage_stat"
		cat /proc/meminfo /proc/pressure/memory 2>/dev/null
		cat /proc/[0-9]*/status 2>/dev/null
	} | awk -v kind="$1" -v limit="$2" -v count="$3" '
	$1 == "limit" { most = $2; used = $3 }
	$1 == "inactive_file" || $1 == "total_inactive_file" { spare = $2 }
	$1 ~ /^(MemTotal|MemFree|MemAvailable|Buffers|Cached|SwapTotal|SwapFree):$/ { mem[$1] = $2 * 1024 }
	$1 == "some" && !psi { psi = 1; sub(/avg10=/, "", $2); sub(/avg60=/, "", $3); psi_10 = $2; psi_60 = $3 }
	$1 == "Name:" { name = substr($0, 7) }
	$1 == "Pid:" { pid = $2 }
	$1 == "Uid:" { uid = $2 }
	$1 == "VmRSS:" { n++; rss[n] = $2 * 1024; of[n] = pid " " uid " " name }
	END {
		total = mem["MemTotal:"]
		if (total == 0) { print "the kernel does not say how much memory there is" > "/dev/stderr"; exit 1 }
		free = "MemAvailable:" in mem ? mem["MemAvailable:"] : mem["MemFree:"] + mem["Buffers:"] + mem["Cached:"]
		if (most + 0 > 0 && most < total) {
			own = 1; total = most; left = most - used + spare
			if (left < 0) left = 0
			if (left < free) free = left
		}
		low = kind == "bytes" ? free < limit + 0 : free * 10000 < limit * total
		print "available " (kind == "none" ? "any" : low ? "below" : "at-least")
		printf "--\nlimited %s\ntotal_bytes %.0f\navailable_bytes %.0f\n", own ? "yes" : "no", total, free
		printf "swap_bytes %.0f\nswap_free_bytes %.0f\n", mem["SwapTotal:"], mem["SwapFree:"]
		if (psi) printf "pressure_10s %s\npressure_60s %s\n", psi_10, psi_60
		for (i = 1; i <= count; i++) {
			best = 0
			for (j = 1; j <= n; j++) if (rss[j] > 0 && (!best || rss[j] > rss[best])) best = j
			if (!best) break
			printf "top:%d %.0f %s\n", i, rss[best], of[best]
			rss[best] = 0
		}
	}' || give_up "memory cannot be told"
}

# usage_cpu KIND LIMIT SECONDS COUNT
#   KIND is busy (LIMIT in hundredths of a percent of all processors, over SECONDS), load (in percent of the processors), or none.
# Ground: how that stands to LIMIT. Evidence: shares over those SECONDS, load, pressure, and the COUNT busiest processes.
usage_cpu() {
	need awk cat sleep
	{ [ -r /proc/stat ] && [ -r /proc/loadavg ]; } || lacks "/proc is not mounted"
	{
		usage_ticks first
		sleep "$3"
		usage_ticks second
		printf 'load '
		cat /proc/loadavg
		for usage_what in cpu io; do
			[ ! -r "/proc/pressure/$usage_what" ] || while read -r usage_line; do echo "pressure $usage_what $usage_line"; done <"/proc/pressure/$usage_what"
		done
	} | awk -v kind="$1" -v limit="$2" -v count="$4" '
	$1 == "round" { second = $2 == "second"; next }
	$1 == "load" { load = $2; five = $3; fifteen = $4; next }
	$1 == "pressure" { if ($3 == "some") { sub(/avg60=/, "", $5); psi[$2] = $5 }; next }
	$1 == "cpu" {
		sign = second ? 1 : -1
		for (i = 2; i <= 9; i++) all += sign * $i
		idle += sign * $5; waits += sign * $6; stolen += sign * $9
		next
	}
	/^cpu[0-9]/ { if (second) processors++; next }
	/^[0-9]+ \(/ {
		rest = $0
		while ((at = index(rest, ")")) > 0) rest = substr(rest, at + 1)
		split(rest, field, " ")
		who = $1 " " field[20] # the number, and when it began
		ticks = field[12] + field[13]
		if (!second) before[who] = ticks
		else {
			name = substr($0, index($0, "(") + 1); name = substr(name, 1, length(name) - length(rest) - 1)
			n++; used[n] = ticks - before[who]; of[n] = $1 " " name
		}
	}
	END {
		if (all <= 0 || !processors) { print "the kernel counts no ticks" > "/dev/stderr"; exit 1 }
		busy = all - idle - waits
		high = kind == "busy" ? busy * 10000 > limit * all : load * 100 > limit * processors
		print "processors " (kind == "none" ? "any" : high ? "above" : "within")
		printf "--\ncount %d\nbusy_parts %d\nwaiting_parts %d\nstolen_parts %d\n", processors, busy * 10000 / all, waits * 10000 / all, stolen * 10000 / all
		printf "load %s %s %s\nload_parts %d\n", load, five, fifteen, load * 10000 / processors
		for (what in psi) printf "pressure_%s_60s %s\n", what, psi[what]
		for (i = 1; i <= count; i++) {
			best = 0
			for (j = 1; j <= n; j++) if (used[j] > 0 && (!best || used[j] > used[best])) best = j
			if (!best) break
			printf "top:%d %d %s\n", i, used[best] * 10000 * processors / all, of[best]
			used[best] = 0
		}
	}' || give_up "the processors cannot be told"
}

usage_ticks() {
	echo "round $1"
	while read -r usage_line; do
		case $usage_line in cpu*) echo "$usage_line" ;; *) break ;; esac
	done </proc/stat
	cat /proc/[0-9]*/stat 2>/dev/null
}
