# shellcheck shell=sh
# From a host into a container of its engine. Sent first, then a line each: a nonce, the command that is
# to go before docker or nothing, the engine's socket, the container's name, the container it must be or
# nothing, the user or nothing, and the shell text that is to run there. What comes after that is for it.

set -f
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
export LC_ALL PATH
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_API_VERSION DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_CERT_PATH

in_docker() {
	if [ -n "$in_first" ]; then
		sudo -n docker --host "unix://$in_engine" "$@"
	else
		docker --host "unix://$in_engine" "$@"
	fi
}

# Whether it runs, and is what the controller wants; if not, that says why, from the line that it was sent.
in_is_wanted() {
	case $in_found in "$in_wanted"*" running "*) ;; *) return 1 ;; esac
	case $in_found in *" /$in_name" | "$in_name "*) return 0 ;; *) return 1 ;; esac
}

in_enter() {
	IFS= read -r in_nonce && IFS= read -r in_first && IFS= read -r in_engine && IFS= read -r in_name &&
		IFS= read -r in_wanted && IFS= read -r in_user && IFS= read -r in_text || exit 1
	set -- container inspect --format '{{.Id}} {{.State.StartedAt}} {{.State.Status}} {{.Name}}' "$in_name"
	in_found=$(in_docker "$@" 2>/dev/null </dev/null) || {
		in_found=$(in_docker "$@" 2>&1 </dev/null)
		printf '\n%s no %s\n' "$in_nonce" "$(printf %s "$in_found" | tr '\n' ' ')"
		exit 1
	}
	printf '\n%s in %s\n' "$in_nonce" "$in_found"
	in_is_wanted || exit 1
	set -- exec --interactive ${in_user:+--user "$in_user"} "${in_found%% *}" sh -c "$in_text"
	[ -z "$in_first" ] || exec sudo -n docker --host "unix://$in_engine" "$@"
	exec docker --host "unix://$in_engine" "$@"
}

in_enter
