#!/bin/sh
# Installs deferred-sync, from a source checkout (built first) or from the release archive.
set -eu
umask 022
export LC_ALL=C
unset CDPATH

default_target=/opt/deferred-sync
system_config=/etc/opt/deferred-sync
system_log=/var/log/deferred-sync
system_state=/var/lib/deferred-sync
original_plugins='show_version get_resources server_alive_check get_hardware_info system_upgrade ubuntu_kernel_upgrade
    dump_mysql dump_postgresql dump_mongodb dump_svn incremental_backup backup_to_remote get_remote_dir'

usage() {
    cat <<'END'
Usage: ./install.sh [TARGET] [nosudo|--no-sudo|-n] [--link|-l]
       ./install.sh --uninstall|-u [TARGET] [nosudo|--no-sudo|-n] [--purge]
       ./install.sh --demo [--keep]
       ./install.sh --help|-h | --version|-v

TARGET is an absolute path, /opt/deferred-sync unless given. Without TARGET the job
is also set up for cron.daily and logrotate, with its configuration in
/etc/opt/deferred-sync, its log in /var/log/deferred-sync, and the directories
/home/backup and /home/remote. Any other TARGET has its configuration and its log
within it.

  nosudo, --no-sudo, -n  never call sudo, which is used unless run as root
  --link, -l             make links in /etc/cron.config and /etc/cron.exec, if there
  --uninstall, -u        remove all but logs, backups and what the operator edited
  --purge                with --uninstall: remove what the operator edited, too
  --demo                 bring what is missing, build, and show a backup and a restore
  --keep                 with --demo: leave what it made, to look around in
END
}

info() { printf '[INFO] %s\n' "$1"; }
warn() { printf '[WARN] %s\n' "$1" >&2; }

fail() { # STATUS MESSAGE
    printf '[ERROR] install.sh: %s\n' "$2" >&2
    exit "$1"
}

wrong() {
    printf '[ERROR] install.sh: %s\n' "$1" >&2
    usage >&2
    exit 64
}

target=''
sudo=yes
link=no
action=install
purge=no
demo_options=''
read_options() {
    for argument; do
        case $argument in
        nosudo | --no-sudo | -n) sudo=no ;;
        --link | -l) link=yes ;;
        --uninstall | -u) action=uninstall ;;
        --purge) purge=yes ;;
        --help | -h) action=help ;;
        --version | -v) action=version ;;
        --demo) action=demo ;;
        --keep) demo_options=--keep ;;
        -*) wrong "unknown option $argument" ;;
        /*)
            [ -z "$target" ] || wrong "two targets, $target and $argument; give one"
            target=$argument
            ;;
        *) wrong "$argument is not an absolute path; give TARGET from / on" ;;
        esac
    done
    [ "$purge" = no ] || [ "$action" = uninstall ] || wrong '--purge goes with --uninstall alone'
    [ -z "$demo_options" ] || [ "$action" = demo ] || wrong '--keep goes with --demo alone'
}

check_target() {
    explicit=no
    [ -z "$target" ] || explicit=yes
    target=${target:-$default_target}
    case $target in
    *[[:cntrl:]]* | *[:\\\"\'\$\`*?[]*)
        fail 3 'TARGET has a character that Java, cron or a shell would take apart (one of : \ " '\'' $ ` * ? [ or a control character); choose another' ;;
    */../* | */.. | */./* | */.) fail 3 "TARGET $target has . or .. in it; write the plain path" ;;
    esac
    target=$(printf '%s\n' "$target" | tr -s /)
    target=${target%/}
    [ -n "$target" ] || fail 3 'TARGET is /; choose a directory of its own'
    # The default place on Linux shares /etc, /var and cron with the system; any other stands alone.
    system=no
    if [ "$target" = "$default_target" ] && [ "$(uname -s)" = Linux ]; then
        system=yes
    fi
    if [ "$system" = yes ]; then config=$system_config; else config=$target/config; fi
}

# Makes directory $1, unless there, with the modes that umask $2 leaves.
make_directory() {
    [ -d "$1" ] || (umask "$2" && mkdir -p "$1") || fail 1 "$1 cannot be made"
}

# A directory that something has been put into stays.
remove_empty() {
    for directory; do
        [ ! -d "$directory" ] || [ -h "$directory" ] || rmdir "$directory" 2>/dev/null || :
    done
}

# Puts a copy of $1 at $2 in one rename: whoever has the old file open keeps it whole. $3 is the umask, $4 x if executable.
put() {
    staged=${2%/*}/.${2##*/}.new
    rm -f "$staged"
    (umask "$3" && cat "$1" >"$staged") || fail 1 "$staged cannot be written"
    [ "${4-}" != x ] || chmod 0755 "$staged"
    mv -f "$staged" "$2"
}

# Puts a file that its operator may edit, and a copy of it in lib/shipped to tell later whether that has happened.
put_editable() { # SOURCE DESTINATION UMASK [x]
    put "$1" "$2" "$3" "${4-}"
    put "$1" "$(shipped "$2")" 022
}

shipped() {
    case $1 in
    /etc/cron.daily/*) printf '%s\n' "$target/lib/shipped/cron.daily" ;;
    /etc/logrotate.d/*) printf '%s\n' "$target/lib/shipped/logrotate.d" ;;
    *) printf '%s\n' "$target/lib/shipped/${1##*/}" ;;
    esac
}

is_edited() {
    ! cmp -s "$1" "$(shipped "$1")"
}

is_there() {
    [ -e "$1" ] || [ -h "$1" ]
}

# The directory for what an installation of the original leaves, made when first asked for.
original=''
set_aside() { # FILE PLACE
    if [ -z "$original" ]; then
        original=$target/original-$(date +%Y%m%d)
        [ ! -e "$original" ] || original=$original-$(date +%H%M%S)
    fi
    make_directory "$original/$2" 022
    cp -pP "$1" "$original/$2/"
}

is_ours() {
    grep -q '^# deferred-sync launcher' "$target/exec/deferred-sync" 2>/dev/null
}

# The original's plugins are shell code for its own loader: run as programs they would do the work a second time.
set_original_aside() {
    is_there "$target/lib/load" || { is_there "$target/exec/deferred-sync" && ! is_ours; } || return 0
    if is_there "$target/exec/deferred-sync" && ! is_ours; then
        set_aside "$target/exec/deferred-sync" exec
    fi
    if is_there "$target/lib/load"; then
        set_aside "$target/lib/load" lib
        rm -f "$target/lib/load"
    fi
    for plugin in $original_plugins; do
        for file in "$target/lib/plugins/$plugin" "$target/lib/plugins"/[0-9][0-9]_"$plugin"; do
            is_there "$file" || continue
            set_aside "$file" lib/plugins
            rm -f "$file"
        done
    done
}

# The program's own directory, complete before anything refers to it.
put_version() {
    if [ -d "$lib" ]; then fresh=no; else fresh=yes; fi
    make_directory "$lib" 022
    (cd "$here/lib/$version" && find . -type d) | while IFS= read -r directory; do
        make_directory "$lib/$directory" 022
    done
    (cd "$here/lib/$version" && find . -type f) | while IFS= read -r file; do
        cmp -s "$here/lib/$version/$file" "$lib/$file" || put "$here/lib/$version/$file" "$lib/$file" 022
    done
    make_directory "$lib/config" 022
    put "$here/config/sync.conf" "$lib/config/sync.conf" 022
    if [ "$system" = no ]; then
        sed "s|^JOBLOG=.*|JOBLOG=\$SCRIPT_HOME/log/sync.log|" "$here/config/sync.conf" >"$lib/config/sync.conf"
    fi
    put "$here/config/exclude.conf" "$lib/config/exclude.conf" 022
    [ -e "$lib/in-use" ] || : >"$lib/in-use"
}

put_hooks() {
    for hook in before after; do
        if ! is_there "$target/lib/$hook" || ! is_edited "$target/lib/$hook"; then
            put_editable "$here/lib/$hook" "$target/lib/$hook" 022 x
        fi
    done
}

put_configuration() {
    make_directory "$target/config" 022
    make_directory "$config" 022
    settings=$config/sync.conf
    for name in sync.conf exclude.conf; do
        if [ "$system" = yes ] && [ -f "$target/config/$name" ] && [ ! -h "$target/config/$name" ]; then
            if is_there "$config/$name"; then
                warn "$target/config/$name is a file of its own and stays in use; $config/$name is not read"
                continue
            fi
            (umask 027 && cat "$target/config/$name" >"$config/$name")
            rm -f "$target/config/$name"
        fi
        if [ "$name" = sync.conf ] && is_there "$config/sync.yaml" && ! is_there "$config/sync.conf"; then
            # Beside a sync.conf it would not be read.
            info "kept $config/sync.yaml; the settings as shipped are in $lib/config/sync.conf"
            settings=$config/sync.yaml
            if [ "$system" = yes ]; then
                ln -sfn "$settings" "$target/config/sync.yaml"
                remove_link "$config/sync.conf" "$target/config/sync.conf"
            fi
            continue
        fi
        if is_there "$config/$name"; then
            info "kept $config/$name; the shipped one is $lib/config/$name"
        else
            put_editable "$lib/config/$name" "$config/$name" 027
        fi
        [ "$system" = no ] || ln -sfn "$config/$name" "$target/config/$name"
    done
}

make_log() {
    if [ "$system" = yes ]; then log=$system_log; else log=$target/log; fi
    make_directory "$log" 027
    if [ ! -e "$log/sync.log" ]; then
        (umask 027 && : >>"$log/sync.log")
    fi
    check_trust "$log"
}

# What others can write, the program refuses to run from; better said now than by the first job.
check_trust() {
    if [ -n "$(find -H "$1" -prune -perm -0002 ! -perm -1000)" ]; then
        warn "$1 is writable by everyone, so the job will refuse it; run: chmod o-w $1"
    fi
}

# Starts the new version before the old one is replaced.
try_version() {
    status=0
    said=$(sh "$launcher" --version 2>&1 >/dev/null) || status=$?
    if [ "$status" -ne 0 ]; then
        rm -f "$launcher"
        [ "$fresh" = no ] || rm -rf "$lib"
        [ -z "$said" ] || printf '%s\n' "$said" >&2
        [ "$status" -ne 3 ] || exit 3
        fail 1 "the new version does not start (status $status); nothing else has been changed"
    fi
}

# Has the Java runtime lay out the classes that a small job loads, which halves their start.
list_classes() { # ARGUMENTS
    trained=$((trained + 1))
    DEFERRED_SYNC_CLASS_DATA=list sh "$launcher" "$@" || :
    mv -f "$lib/.classes.list" "$training/list.$trained"
}

make_class_data() {
    trained=0
    training=$lib/.training
    rm -rf "$training"
    (umask 077 && mkdir -p "$training/source" "$training/target" && echo file >"$training/source/file")
    (umask 077 && cat >"$training/sync.conf") <<END
BACKUPDIRS="$training/source"
BACKUPTO="$training/target"
PLUGINS="incremental_backup"
JOBLOG="$training/sync.log"
EXCLUDEFILE=
STARTSCRIPT=
ENDSCRIPT=
END
    # What a runtime that cannot do this leaves behind stays in the training directory.
    (
        cd "$training"
        export XDG_STATE_HOME="$training/state"
        list_classes --version
        list_classes --help
        list_classes -c "$training/sync.conf" run
        echo changed >"$training/source/file"
        list_classes -c "$training/sync.conf" run
        list_classes -c "$training/sync.conf" ls "$training/source"
        list_classes -c "$training/sync.conf" restore --to "$training/back" "$training/source/file"
        # The numbers in the lists differ. Classes of the oldest format, as picocli's are, can be kept only if nothing in
        # the list has them linked.
        awk '!/^@cp picocli| source: / { sub(/ id: [0-9]+$/, ""); if (!known[$0]++) print }' \
            "$training"/list.* >"$lib/.classes.list"
        DEFERRED_SYNC_CLASS_DATA="make" sh "$launcher"
    ) </dev/null >/dev/null 2>&1 || :
    if [ -s "$lib/.classes.jsa.new" ]; then
        chmod 0644 "$lib/.classes.jsa.new"
        mv -f "$lib/.classes.jsa.new" "$lib/classes.jsa"
    else
        rm -f "$lib/.classes.jsa.new" "$lib/classes.jsa"
        info 'the Java runtime makes no class-data archive, so the program starts a little slower'
    fi
    forget_training
    rm -rf "$training" "$lib/.classes.list"
}

# Root's program remembers its targets outside of them.
forget_training() {
    for entry in "$system_state"/targets/*; do
        if grep -qF "$training/" "$entry" 2>/dev/null; then
            rm -f "$entry"
        fi
    done
    remove_empty "$system_state/targets" "$system_state"
}

# Every started program holds a shared lock on the in-use file of its version.
remove_older_versions() {
    rm -rf "$target"/lib/.removed-*
    for old in "$target"/lib/*/in-use; do
        old=${old%/in-use}
        if [ "$old" = "$lib" ] || [ ! -f "$old/in-use" ]; then
            continue
        fi
        if ! command -v flock >/dev/null; then
            info "kept $old: without flock(1) it cannot be told whether a job still uses it"
        elif flock -n -x "$old/in-use" mv "$old" "$target/lib/.removed-${old##*/}"; then
            rm -rf "$target/lib/.removed-${old##*/}"
        else
            info "kept $old: a job is running from it; the next install removes it"
        fi
    done
}

put_system_files() {
    if [ -e /etc/cron.d/deferred-sync ]; then
        info 'cron.daily left out: /etc/cron.d/deferred-sync says when the job runs'
        if [ -e /etc/cron.daily/deferred-sync ] && ! is_edited /etc/cron.daily/deferred-sync; then
            rm -f /etc/cron.daily/deferred-sync
        fi
    else
        put_system_file "$here/cron/deferred-sync" /etc/cron.daily/deferred-sync x
    fi
    put_system_file "$here/cron/logrotate.d/deferred-sync" /etc/logrotate.d/deferred-sync
    for directory in /home/backup /home/remote; do
        [ ! -d "$directory" ] || continue
        make_directory "$directory" 077
        : >"$target/lib/shipped/${directory##*/}.made"
    done
}

put_system_file() { # SOURCE DESTINATION [x]
    make_directory "${2%/*}" 022
    if is_there "$2" && is_edited "$2"; then
        if [ -e "$(shipped "$2")" ]; then
            info "kept $2, which has been edited"
            return
        fi
        cmp -s "$1" "$2" || set_aside "$2" "${2%/*}"
    fi
    put_editable "$1" "$2" 022 "${3-}"
}

make_link() { # TARGET LINK
    if [ ! -d "${2%/*}" ]; then
        info "no link in ${2%/*}, which does not exist"
    elif [ -e "$2" ] && [ ! -h "$2" ]; then
        warn "kept $2, which is not a link"
    else
        ln -sfn "$1" "$2"
    fi
}

remove_link() { # TARGET LINK
    if [ -h "$2" ] && [ "$(readlink "$2")" = "$1" ]; then
        rm -f "$2"
    fi
}

for_each_link() { # make_link or remove_link
    "$1" "$config/sync.conf" /etc/cron.config/sync.conf
    "$1" "$config/exclude.conf" /etc/cron.config/exclude.conf
    "$1" "$target/exec/deferred-sync" /etc/cron.exec/deferred-sync
}

# Hands the rest to the same script as root. Building has been done by then, as the user.
become_root() {
    [ "$(id -u)" -ne 0 ] && [ "$sudo" = yes ] || return 0
    command -v sudo >/dev/null ||
        fail 3 'neither root nor sudo; run it as root, or as: ./install.sh ~/local/deferred-sync nosudo'
    exec sudo -- /bin/sh "$here/install.sh" "$@"
}

# Two installations into one place at a time would take each other's files away.
lock_target() {
    if command -v flock >/dev/null; then
        exec 8>"$target/lib/.lock"
        flock -n 8 || fail 1 "another install.sh is at work on $target; wait for it to end"
    fi
}

install_archive() {
    become_root "$@"
    lib=$target/lib/$version
    launcher=$target/exec/.deferred-sync.new
    for directory in "$target" "$target/exec" "$target/lib" "$target/lib/plugins" "$target/lib/shipped"; do
        make_directory "$directory" 022
        check_trust "$directory"
    done
    lock_target
    put_version
    (umask 022 && sed "s/@VERSION@/$version/" "$here/exec/deferred-sync" >"$launcher")
    chmod 0755 "$launcher"
    try_version
    make_class_data
    put_configuration
    put_hooks
    make_log
    set_original_aside
    # All of it is on disk before the name that makes it count. A plain sync would wait for the whole system.
    find "$lib" "$launcher" -type f -exec sync {} + 2>/dev/null || sync
    mv -f "$launcher" "$target/exec/deferred-sync"
    if [ "$system" = yes ] && [ "$explicit" = no ]; then
        put_system_files
    fi
    [ "$link" = no ] || for_each_link make_link
    remove_older_versions
    [ -z "$original" ] || info "what was there of the original is in $original"
    info "installed deferred-sync ${version%-*} in $target; its configuration is $settings"
}

install_checkout() {
    build
    staged=$here/target/install
    rm -rf "$staged"
    mkdir -p "$staged"
    tar -xzf "$here/target/deferred-sync-$(checkout_version).tar.gz" -C "$staged"
    status=0
    sh "$staged/deferred-sync-$(checkout_version)/install.sh" "$@" || status=$?
    rm -rf "$staged"
    exit "$status"
}

checkout_version() {
    sed -n 's:^ *<version>\(.*\)</version>.*:\1:p' "$here/pom.xml" | sed 1q
}

# The JDK to build with: the user's own choice, else the newest.
jdk=''
find_jdk() {
    newest=0
    for candidate in "${JAVA_HOME:-/nowhere}" /usr/lib/jvm/*; do
        if [ ! -x "$candidate/bin/javac" ] || [ ! -r "$candidate/release" ]; then
            continue
        fi
        number=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release")
        if [ "${number:-0}" -ge 17 ] && [ "$number" -gt "$newest" ]; then
            newest=$number jdk=$candidate
            [ "$candidate" != "${JAVA_HOME-}" ] || return 0
        fi
    done
    [ -n "$jdk" ]
}

# Maven's own libraries make JDK 24 and newer warn.
quiet_maven() {
    maven_options=${MAVEN_OPTS-}
    if [ "$newest" -ge 24 ]; then
        maven_options="$maven_options --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED"
    fi
}

build() {
    if ! command -v mvn >/dev/null || ! find_jdk; then
        fail 3 'building takes Maven and a JDK of 17 or newer; install them (Debian, Ubuntu: apt-get install maven default-jdk-headless), or use the release archive, which needs only a JRE'
    fi
    quiet_maven
    info 'building; the first time, Maven fetches what it needs'
    (cd "$here" && rm -f target/deferred-sync-*.tar.gz &&
        JAVA_HOME=$jdk MAVEN_OPTS="$maven_options" mvn -B -q -Dstyle.color=never -Dmaven.test.skip=true -Dlint=false package </dev/null) ||
        fail 1 'the build has failed; what Maven says is above'
}

demo() {
    [ -f "$here/src/test/demo" ] || fail 3 '--demo works from a source checkout alone'
    "$here/src/test/bring" jdk maven rsync
    build
    exec sh "$here/src/test/demo" "$here/target/deferred-sync-$(checkout_version).tar.gz" $demo_options
}

# What stays, stays with its shipped copy, by which the next install knows it.
remove_editable() { # FILE
    if [ "$purge" = no ] && is_there "$1" && is_edited "$1"; then
        info "kept $1, which has been edited"
    else
        rm -f "$1" "$(shipped "$1")"
    fi
}

uninstall() {
    become_root "$@"
    [ -d "$target/lib/shipped" ] || fail 1 "nothing is installed in $target"
    lock_target
    for directory in "$target"/lib/*/in-use; do
        [ -f "$directory" ] || continue
        ! command -v flock >/dev/null || flock -n -x "$directory" true ||
            fail 1 "a job is running from ${directory%/in-use}; uninstall when it has ended"
    done
    if [ "$system" = yes ]; then
        remove_editable /etc/cron.daily/deferred-sync
        remove_editable /etc/logrotate.d/deferred-sync
        [ ! -e /etc/cron.d/deferred-sync ] || info '/etc/cron.d/deferred-sync stays, as install.sh did not make it'
    fi
    for_each_link remove_link
    rm -f "$target/exec/deferred-sync" "$target/exec/.deferred-sync.new"
    for directory in "$target"/lib/*/in-use; do
        [ ! -f "$directory" ] || rm -rf "${directory%/in-use}"
    done
    for name in sync.conf exclude.conf; do
        remove_editable "$config/$name"
        [ ! -h "$target/config/$name" ] || [ -e "$target/config/$name" ] || rm -f "$target/config/$name"
    done
    remove_editable "$target/lib/before"
    remove_editable "$target/lib/after"
    if [ "$purge" = yes ]; then
        [ "$system" = no ] || rm -rf "$system_state"
        rm -rf "$config" "$target/config" "$target/lib/plugins" "$target"/original-[0-9]*
    fi
    for directory in /home/backup /home/remote; do
        made=$target/lib/shipped/${directory##*/}.made
        [ ! -e "$made" ] || remove_empty "$directory"
        rm -f "$made"
    done
    rm -rf "$target"/lib/.removed-* "$target/lib/.lock"
    remove_empty "$target/lib/plugins" "$target/lib/shipped" "$target/lib" "$target/exec" "$target/config" "$config" "$target"
    info "deferred-sync is gone from $target; logs and backups are where they were"
}

here=$(cd -P -- "$(dirname -- "$0")" && pwd -P)
read_options "$@"
if [ -f "$here/pom.xml" ]; then
    version=$(checkout_version)
else
    version=$(cd "$here/lib" && ls -d [0-9]*-[0-9]*)
fi
case $action in
help)
    usage
    exit
    ;;
version)
    printf 'deferred-sync %s\n' "${version%-*}"
    exit
    ;;
demo) demo ;;
esac
check_target
case $action in
uninstall) uninstall "$@" ;;
*) if [ -f "$here/pom.xml" ]; then install_checkout "$@"; else install_archive "$@"; fi ;;
esac
