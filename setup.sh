#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes .venv from a lock file and installs the distribution's packages; docs/setup.md has the rest.

set -euo pipefail

readonly PYTHON_LEAST=3.11
readonly PYTHON_PACKAGES="python3 python3-venv"
readonly STAMP=.ferric-stamp

usage() {
	cat <<-'END'
		Usage: ./setup.sh [ARCH…] [--tests] [--print]

		  ARCH     architectures or aliases to build for (m68k, hppa…), all, or installed
		  --tests  also what the tests need; without ARCH, every compiler that a package has
		  --print  print the packages, and neither install them nor make .venv

		It can be run again at any time; what is there already is left alone.
	END
}

die() {
	printf 'error: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf '  mend: %s\n' "$2" >&2
	exit 1
}

say() {
	printf '%s\n' "$*"
}

# ── Python ───────────────────────────────────────────────────────────────────────────────────────

# Sets $python to a Python that is new enough; fails where there is none.
find_python() {
	local name
	for name in python3 python3.13 python3.12 python3.11; do
		python=$(command -v "$name") || continue
		if "$python" -c "import sys; sys.exit(sys.version_info < (${PYTHON_LEAST/./, }))" 2>/dev/null; then
			return 0
		fi
	done
	return 1
}

# Debian's python3 comes without ensurepip, and then venv makes an environment without pip.
has_venv() {
	"$python" -c 'import venv, ensurepip' 2>/dev/null
}

require_python() {
	if ! { find_python && has_venv; }; then
		# Only the distribution's own Python gains anything from its packages.
		if can_install && [ "$(command -v python3 || echo /usr/bin/python3)" = /usr/bin/python3 ]; then
			# shellcheck disable=SC2086 # one word a package
			install_packages $PYTHON_PACKAGES
		fi
	fi
	find_python || die "no Python $PYTHON_LEAST or later on PATH" "install $PYTHON_PACKAGES (Debian)"
	has_venv || die "$python has no venv module" "install python3-venv (Debian)"
}

# What .venv has to be: this lock, this Python, this place (a moved environment does not work).
stamp_text() {
	sha256sum <"$1" || return
	"$2" -c 'import sys; print(sys.version, sys.base_prefix)' 2>/dev/null || return
	pwd
}

# Says whether .venv is whole and made from the lock file $1.  The stamp is written last, so
# without it .venv is half made.
venv_is_current() {
	local want
	[ -f ".venv/$STAMP" ] && want=$(stamp_text "$1" .venv/bin/python) &&
		[ "$want" = "$(cat ".venv/$STAMP")" ]
}

# Fills the folder $1 with an environment that has what the lock file $2 says, and nothing else.
fill_venv() {
	local folder=$1 lock=$2 output
	rm -rf "$folder"
	output=$("$python" -m venv "$folder" 2>&1) || die "$python cannot make $folder: ${output##*$'\n'}"
	"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 \
		--require-hashes --only-binary :all: -r "$lock" >&2 ||
		die "the Python packages of $lock could not be installed; pip says why above" \
			"this takes a network the first time: see that it is there and run setup.sh again"
}

make_venv() {
	local lock=requirements.lock
	# What the tests need holds all that Ferric needs: it is not taken away again.
	if [ "$tests" = yes ] || venv_is_current requirements-tests.lock; then
		lock=requirements-tests.lock
	fi
	venv_is_current "$lock" && return
	require_python
	say "making .venv from $lock with $python"
	fill_venv .venv "$lock"
	stamp_text "$lock" .venv/bin/python >".venv/$STAMP.new"
	mv ".venv/$STAMP.new" ".venv/$STAMP"
}

# Sets $python to one that can read toolchains.yaml, without changing anything in this folder.
borrow_python() {
	local reads='import pipeline.toolchains.load'
	for python in .venv/bin/python python3; do
		if "$python" -c "$reads" 2>/dev/null; then return; fi
	done
	require_python
	scratch=$(mktemp -d)
	printf '%s\n' "reading toolchains.yaml takes Python packages: a passing environment is made" >&2
	fill_venv "$scratch/venv" requirements.lock
	python=$scratch/venv/bin/python
}

# ── Packages ─────────────────────────────────────────────────────────────────────────────────────

can_install() {
	[ "$print" = no ] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "installing packages takes root, and there is no sudo" "as root: $*"
	fi
}

# Prints those of the packages that are not installed.
missing_packages() {
	local have package
	have=$(dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
	for package; do
		grep -qxF "$package installed" <<<"$have" || printf '%s\n' "$package"
	done
}

install_packages() {
	local -a missing command
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	command=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends
		"${missing[@]}")
	say "installing ${missing[*]}"
	# An apt that was killed leaves packages half configured, and refuses to go on.
	as_root dpkg --configure -a
	as_root apt-get --quiet update || say "the lists of packages are not fresh; going on with the old ones"
	as_root "${command[@]}" ||
		die "apt-get could not install ${missing[*]}; it says why above" \
			"see that the network is there and that these packages are in your distribution"
}

# ── The way through ──────────────────────────────────────────────────────────────────────────────

parse() {
	local word
	for word; do
		case $word in
		--tests) tests=yes ;;
		--print) print=yes ;;
		-h | --help) usage && exit 0 ;;
		-*) die "unknown option $word" "./setup.sh --help lists them" ;;
		*) archs+=("$word") ;;
		esac
	done
}

next_steps() {
	local arch
	arch=$(IFS=, && printf '%s' "${archs[*]:-installed}")
	say "next:  .venv/bin/scons arch=$arch$([ "$tests" = no ] || echo '   or   .venv/bin/pytest')"
	say "       .venv/bin/scons doctor   says which tools are here and which are not"
	command -v mrustc >/dev/null ||
		say "mrustc is not on PATH, and need not be: rustc takes its place (docs/transpile.md)."
}

main() {
	tests=no print=no scratch='' python=''
	archs=()
	parse "$@"
	cd -- "$(dirname -- "${BASH_SOURCE[0]}")"
	trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT
	trap 'printf "error: interrupted; run it again, it goes on from there\n" >&2; exit 130' INT TERM
	if [ "$print" = yes ]; then
		borrow_python
	else
		# Two at once would fill the same .venv: the second waits here and then finds it made.
		exec 9<setup.sh
		! command -v flock >/dev/null || flock 9
		make_venv
		exec 9<&-
		python=.venv/bin/python
	fi

	local list
	local -a asked=("${archs[@]}") packages
	[ "$tests" = no ] || asked+=(--tests)
	list=$("$python" -m pipeline.doctor.packages "${asked[@]}") || exit 1
	mapfile -t packages < <(printf '%s' "$list")
	if [ ${#packages[@]} = 0 ]; then
		say "no packages are needed"
	elif can_install; then
		install_packages "${packages[@]}"
	else
		say "install these packages (the names are Debian's):"
		printf '  %s\n' "${packages[@]}"
	fi
	[ "$print" = yes ] || next_steps
}

main "$@"
