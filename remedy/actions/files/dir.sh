# shellcheck shell=sh
# One directory: what it is now, making it with those above it, and back again. Read after accounts.sh.

dir_aside=.remedy-dir

# dir_make_look PATH OWNER GROUP: OWNER and GROUP "" mean: as they are, or the login's.
# Ground: what is there; of a directory its identity, mode and owner; of none the nearest directory above.
dir_make_look() {
	need stat id
	dir_wants=:
	if [ -n "$2$3" ]; then # each substitution is a process
		dir_wants=$(account_number -u "$2" passwd) || exit 3
		dir_wants=$dir_wants:$(account_number -g "$3" group) || exit 3
	fi
	if [ -h "$1" ]; then
		echo "what link"
	elif [ -d "$1" ]; then
		dir_enter "$1"
		foreseen "$1" || foresee_stat=$(stat_words .) || give_up "$1 vanished"
		# shellcheck disable=SC2086 # words
		dir_said $foresee_stat
	elif [ -e "$1" ]; then
		echo "what other"
	else
		dir_above "$1"
	fi
	echo "wants $dir_wants"
	dir_can
	echo "--"
}

# Enter a directory, or end: a link is never followed, not even in the middle.
dir_enter() {
	cd -P -- "$1" 2>/dev/null || lacks "$1 cannot be entered"
	[ "$PWD" = "$1" ] || lacks "$1 is reached through a symbolic link; name $(escape "$PWD") instead"
}

dir_make_look_foresee() { foresee "$1"; }

# dir_said IDENTITY SIZE:MTIME MODE OWNER ...
dir_said() {
	printf 'what directory\nis %s\nmode %s\nowner %s\n' "$1" "$3" "$4"
	# shellcheck disable=SC3067 # dash, bash, busybox, mksh and zsh have it; elsewhere the numbers tell
	if [ -O . ]; then dir_owner=; else dir_owner=${4%:*}; fi
}

# Print the nearest directory above PATH, and how many are to be made.
dir_above() {
	dir_base=$1 dir_count=0
	while [ -n "$dir_base" ] && ! [ -e "$dir_base" ] && ! [ -h "$dir_base" ]; do
		dir_base=${dir_base%/*} dir_count=$((dir_count + 1))
	done
	dir_base=${dir_base:-/}
	[ -d "$dir_base" ] || lacks "$dir_base is not a directory"
	[ -x "$dir_base" ] || lacks "$dir_base cannot be entered"
	dir_base_enter "$dir_base" "$1"
	printf 'what none\nbase %s %s\nto-make %s\n' "$(stat -c '%d:%i' .)" "$(escape "$dir_base")" "$dir_count"
	dir_owner=${dir_wants%:*}
}

dir_base_enter() {
	cd -P -- "$1" 2>/dev/null || lacks "$1 cannot be entered"
	[ "$PWD" = "$1" ] ||
		lacks "$1 is reached through a symbolic link; name $(escape "${PWD%/}/${2#"${1%/}"/}") instead"
}

# Whether this login may make or alter it, and give it to whom it is to belong.
dir_can() {
	dir_uid=
	for dir_one in "${dir_wants%:*}" "${dir_owner-}"; do
		[ -n "$dir_one" ] || continue
		dir_uid=${dir_uid:-$(id -u)}
		if [ "$dir_uid" -ne 0 ] && [ "$dir_one" -ne "$dir_uid" ]; then
			echo "can not-own"
			return
		fi
	done
	if [ -n "${dir_base-}" ] && ! [ -w . ]; then echo "can not-write"; else echo "can write"; fi
}

# ---------------------------------------------------------------- making, and back again

# dir_make BASE BASE_ID REST MODE OWNER GROUP: make REST, one or more directories below BASE.
# They are built aside, each as it is to be, and come into being by one rename.
dir_make() {
	need stat mkdir mv chmod chown rmdir find
	dir_begin "$1" "$2"
	dir_first=${3%%/*}
	if [ -e "./$dir_first" ] || [ -h "./$dir_first" ]; then
		give_up "${1%/}/$dir_first is there meanwhile; nothing was done"
	fi
	dir_clear
	mkdir -m 700 -- "./$dir_aside" || give_up "no directory can be made in $1; nothing was done"
	if ! dir_build "./$dir_aside" "$@" || ! mv -- "./$dir_aside/$dir_first" ./; then
		dir_clear
		give_up "it could not be made; nothing was done"
	fi
	rmdir -- "./$dir_aside" 2>/dev/null
	[ -d "./$3" ] || give_up "${1%/}/$dir_first was made by somebody else meanwhile"
}

dir_begin() {
	cd -P -- "$1" 2>/dev/null && [ "$PWD" = "$1" ] || give_up "$1 cannot be entered any more; nothing was done"
	[ "$(stat -c '%d:%i' .)" = "$2" ] || give_up "$1 is another directory now; nothing was done"
}

# What was left aside when an earlier run was cut off: directories, and nothing in them.
dir_clear() {
	[ ! -d "./$dir_aside" ] || [ -h "./$dir_aside" ] || find "./$dir_aside" -depth -type d -exec rmdir -- {} + 2>/dev/null
}

# dir_build ASIDE BASE BASE_ID REST MODE OWNER GROUP
dir_build() {
	(umask 077 && mkdir -p -- "$1/$4") || return
	dir_rest=$4
	while :; do
		[ -z "$6$7" ] || chown -- "$6${7:+:$7}" "$1/$dir_rest" || return
		chmod -- "0$5" "$1/$dir_rest" || return # five digits: or what a directory inherits stays
		case $dir_rest in */*) dir_rest=${dir_rest%/*} ;; *) return 0 ;; esac
	done
}

# dir_unmake BASE BASE_ID REST: remove REST again, deepest first, each only if it is empty.
dir_unmake() {
	need stat rmdir
	dir_begin "$1" "$2"
	dir_rest=$3
	while :; do
		dir_unmake_one "$1" "$dir_rest"
		case $dir_rest in */*) dir_rest=${dir_rest%/*} ;; *) return 0 ;; esac
	done
}

dir_unmake_one() {
	dir_up=${1%/}/$2
	dir_up=${dir_up%/*}
	cd -P -- "${dir_up:-/}" 2>/dev/null && [ "$PWD" = "${dir_up:-/}" ] || return 0 # gone already
	[ -e "./${2##*/}" ] || return 0
	rmdir -- "./${2##*/}" 2>/dev/null || give_up "$dir_up/${2##*/} is not empty; it stays"
}

# dir_set PATH ID MODE OWNER GROUP: of a directory that is there.
dir_set() {
	need stat chmod chown
	dir_begin "$1" "$2"
	[ -z "$4$5" ] || chown -- "$4${5:+:$5}" . || give_up "its owner cannot be changed"
	chmod -- "0$3" . || give_up "its mode cannot be changed"
}
