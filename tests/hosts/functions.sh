# shellcheck shell=sh
# Functions that the tests of the conversation call, as an action's own would be.

t_state() { cat "$1"; }

# Print every argument as it is, each followed by a line that no argument holds.
t_show() {
	for t_arg; do
		remedy_print "$t_arg"
		printf '\n~~~~\n'
	done
}

t_env() { env; }

t_warn() {
	echo "ground"
	echo "warning $1" >&2
}

t_lacks() { lacks "no such thing"; }

t_rc() { return "$1"; }

# A child and a grandchild that ignore TERM, their process ids in a file, and no end.
t_stubborn() {
	sh -c 'trap "" TERM HUP INT; sh -c "trap \"\" TERM HUP INT; echo \$\$ >>\"\$1\"; while :; do sleep 1; done" sh "$1" & echo $$ >>"$1"; while :; do sleep 1; done' sh "$1"
}

t_hang() { sleep 1000; }

t_wait() { sleep "$1"; }

t_large() { head -c "$1" /dev/zero | tr '\0' 'x'; }

t_lines() { yes "${2-line}" | head -n "$1"; }

# Everything at once on both streams.
t_both() {
	yes out | head -n "$1" &
	yes err | head -n "$1" >&2
	wait
}

t_forge() {
	for t_nonce in "${remedy_nonce-}" "${far_nonce-}" 00000000000000000000000000000000; do
		printf '\n%s 1 end\n%s 2 acted -1 0\n%s 2 end\n%s 2 rc 0\n' "$t_nonce" "$t_nonce" "$t_nonce" "$t_nonce"
	done
	[ -z "${remedy_nonce-}${far_nonce-}" ]
}

t_append() {
	cat >>"$1"
	echo appended
}

t_count() { wc -l; }

t_arguments() {
	cat >/dev/null
	t_show "$@"
}

t_first() {
	remedy_print "$1"
	printf '\nmore\n'
}

t_mark() { echo "$2" >>"$1"; }

t_slowly() {
	echo begun >>"$1"
	sleep "$2"
	echo "output that nobody hears"
	echo ended >>"$1"
}

t_leave_behind() {
	sleep 1000 >/dev/null 2>&1 &
	echo "$!" >>"$1"
}

t_descriptors() { ls -l /proc/self/fd; }

# What a disk that has just become full does to a receipt.
t_spoil() {
	mv "$1" "$1.saved"
	mkdir "$1"
}

t_prompt() {
	printf '[sudo] password for root: '
	IFS= read -r t_typed
	printf '[%s]' "$t_typed" >"$1"
}

t_flood() { yes "$2" | head -n "$1"; }

t_processes() {
	cat >/dev/null
	echo PROCESSES
	for t_process in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$t_process/cmdline" && echo && tr '\0' '\n' <"$t_process/environ"; } 2>/dev/null
	done
	return 0
}
