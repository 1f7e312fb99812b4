# shellcheck shell=sh disable=SC2034 # what the families' files read
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

# ---------------------------------------------------------------- what several looks ask, asked at once
#
# To start a program is most of what a look costs. Before the looks of a request, the worker calls NAME_foresee with the first
# arguments of each look that has one: it says which files that look is going to ask about, and never ends. One stat, one
# sha256sum and one ls then answer for all of them. A look takes what it finds by `foreseen`, and asks by itself where there
# is nothing; the look again before a change always does.

foresee_count=0 foresee_plain='' foresee_path=''
foresee_largest_read=1048576 # bytes of a file that is read for its sum
foresee_nl='
'

# foresee PATH [sum]: PATH, and what it holds, will be asked about.
foresee() {
	[ -e "$1" ] || [ -h "$1" ] || return 0
	foresee_count=$((foresee_count + 1)) foresee_sum=
	[ "${2-}" != sum ] || ! [ -f "$1" ] || [ -h "$1" ] || ! [ -r "$1" ] || foresee_sum=wanted
	eval "foresee_path_$foresee_count=\$1 foresee_stat_$foresee_count=wanted foresee_sum_$foresee_count=\$foresee_sum"
}

# foreseen PATH: set foresee_stat to what `stat_words` prints of it, foresee_sum to its SHA-256 or "", and foresee_plain to ""
# where it may have an access list. Ends badly where it was not foreseen.
foreseen() {
	foresee_at=0
	while [ "$foresee_at" -lt "$foresee_count" ]; do
		foresee_at=$((foresee_at + 1))
		eval "foresee_path=\$foresee_path_$foresee_at foresee_stat=\$foresee_stat_$foresee_at"
		[ "$foresee_path" = "$1" ] && [ -n "$foresee_stat" ] || continue
		eval "foresee_sum=\$foresee_sum_$foresee_at"
		foresee_sum=${foresee_sum#[\\]} # before the sum of a file whose name is escaped
		foresee_sum=${foresee_sum%% *}
		return 0
	done
	return 1
}

# stat_words PATH...: a line each: DEVICE:INODE SIZE:MTIME MODE OWNER LINKS BLOCKS BLOCKSIZE
stat_words() { stat -c '%d:%i %s:%Y %a %u:%g %h %b %B' -- "$@"; }

foresee_all() {
	foresee_ask stat stat_words
	foresee_at=0
	while [ "$foresee_at" -lt "$foresee_count" ]; do
		foresee_at=$((foresee_at + 1))
		eval "foresee_size=\${foresee_stat_$foresee_at#* }"
		foresee_size=${foresee_size%%:*}
		[ "${foresee_size:-$foresee_largest_read}" -lt "$foresee_largest_read" ] || eval "foresee_sum_$foresee_at="
		eval "foresee_mode_$foresee_at=\$foresee_sum_$foresee_at"
	done
	foresee_ask sum sha256sum --
	foresee_said=
	foresee_ask mode ls -ld --
	# in whatever order: a mark after one of the modes is an access list
	case $foresee_nl$foresee_said in "$foresee_nl" | *"$foresee_nl"??????????+*) foresee_plain= ;; *) foresee_plain=1 ;; esac
}

# foresee_ask FIELD PROGRAM...: a line for each path whose FIELD is wanted becomes that; none does where one is missing.
foresee_ask() {
	foresee_field=$1 foresee_at=0 foresee_list='' foresee_numbers=''
	shift
	while [ "$foresee_at" -lt "$foresee_count" ]; do
		foresee_at=$((foresee_at + 1))
		eval "foresee_is=\$foresee_${foresee_field}_$foresee_at"
		[ "$foresee_is" = wanted ] || continue
		foresee_list="$foresee_list \"\$foresee_path_$foresee_at\"" foresee_numbers="$foresee_numbers $foresee_at"
	done
	[ -n "$foresee_list" ] || return 0
	foresee_said=$(eval "\"\$@\" $foresee_list" 2>/dev/null) || foresee_said=
	set -f
	IFS=$foresee_nl
	# shellcheck disable=SC2086 # lines
	set -- $foresee_said
	unset IFS
	set +f
	foresee_is=
	for foresee_at in $foresee_numbers; do foresee_is=x$foresee_is; done
	[ "$#" -eq "${#foresee_is}" ] || set -- # one vanished, or a name is two lines
	for foresee_at in $foresee_numbers; do
		eval "foresee_${foresee_field}_$foresee_at=\${1-}"
		[ "$#" -eq 0 ] || shift
	done
}
