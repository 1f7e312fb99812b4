# shellcheck shell=sh
# A queue that is too long, on purpose: so many equal jobs in a Redis list, and what is left of them taken out again.

# fault_queue_look PROJECT SERVICE PORT DATABASE KEY PASSWORD JOBS JOB
# Ground: whether so many jobs wait already, and whether any of ours does. Evidence: how many wait, how many are ours.
fault_queue_look() {
	queue_reach "$1" "$2" "$3" "$4" "$6"
	# shellcheck disable=SC2016 # Lua
	queue_said=$(queue_cli EVAL "$fault_queue_count"' return redis.call("LLEN", KEYS[1]) .. " " .. mine' 1 "$5" "$8" 2>&1) || :
	queue_said=${queue_said#\"} queue_said=${queue_said%\"}
	queue_numbers "$queue_said"
	if [ "${queue_said% *}" -ge "$7" ]; then echo "length enough"; else echo "length short"; fi
	if [ "${queue_said#* }" -gt 0 ]; then echo "ours some"; else echo "ours none"; fi
	printf -- '--\nwaiting %s\nours %s\n' "${queue_said% *}" "${queue_said#* }"
}

# Counts the jobs that are equal to ARGV[1].
fault_queue_count='local mine = 0
for _, job in ipairs(redis.call("LRANGE", KEYS[1], 0, -1)) do if job == ARGV[1] then mine = mine + 1 end end'

# fault_queue_fill PROJECT SERVICE PORT DATABASE KEY PASSWORD JOBS JOB: have so many of our jobs wait; in one step, whole or not at all.
fault_queue_fill() {
	queue_reach "$1" "$2" "$3" "$4" "$6"
	queue_said=$(queue_cli EVAL "$fault_queue_count"'
		for n = mine + 1, tonumber(ARGV[2]) do redis.call("RPUSH", KEYS[1], ARGV[1]) end
		return redis.call("LLEN", KEYS[1])' 1 "$5" "$8" "$7" 2>&1) || :
	queue_numbers "$queue_said"
	echo "$queue_said"
}

# fault_queue_drain PROJECT SERVICE PORT DATABASE KEY PASSWORD JOB: take out what is left of our jobs, and no other.
fault_queue_drain() {
	queue_reach "$1" "$2" "$3" "$4" "$6"
	queue_said=$(queue_cli LREM "$5" 0 "$7" 2>&1) || :
	queue_numbers "$queue_said"
	echo "$queue_said"
}
