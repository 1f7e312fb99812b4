# shellcheck shell=sh
# A program with its arguments: whether it is wanted, and running it. No text of it is ever read by a shell.

# command_look CWD PROGRAM GUARD [ARG...]
#   GUARD is none, unless or only_if; then the ARGs are a program that only reads, and its arguments.
# Ground: which program it is, and what the guard says by its exit code: 0 is yes, another is no.
command_look() {
	cd -P -- "$1" 2>/dev/null || lacks "there is no directory $1 to run it in"
	command_find "$2" || lacks "$2 is not installed, or is no program"
	echo "program $(escape "$command_found")"
	command_guard=$3
	shift 3
	case $command_guard in none) printf 'guard none\n--\n' ;; *) command_ask "$@" ;; esac
}

command_ask() {
	command_find "$1" || lacks "$1, which says whether it is wanted, is not installed, or is no program"
	shift
	"$command_found" "$@" </dev/null >/dev/null 2>&1
	command_code=$?
	case $command_code in
	0) echo "guard yes" ;;
	12[67]) lacks "$command_found cannot be run" ;;
	*)
		[ "$command_code" -le 128 ] || give_up "$command_found was ended by signal $((command_code - 128))"
		echo "guard no"
		;;
	esac
	printf '%s\ncode %s\n' -- "$command_code"
}

# Set command_found to the file of a program: a name with a slash is never a function, a builtin or a keyword.
command_find() {
	case $1 in
	*/*)
		command_found=$1
		[ -f "$1" ] && [ -x "$1" ]
		return
		;;
	esac
	command_rest=$PATH:
	while [ -n "$command_rest" ]; do
		command_found=${command_rest%%:*}/$1
		command_rest=${command_rest#*:}
		case $command_found in /*) ;; *) continue ;; esac
		[ ! -f "$command_found" ] || [ ! -x "$command_found" ] || return 0
	done
	return 1
}

# command_run CWD PROGRAM [ARG...]: nothing to read from, nobody to ask.
command_run() {
	cd -P -- "$1" 2>/dev/null || give_up "there is no directory $1 to run it in; nothing was done"
	command_find "$2" || give_up "$2 is not installed; nothing was done"
	shift 2
	umask 022
	"$command_found" "$@" </dev/null
	command_code=$?
	[ "$command_code" -eq 0 ] || printf 'it ended with exit code %s\n' "$command_code" >&2
	return "$command_code"
}
