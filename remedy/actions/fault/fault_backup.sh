# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what the files before this one set
# The newest backup spoilt, on purpose: another file under its name, and the original kept beside under a hidden one.

fault_backup_aside=.remedy-fault- # before the name

# fault_backup_look DIR MATCH DATABASE
# Ground: the directory, the newest good backup, and the one that is spoilt by us already.
fault_backup_look() {
	need stat awk sort readlink
	backup_enter "$1"
	backup_list "$2"
	fault_backup_newest=none fault_backup_ours=none
	while read -r backup_line; do
		[ -n "$backup_line" ] || continue
		backup_split "$backup_line"
		[ "$backup_why,$backup_of,$backup_kind" = "ok,$3,backup" ] || continue
		fault_backup_newest="$backup_file $backup_sha"
		break
	done <<-END
		$backup_all
	END
	for fault_backup_one in "$fault_backup_aside"*; do
		[ -f "$fault_backup_one" ] || continue
		[ "$fault_backup_one" -ef "${fault_backup_one#"$fault_backup_aside"}" ] && continue # cut off before it was spoilt
		fault_backup_ours=${fault_backup_one#"$fault_backup_aside"}
	done
	printf 'dir %s\nnewest %s\nours %s\n--\n' "$backup_dir_id" "$fault_backup_newest" "$fault_backup_ours"
}

# fault_backup_spoil DIR DIR_ID NAME SHA256 HOW
fault_backup_spoil() {
	need stat cp mv ln dd head sha256sum
	backup_enter "$1"
	[ "$backup_dir_id" = "$2" ] || give_up "$1 is another directory now; nothing was done"
	fault_backup_kept=$fault_backup_aside$3
	if [ -e "$fault_backup_kept" ] && ! [ "$fault_backup_kept" -ef "$3" ]; then return 0; fi
	backup_sum=$(sha256sum <"$3") && [ "${backup_sum%% *}" = "$4" ] || give_up "$3 is another now; nothing was done"
	[ -e "$fault_backup_kept" ] || ln -- "$3" "$fault_backup_kept" || give_up "$3 cannot be kept; nothing was done"
	fault_backup_half=$(($(stat -c %s -- "$3") / 2))
	case $5 in
	garbled)
		cp -p -- "$3" .remedy-spoilt &&
			printf 'remedy drill' | dd of=.remedy-spoilt bs=1 seek="$fault_backup_half" conv=notrunc 2>/dev/null
		;;
	truncated) head -c "$fault_backup_half" -- "$3" >.remedy-spoilt ;;
	empty) : >.remedy-spoilt ;;
	esac || give_up "$3 cannot be spoilt"
	touch -r "$3" -- .remedy-spoilt || give_up "$3 cannot be spoilt"
	mv -f -- .remedy-spoilt "$3" || give_up "$3 cannot be spoilt"
}

# fault_backup_mend DIR DIR_ID NAME: the original under its name again; where there is none kept, nothing is done.
fault_backup_mend() {
	backup_enter "$1"
	[ "$backup_dir_id" = "$2" ] || give_up "$1 is another directory now; nothing was done"
	rm -f -- .remedy-spoilt
	[ -e "$fault_backup_aside$3" ] || return 0
	if [ "$fault_backup_aside$3" -ef "$3" ]; then
		rm -f -- "$fault_backup_aside$3" # mv would leave both names of one file
	else
		mv -f -- "$fault_backup_aside$3" "$3"
	fi
}
