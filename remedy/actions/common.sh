# shellcheck shell=sh
# What every shipped function may rely on. POSIX; proven under dash, bash and busybox.
#
# The far end's contract with a function:
#   look    called as NAME ARG...; standard input is /dev/null; writes nothing on the host.
#           Prints ground lines, then a line `--`, then evidence lines. Ends 0 when it answered,
#           3 when the host lacks something (named on standard error), else "cannot tell".
#   call    called as NAME ARG...; its items come on standard input, one a line, escaped.
#           What it prints is kept as output; ends 0 when it did all of it.
# Both run in a group of their own, with LC_ALL=C, a known PATH, umask 077, in /, with `set -u`.
# `$now` is the host's own time in seconds since 1970, read once when the session began.

# Print one line for any text: a backslash becomes two, a newline becomes backslash-n.
escape() {
	case $1 in
	*[\\]* | *"
"*) ;;
	*)
		printf '%s\n' "$1"
		return
		;;
	esac
	escape_rest=$1 escape_done=
	while :; do
		case $escape_rest in
		"") break ;;
		[\\]*) escape_done="$escape_done\\\\" ;;
		"
"*) escape_done="$escape_done\\n" ;;
		*) escape_done="$escape_done${escape_rest%"${escape_rest#?}"}" ;;
		esac
		escape_rest=${escape_rest#?}
	done
	printf '%s\n' "$escape_done"
}

# Set `unescaped` to the text that `escape` made this line of.
unescape() {
	unescaped=
	case $1 in
	*[\\]*) ;;
	*)
		unescaped=$1
		return
		;;
	esac
	unescape_rest=$1
	while :; do
		case $unescape_rest in
		"") break ;;
		"\\n"*)
			unescaped="$unescaped
"
			unescape_rest=${unescape_rest#??}
			;;
		"\\\\"*)
			unescaped="$unescaped\\"
			unescape_rest=${unescape_rest#??}
			;;
		*)
			unescaped="$unescaped${unescape_rest%"${unescape_rest#?}"}"
			unescape_rest=${unescape_rest#?}
			;;
		esac
	done
}

# End a look or call because the host lacks something; the text says what.
lacks() {
	printf '%s\n' "$1" >&2
	exit 3
}

# End a look or call because it cannot go on; the text says why.
give_up() {
	printf '%s\n' "$1" >&2
	exit 1
}

# lacks() unless every named program is there.
need() {
	for need_tool; do
		command -v "$need_tool" >/dev/null 2>&1 || lacks "$need_tool is not installed"
	done
}

# lacks() where the shell's arithmetic would turn large sizes into nonsense (mksh).
need_large_numbers() {
	[ $((2147483647 + 1)) -gt 0 ] || lacks "the host's sh counts in 32 bits only; sizes need 64"
}
