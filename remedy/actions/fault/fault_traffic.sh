# shellcheck shell=sh
# shellcheck disable=SC2154 # fault_pids is set in fault_marked.sh
# A fault for drills: an address that is asked again and again, by a shell of its own that ends by itself.

# The program of that shell, given URL and SECONDS: ten at once at most, none waited for longer than ten seconds. Its time is over by
# the clock, however long the answers take.
# shellcheck disable=SC2016 # expanded by that shell
fault_asker='one() {
	if command -v curl; then exec curl -q -g -k -s -o /dev/null --max-time 10 --proto "=http,https" -- "$1"; fi
	command -v wget || set -- "$1" busybox
	exec timeout 10 $2 wget -q --no-check-certificate -O /dev/null -- "$1"
}
n=0 end=$(($(date +%s) + $2))
while [ "$(date +%s)" -lt "$end" ]; do
	one "$1" >/dev/null 2>&1 &
	n=$((n + 1))
	[ $((n % 10)) -gt 0 ] || wait
	sleep 0.2 2>/dev/null || sleep 1
done'

# fault_traffic_look MARK
# Ground: whether the shell that asks is there: none or there. Evidence: its process.
fault_traffic_look() {
	need grep tail tr sed date sleep setsid
	[ -r /proc/self/cmdline ] || lacks "/proc is not mounted"
	command -v curl >/dev/null 2>&1 || need timeout
	{ command -v curl || command -v wget || busybox wget --help; } >/dev/null 2>&1 || lacks "neither curl nor wget is installed"
	fault_marked "$1"
	if [ -n "$fault_pids" ]; then echo "traffic there"; else echo "traffic none"; fi
	printf -- '--\nshells%s\n' "${fault_pids:- none}"
}

# fault_traffic_begin URL SECONDS MARK: have the address asked from now on, and see the shell that does.
fault_traffic_begin() {
	fault_marked "$3"
	[ -z "$fault_pids" ] || return 0
	setsid sh -c "$fault_asker" "$3" "$1" "$2" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	fault_turns=0
	until fault_marked "$3" && [ -n "$fault_pids" ]; do
		fault_turns=$((fault_turns + 1))
		[ "$fault_turns" -le 50 ] || give_up "no shell could be started that asks"
		sleep 0.2 2>/dev/null || sleep 1
	done
}
