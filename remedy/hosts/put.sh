# shellcheck shell=sh disable=SC2154 # what worker.sh sets
# How a worker writes a file: built beside, compared with what came, renamed over. Sent where a change needs it.

# remedy_put PATH TEMP MODE OWNER GROUP [SIZE]: the content is on standard input; SIZE is short where it is little.
remedy_put() {
	remedy_path=$1 remedy_dir=${1%/*}
	cd -P -- "$remedy_dir/" 2>/dev/null || give_up "there is no directory $remedy_dir/"
	[ "$PWD" = "${remedy_dir:-/}" ] || give_up "$remedy_dir is reached through a symbolic link"
	remedy_size=${6-long}
	set -- "./${1##*/}" "./${2##*/}" "$3" "$4" "$5"
	[ ! -h "$1" ] || give_up "$remedy_path is a symbolic link"
	[ ! -d "$1" ] || give_up "$remedy_path is a directory"
	[ ! -e "$1" ] || [ -f "$1" ] || give_up "$remedy_path is no regular file"
	remedy_take_all
	remedy_content=$remedy_text
	set -C
	{ true >"$2"; } 2>/dev/null || give_up "cannot create a file beside $remedy_path"
	set +C
	remedy_fill "$@" && mv -f -- "$2" "$1" && { sync -- . 2>/dev/null || :; } && return
	rm -f -- "$2"
	give_up "$remedy_path is as it was: the new file could not be built beside it"
}

remedy_fill() {
	remedy_print "$remedy_content" >"$2" || return
	remedy_owners "$@" && chmod -- "$3" "$2" && { sync -- "$2" || :; } || return
	remedy_take_all <"$2"
	[ "$remedy_text" = "$remedy_content" ]
}

# Set remedy_text to all of standard input. What is short is read by a builtin as cheaply as a process is started;
# mksh's keeps not every byte.
remedy_take_all() {
	if [ "$remedy_size" = short ] && [ -z "${KSH_VERSION-}" ]; then
		remedy_text=
		while IFS= read -r remedy_line; do remedy_text=$remedy_text$remedy_line$remedy_nl; done
		remedy_text=$remedy_text$remedy_line
	else
		remedy_text=$(
			cat
			echo .
		)
		remedy_text=${remedy_text%.}
	fi
}

# Who owns the new file: as told, else as the file that is there, else the login.
remedy_owners() {
	if [ -e "$1" ]; then
		# shellcheck disable=SC2012 # only its numbers are read, and they come before the name
		remedy_line=$(ls -ldn -- "$1") || return
		remedy_owner_of "$remedy_line"
		set -- "$1" "$2" "$3" "${4:-$remedy_owner}" "${5:-$remedy_group}"
		remedy_line=$(ls -ldn -- "$2") || return
		remedy_owner_of "$remedy_line"
		[ "$4:$5" != "$remedy_owner:$remedy_group" ] || return 0
	fi
	[ -z "$4$5" ] || chown -- "$4${5:+:$5}" "$2"
}

remedy_owner_of() {
	# shellcheck disable=SC2086 # the fields of ls -ldn
	set -- $1
	remedy_owner=$3 remedy_group=$4
}
