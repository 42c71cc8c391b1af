#!/bin/sh
# Brings home what a crash of this host has left: the crashed kernel's log, and its dump.
#
# step=survey lists the files that were written since the interrupt. step=send fetches a
# manifest and sends the parts that it asks for, each to the URL that is signed for it.
# The last line of the output is the answer, as JSON. The host needs no credentials.
#
# POSIX sh, with stat, dd, od, sha256sum, and curl or GNU wget. People read it before they
# let it run as root. It changes nothing but folders of its own, which it removes.
#
# It trusts neither the host's other users nor the manifest. It sends a file only if the
# survey would list it, and sends it only to a URL.

# shellcheck disable=SC2046 # what stat and df are asked for are numbers, and are to be split
set -u
umask 077
LC_ALL=C
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The agent gives the parameters in the environment. One from before 3.3.2746.0 puts them
# into this text instead; their patterns in the document keep quotes out of them.
if [ -z "${SSM_step+x}" ]; then
  SSM_step='{{ step }}'
  SSM_since='{{ since }}'
  SSM_manifestUrl='{{ manifestUrl }}'
  SSM_seconds='{{ seconds }}'
  SSM_rate='{{ rate }}'
  SSM_directory='{{ directory }}'
fi

etc=/etc      # where kdump's configuration is
max_files=8   # MaxFiles of package dump
max_skipped=16
max_tries=3   # of a part: a connection that breaks is tried again
settled=10    # seconds for which a file must not have been written
work=         # our own folder, once there is one
away=         # another one, when a part does not fit into that
part=         # the file of the part that is being sent
cached=       # has dd leave nothing of what it reads in the page cache, where it can

say() { printf 'crashcart: %s\n' "$*" >&2; }
# now is in seconds since the boot. The clock may be set while we work, as it is after one.
now() { cut -d . -f 1 /proc/uptime; }
number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }
have() { command -v "$1" >/dev/null 2>&1; }

# plain refuses a path that would have to be quoted in JSON.
plain() {
  case $1 in
  *[!A-Za-z0-9._:@+/-]* | */../* | */./* | */.. | *//*) return 1 ;;
  /*) [ ${#1} -le 255 ] ;;
  *) return 1 ;;
  esac
}

# plain_url takes what dump.PlainURL does. curl would write to a file://.
plain_url() {
  case $1 in
  *[!A-Za-z0-9._~:/?\&=%+-]*) return 1 ;;
  http://?* | https://?*) ;;
  *) return 1 ;;
  esac
}

gentle() {
  renice -n 19 -p $$ >/dev/null 2>&1 || true
  ionice -c 3 -p $$ >/dev/null 2>&1 || true
  # What the host works with stays in memory, and our gigabytes do not. Only GNU's dd can.
  ! dd if=/dev/null of=/dev/null iflag=nocache 2>/dev/null || cached=iflag=nocache
}

### What there is

# places are the folders in which a kernel's dump may have been put, besides the parameter:
# those of Red Hat's kdump.conf, Debian's kdump-tools, SUSE's kdump, and abrt.
places() {
  printf '%s\n' "$SSM_directory" /var/spool/abrt
  sed -n 's/^path[[:space:]]\{1,\}\(\/[^[:space:]]*\)[[:space:]]*$/\1/p' "$etc/kdump.conf" 2>/dev/null
  sed -n 's/^KDUMP_COREDIR=["'\'']\{0,1\}\(\/[^"'\'']*\).*$/\1/p' "$etc/default/kdump-tools" 2>/dev/null
  sed -n 's/^KDUMP_SAVEDIR=["'\'']\{0,1\}\(file:\/\/\)\{0,1\}\(\/[^"'\'']*\).*$/\2/p' "$etc/sysconfig/kdump" 2>/dev/null
}

# owned says that nobody but us can have put something there. /var/crash itself is open to
# every user on Ubuntu, so a folder in it proves nothing by its place.
owned() {
  [ ! -L "$1" ] || return 1
  set -- $(stat -c '%u %a' "$1" 2>/dev/null) || return 1
  { [ $# -eq 2 ] && [ "$1" = "$uid" ]; } || return 1
  case $2 in *[2367]? | *[2367]) return 1 ;; esac
}

# name_kind sets what to what a file is by its name: empty when it is none of ours, and
# "incomplete" when its writer has not finished it. SUSE numbers the pieces of a split dump.
name_kind() {
  case $1 in
  vmcore*incomplete* | dump*incomplete* | dmesg*incomplete* | vmcore*.tmp | vmcore*.part | dump.*.tmp | dump.*.part) what=incomplete ;;
  vmcore-dmesg.txt | dmesg.txt | dmesg.[0-9]*) what=dmesg ;;
  vmcore | vmcore.* | vmcore[0-9] | vmcore[0-9][0-9] | dump.[0-9]*) what=dump ;;
  *) what= ;;
  esac
}

bytes() { od -An -v -tx1 -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' \n'; }

# whole reads the first and last bytes of a dump: "", or why it is not one.
whole() {
  case $(bytes "$1" 0 16) in
  6d616b6564756d7066696c6500000000) # flattened: "makedumpfile"; its last record says that it is the last
    [ "$(tail -c 16 "$1" | od -An -v -tx1 | tr -d ' \n')" = ffffffffffffffffffffffffffffffff ] || { echo incomplete; return; }
    # The dump's own header is behind one of 4,096 bytes and one of 16.
    case $(bytes "$1" 4112 8) in
    4b44554d50202020) unfinished "$(bytes "$1" 4536 1)" ;;
    7f454c46*) unfinished_elf "$(bytes "$1" 4160 1)" ;;
    esac
    ;;
  4b44554d50202020* | 4449534b44554d50*) # "KDUMP   ", "DISKDUMP"
    # The sizes of a block, and in blocks of the second header and of the bitmaps. The pages follow.
    set -- "$1" "$2" $(od -An -v -tu4 -j 428 -N 12 "$1" 2>/dev/null)
    { [ $# -eq 5 ] && [ "$2" -gt 4096 ] && [ "$2" -gt $(($3 * (1 + $4 + $5))) ]; } || { echo incomplete; return; }
    unfinished "$(bytes "$1" 424 1)"
    ;;
  7f454c460201*) # ELF of 64 bits
    whole_elf "$1" "$2" || { echo incomplete; return; }
    unfinished_elf "$(bytes "$1" 48 1)"
    ;;
  1f8b* | 425a68* | fd377a585a00* | 28b52ffd* | 04224d18* | 894c5a4f*) ;; # gzip, bzip2, xz, zstd, lz4, lzop
  *) echo not-a-dump ;;
  esac
}

# unfinished reads the lowest byte of a dump's status: 0x08 is DUMP_DH_COMPRESSED_INCOMPLETE
# of makedumpfile.
unfinished() { case $1 in ?[89abcdef]) echo incomplete ;; esac; }

# unfinished_elf reads the lowest byte of the flags: 1 is makedumpfile's DUMP_ELF_INCOMPLETE.
unfinished_elf() { case $1 in ?[13579bdf]) echo incomplete ;; esac; }

# whole_elf says whether all segments of a dump are within its size.
whole_elf() { # path, size
  size=$2 segments=$(($(od -An -v -tu2 -j 56 -N 2 "$1")))
  [ "$segments" -gt 0 ] || return 1
  [ "$segments" -le 4096 ] || return 0 # the number is elsewhere
  set -- $(od -An -v -tu8 -j $(($(od -An -v -tu8 -j 32 -N 8 "$1"))) -N $((56 * segments)) "$1")
  [ $# -eq $((7 * segments)) ] || return 1
  while [ $# -gt 0 ]; do # type and flags, offset, two addresses, size in the file, size in memory, alignment
    [ $(($2 + $5)) -le "$size" ] || return 1
    shift 7
  done
}

skip() { # path, why, size
  [ "$skipped" -lt "$max_skipped" ] || return 0
  skipped=$((skipped + 1))
  left_json=$left_json${left_json:+,}
  if [ -n "$1" ]; then left_json="$left_json{\"path\":\"$1\",\"why\":\"$2\",\"size\":$3}"
  else left_json="$left_json{\"why\":\"$2\",\"size\":$3}"; fi
}

# consider lists one file, or leaves it out with the reason.
consider() {
  name_kind "${1##*/}"
  { [ -n "$what" ] && [ -f "$1" ]; } || return 0
  set -- "$1" $(stat -c '%s %Y %h' "$1" 2>/dev/null)
  { [ $# -eq 4 ] && [ "$3" -ge "$SSM_since" ]; } || return 0
  if ! plain "$1"; then skip '' name "$2"; return; fi
  if [ -L "$1" ] || [ "$4" -ne 1 ] || ! owned "$1" || ! owned "${1%/*}"; then skip "$1" not-ours "$2"; return; fi
  if [ "$what" = incomplete ]; then skip "$1" incomplete "$2"; return; fi
  if [ "$2" -eq 0 ]; then skip "$1" empty 0; return; fi
  # A time far ahead is that of a capture kernel with another clock.
  age=$(($(date +%s) - $3))
  if [ "${age#-}" -lt "$settled" ]; then skip "$1" busy "$2"; return; fi
  if [ "$what" = dump ]; then
    why=$(whole "$1" "$2")
    if [ -n "$why" ]; then skip "$1" "$why" "$2"; return; fi
  fi
  if [ "$files" -ge "$max_files" ]; then skip "$1" too-many "$2"; return; fi
  files=$((files + 1))
  files_json="$files_json${files_json:+,}{\"path\":\"$1\",\"kind\":\"$what\",\"size\":$2,\"modified\":$3}"
}

# listed says whether the survey would list this file of the manifest. Else whoever writes
# a manifest could read any file of root's.
listed() {
  name_kind "${1##*/}"
  case $what in dmesg | dump) ;; *) return 1 ;; esac
  dir=${1%/*}
  for place in $(places); do
    [ "$dir" != "$place" ] && [ "${dir%/*}" != "$place" ] || return 0
  done
  return 1
}

survey() {
  files=0 files_json='' skipped=0 left_json=''
  seen=:
  for place in $(places); do
    case $seen in *":$place:"*) continue ;; esac
    seen=$seen$place:
    for file in "$place"/*/* "$place"/vmcore "$place"/vmcore.*; do
      [ -e "$file" ] || [ -L "$file" ] || continue
      consider "$file"
    done
  done
  printf '{"crashcart":1,"step":"survey","files":[%s],"skipped":[%s]}\n' "$files_json" "$left_json"
}

### Sending it

# answer ends the script with a report.
answer() {
  printf '{"crashcart":1,"step":"send","files":[%s],"stopped":"%s","seconds":%d}\n' "${sent_json:-}" "$1" $(($(now) - begun))
  exit 0
}

clean() {
  [ -z "$away" ] || rm -rf "$away"
  [ -z "$work" ] || rm -rf "$work"
}

# born is when a process was started. A number that was used again has another.
born() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

# held says whether the script that made our folder still runs.
held() {
  pid='' at=''
  read -r pid at 2>/dev/null <"$work/pid" || return 1
  number "$pid" && [ -n "$at" ] && [ "$(born "$pid")" = "$at" ]
}

# forsaken removes the other folder of a killed script. Where the disk was full, only the
# beginning of its name was kept.
forsaken() {
  read -r away 2>/dev/null <"$1" || away=
  case $away in /*/crashcart-part.[0-9]*) ! owned "$away" || rm -rf "$away" ;; esac
  away=
}

# lock makes our folder. A script that was killed has left its own behind.
lock() {
  for place in /run /dev/shm /var/tmp /tmp; do
    { [ -d "$place" ] && [ -w "$place" ]; } || continue
    work=$place/crashcart-collect
    if ! mkdir "$work" 2>/dev/null; then
      if ! owned "$work" || held; then
        work=
        answer busy
      fi
      forsaken "$work/away"
      rm -rf "$work"
      mkdir "$work" 2>/dev/null || { work=; answer busy; }
    fi
    echo "$$ $(born $$)" >"$work/pid"
    return
  done
  work=
  answer no-tool
}

# spill chooses where a part is kept while it is sent: in memory if it takes no more than
# an eighth of what is free, or else on the disk that has twice the room.
spill() { # path, bytes
  free=$(sed -n 's/^MemAvailable:[^0-9]*\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null)
  for place in "$work" /dev/shm /var/tmp /tmp "${1%/*}"; do
    { [ -d "$place" ] && [ -w "$place" ]; } || continue
    room=$(df -Pk "$place" 2>/dev/null | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
    { number "$room" && [ "$room" -gt $(($2 / 512)) ]; } || continue
    case $(stat -f -c %T "$place" 2>/dev/null) in
    tmpfs | ramfs) [ $(($2 / 128)) -lt "${free:-0}" ] || continue ;;
    esac
    part=$work/part
    [ "$place" != "$work" ] || return 0
    # Everybody may write to some of these. A folder is made by us or by nobody.
    part=$place/crashcart-part.$$
    mkdir "$part" 2>/dev/null || continue
    away=$part part=$part/part
    echo "$away" >"$work/away"
    return 0
  done
  return 1
}

# fetch gets the manifest. A URL never is an argument: every user can read those.
fetch() {
  if [ "$tool" = curl ]; then
    printf 'url = "%s"\n' "$1" | curl -q -sS --fail --max-time 60 --connect-timeout 10 -o "$2" -K - 2>/dev/null
  else
    printf '%s\n' "$1" | wget -q --no-config -t 1 -T 30 --max-redirect=0 -O "$2" -i - 2>/dev/null
  fi
}

# put sends a part; status is S3's answer, 000 when there was none.
put() { # url, file, seconds
  status=000
  if [ "$tool" = curl ]; then
    # Expect would cost a second a part where nobody answers it.
    status=$(printf 'url = "%s"\n' "$1" | curl -q -sS -X PUT -T "$2" --max-time "$3" --connect-timeout 10 \
      --speed-limit 1024 --speed-time 60 --limit-rate "$SSM_rate" \
      -H 'Expect:' -H 'Content-Type:' -o /dev/null -w '%{http_code}' -K - 2>/dev/null)
  else
    printf '%s\n' "$1" | $(have timeout && echo "timeout $3") wget --no-config -t 1 -T 60 --max-redirect=0 \
      --method=PUT --body-file="$2" -S -O /dev/null -i - 2>"$work/said"
    status=$(sed -n 's/^ *HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' "$work/said" | tail -n 1)
  fi
  case $status in [1-5][0-9][0-9]) ;; *) status=000 ;; esac
}

# slow waits until a part has taken as long as the rate allows. wget limits only what it
# receives.
slow() { # bytes, begun
  { [ "$tool" = wget ] && [ "$SSM_rate" -gt 0 ]; } || return 0
  rest=$(($1 / SSM_rate - $(now) + $2))
  [ "$rest" -le 0 ] || sleep "$rest"
}

left() { echo $((begun + SSM_seconds - $(now))); }

# same says whether a file is still the one of the manifest, and nobody else's.
same() {
  [ -f "$path" ] && owned "$path" && owned "${path%/*}" &&
    [ "$(stat -c '%s %Y' "$path" 2>/dev/null)" = "$size $modified" ]
}

# send_part reads the next part of the file that is open as 3, adds it to the sum behind 4,
# and sends it unless it has arrived before. It sets state when that was not possible.
send_part() { # bytes, url
  # iflag=fullblock is not POSIX. A file, unlike a pipe, gives whole blocks without it.
  # shellcheck disable=SC2086 # it is one word or none
  if ! dd $cached bs=1048576 count=$((($1 + 1048575) / 1048576)) <&3 >"$part" 2>"$work/said"; then
    state=unread
    ! grep -q 'No space' "$work/said" || state=no-room
    return
  fi
  if [ "$(stat -c %s "$part")" != "$1" ]; then
    state=unread
    same || state=changed
    return
  fi
  cat "$part" >&4 || { state=unread; return; }
  [ -n "$2" ] || return 0
  try=1
  while :; do
    rest=$(left)
    [ "$rest" -gt 0 ] || { state=late; return; }
    same || { state=changed; return; }
    started=$(now)
    put "$2" "$part" "$rest"
    case $status in
    200) sent=$((sent + 1)); slow "$1" "$started"; return ;;
    4??) [ "$status" = 408 ] || [ "$status" = 429 ] || { state=refused http=$status; return; } ;;
    esac
    [ "$try" -lt "$max_tries" ] || { state=unreachable; return; }
    [ "$(left)" -gt 0 ] || { state=late; return; }
    sleep $((try * 2))
    try=$((try + 1))
  done
}

# value gives what follows "name": in a line of the manifest.
value() {
  rest=${line#*\""$1"\":}
  [ "$rest" != "$line" ] || { field=; return; }
  case $rest in
  \"*) rest=${rest#\"}; field=${rest%%\"*} ;;
  *) field=${rest%%[,\}]*} ;;
  esac
}

# send_file sends the file that the manifest's line names. Its parts are on the lines that
# follow, up to one that closes the list.
send_file() {
  value path; path=$field
  value size; size=$field
  value modified; modified=$field
  value partSize; part_size=$field
  state=sent sent=0 http=0 digest=
  { plain "$path" && number "$size" && number "$modified" && number "$part_size"; } || answer bad-request
  if [ ! -e "$path" ]; then state=gone
  elif ! same || ! listed "$path"; then state=changed
  elif [ "$what" = dump ] && [ -n "$(whole "$path" "$size")" ]; then state=changed
  else
    [ "$part_size" -le "$size" ] || part_size=$size
    spill "$path" "$part_size" || state=no-room
  fi
  if [ "$state" = sent ]; then
    rm -f "$work/pipe"
    mkfifo "$work/pipe"
    command exec 3<"$path" || state=gone # without "command" the shell would end
  fi
  if [ "$state" = sent ]; then
    sha256sum 3<&- <"$work/pipe" >"$work/sum" &
    summer=$!
    exec 4>"$work/pipe"
  fi
  while IFS= read -r line <&5; do
    case $line in
    '{"n":'*) ;;
    *) break ;;
    esac
    [ "$state" = sent ] || continue
    value size; part_bytes=$field
    value url; url=$field
    number "$part_bytes" || answer bad-request
    [ -z "$url" ] || plain_url "$url" || answer bad-request
    send_part "$part_bytes" "$url"
  done
  if [ -n "${summer:-}" ]; then
    exec 3<&- 4>&-
    wait "$summer"
    summer=
    [ "$state" != sent ] || same || state=changed
  fi
  [ -z "$away" ] || rm -rf "$away"
  rm -f "$work/part"
  away='' part=
  [ "$state" != sent ] || digest=$(cut -d ' ' -f 1 "$work/sum")
  sent_json="${sent_json:+$sent_json,}{\"path\":\"$path\",\"state\":\"$state\",\"parts\":$sent"
  [ -z "$digest" ] || sent_json="$sent_json,\"sha256\":\"$digest\""
  [ "$http" -eq 0 ] || sent_json="$sent_json,\"http\":$http"
  sent_json="$sent_json}"
  say "$path: $state, $sent parts sent"
}

send() {
  begun=$(now)
  { number "$SSM_seconds" && number "$SSM_rate"; } || answer bad-request
  tool=
  if have curl; then tool=curl
  elif have wget && wget --help 2>/dev/null | grep -q -e --body-file; then tool=wget; fi # GNU Wget 1.15
  { [ -n "$tool" ] && have sha256sum && have stat && have mkfifo; } || answer no-tool
  lock
  trap clean EXIT
  trap 'exit 143' HUP INT TERM
  HOME=$work # wget writes there which hosts it has to ask by HTTPS
  export HOME
  plain_url "$SSM_manifestUrl" || answer no-manifest
  fetch "$SSM_manifestUrl" "$work/manifest" || answer no-manifest
  exec 5<"$work/manifest"
  IFS= read -r line <&5 || answer no-manifest
  case $line in '{"crashcart":1,'*) ;; *) answer no-manifest ;; esac
  while IFS= read -r line <&5; do
    case $line in '{"path":'*) send_file ;; esac
  done
  answer ''
}

uid=$(id -u)
gentle
case $SSM_step in
survey)
  number "$SSM_since" || { say "since is no number"; exit 2; }
  plain "$SSM_directory" || { say "directory is no plain path"; exit 2; }
  survey
  ;;
send) send ;;
*) say "there is no step of this name"; exit 2 ;;
esac
