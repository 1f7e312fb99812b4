# shellcheck shell=sh disable=SC2154
# Brings files back from the quarantine. Read after files_take.sh, whose moves it turns round.

# files_restore ROOT ROOT_ID STORE: bring the items back from STORE, over nothing that is there now.
files_restore() {
	files_begin "$@"
	files_each files_flush_restore
	[ ! -d "$3" ] || find "$3" -depth -type d -exec rmdir -- {} + 2>/dev/null
	echo "brought back $files_taken files; $files_gone were not in the quarantine"
	[ "$files_failed" -eq 0 ] || give_up "$files_failed files could not be brought back"
}

files_flush_restore() {
	if ! files_enter_batch || ! files_enter_aside "$files_aside"; then
		files_fail "$files_in/" "the directory cannot be entered or written"
		return
	fi
	files_source=$files_store${files_here#"$files_root"}
	IFS=$files_nl
	set -f
	# shellcheck disable=SC2086 # lines
	files_back_those $files_batch
	set +f
	unset IFS
	files_leave_aside "$files_aside"
}

files_back_those() {
	files_lines=$*
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		set -- "$@" "../$files_base" "./$files_base"
	done
	files_stat "$@"
	set --
	for files_line in $files_lines; do
		files_split "$files_line"
		if [ -e "../$files_base" ] || [ -h "../$files_base" ]; then
			files_back_there
		elif files_is "./$files_base"; then
			mv -n -- "./$files_base" ../ && files_taken=$((files_taken + 1))
		elif [ -e "$files_source/$files_base" ]; then
			set -- "$@" "./$files_base"
		else
			files_gone=$((files_gone + 1))
		fi
	done
	[ $# -eq 0 ] || files_bring "$@"
}

# Something has the name already: the file itself, which may have been brought back before, or another.
files_back_there() {
	if [ -e "$files_source/$files_base" ]; then
		if cmp -s -- "../$files_base" "$files_source/$files_base"; then
			rm -f -- "$files_source/$files_base" && files_taken=$((files_taken + 1))
			return
		fi
	else
		case $files_seen in
		*":${files_id#*:*:} ../$files_base//"*)
			files_gone=$((files_gone + 1))
			return
			;;
		esac
	fi
	files_fail "$files_base" "another file has its name now"
}

# Copy ./NAME... from the quarantine to here, compare, and move each up to its own name.
files_bring() {
	if ! (files_go "$files_source" && files_copy "$files_here/$files_aside" "$@"); then
		rm -f -- "$@"
		for files_name; do files_fail "$files_name" "it could not be copied back"; done
		return
	fi
	mv -n -- "$@" ../
	for files_name; do
		if [ -e "$files_name" ]; then
			files_fail "$files_name" "another file has its name now"
		else
			rm -f -- "$files_source/$files_name"
			files_taken=$((files_taken + 1))
		fi
	done
}
