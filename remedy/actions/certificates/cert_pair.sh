# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # what is not set here is set in the files before this one
# A certificate and its key in one directory, that change together. Both names are links to `.pair/NAME`, and `.pair` is a link
# to a directory `.pairs/ID`, ID being made of what the pair holds: another pair is one rename away, and so is the way back.

# pair_enter DIR CERT KEY: go to the directory; set pair_cert and pair_key to the names.
pair_enter() {
	cd -P -- "$1" 2>/dev/null || give_up "$1 cannot be entered"
	pair_dir=$1 pair_cert=$2 pair_key=$3
}

# pair_id_of CERT KEY: set pair_id to what tells this pair apart, "none" where one of them cannot be read.
pair_id_of() {
	pair_id=none
	[ -r "$1" ] && [ -r "$2" ] && [ -f "$1" ] && [ -f "$2" ] || return 0
	pair_id=$(cat -- "$1" "$2" | sha256sum) || give_up "sha256sum failed"
	pair_id=$(printf '%.32s' "$pair_id")
}

# pair_build CERT KEY: have a directory for this pair, the files with the owners and modes of those that are there, the key
# closed to others. Sets pair_id.
pair_build() {
	pair_id_of "$1" "$2"
	[ "$pair_id" != none ] || give_up "$1 or $2 cannot be read; nothing was done"
	pair_new=.pairs/$pair_id
	mkdir -p -m 755 .pairs || give_up "$pair_dir/.pairs cannot be made; nothing was done"
	chmod 755 .pairs
	rm -rf "$pair_new.new"
	{
		mkdir -m 755 "$pair_new.new" && cat -- "$1" >"$pair_new.new/$pair_cert" && cat -- "$2" >"$pair_new.new/$pair_key"
	} || give_up "the pair cannot be written to $pair_dir; nothing was done"
	pair_like "$pair_cert" "$pair_new.new/$pair_cert" 644
	pair_like "$pair_key" "$pair_new.new/$pair_key" 600
	rm -rf "$pair_new"
	mv -- "$pair_new.new" "$pair_new" || give_up "the pair cannot be written to $pair_dir; nothing was done"
}

# pair_like OLD NEW MODE: owner of OLD, and its mode unless that would open a key.
pair_like() {
	pair_mode=$3
	if pair_was=$(stat -L -c '%u:%g %a' -- "$1" 2>/dev/null); then
		case $3:$pair_was in 644:* | *:*0) pair_mode=${pair_was#* } ;; esac
		chown "${pair_was% *}" "$2" 2>/dev/null || [ "$(stat -c %u:%g -- "$2")" = "${pair_was% *}" ] ||
			give_up "$pair_dir/$1 belongs to another account, and only root can give it a new file; nothing was done"
	fi
	chmod "$pair_mode" "$2" || give_up "the mode of $2 cannot be set; nothing was done"
}

# Bring the pair that is there under a link, without changing what either name holds. Sets pair_id to it.
pair_adopt() {
	pair_id_of "$pair_cert" "$pair_key"
	[ "$pair_id" != none ] || give_up "there is no pair $pair_cert and $pair_key in $pair_dir that can be read"
	if [ "$(readlink .pair)" = ".pairs/$pair_id" ] && [ "$(readlink -- "$pair_cert")" = ".pair/$pair_cert" ] &&
		[ "$(readlink -- "$pair_key")" = ".pair/$pair_key" ]; then
		return
	fi
	if [ "$(readlink .pair)" != ".pairs/$pair_id" ]; then
		pair_keep
		pair_point "$pair_id"
	fi
	for pair_name in "$pair_cert" "$pair_key"; do
		[ "$(readlink -- "$pair_name")" != ".pair/$pair_name" ] || continue
		pair_rename ".pair/$pair_name" "$pair_name"
	done
}

# Keep what is there as it is: owner and mode too.
pair_keep() {
	[ ! -e ".pairs/$pair_id/$pair_key" ] || return 0
	{
		mkdir -p -m 755 .pairs && chmod 755 .pairs && rm -rf ".pairs/$pair_id.new" && mkdir -m 755 ".pairs/$pair_id.new" &&
			cp -pL -- "$pair_cert" "$pair_key" ".pairs/$pair_id.new" && mv -- ".pairs/$pair_id.new" ".pairs/$pair_id"
	} || give_up "the pair that is there cannot be kept; nothing was done"
}

# pair_point ID: from one moment to the next both names are those of this pair.
pair_point() {
	[ -e ".pairs/$1/$pair_cert" ] && [ -e ".pairs/$1/$pair_key" ] || give_up "$pair_dir/.pairs/$1 is gone"
	pair_rename ".pairs/$1" .pair
}

pair_rename() {
	rm -f -- "$2.new"
	{ ln -s -- "$1" "$2.new" && mv -fT -- "$2.new" "$2"; } || give_up "$pair_dir/$2 cannot be replaced"
}

# pair_forget ID ID: remove the kept pairs but these two.
pair_forget() {
	for pair_old in .pairs/*; do
		case $pair_old in
		".pairs/$1" | ".pairs/$2") ;;
		.pairs/*[!0-9a-f]*) ;;
		*) rm -rf -- "$pair_old" ;;
		esac
	done
}
