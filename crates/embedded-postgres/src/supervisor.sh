# Runs a program for as long as this script's stdin stays open.
# $1: the signal that stops it. Then the program and its arguments.
#
# Stdin is a pipe from the process that started us: it closes when that process ends, however it ends.
# Signals to us are ignored: Ctrl-C is for the process above, which closes the pipe when it is done.
trap '' HUP INT QUIT TERM
signal=$1
shift

exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
{
  while read -r _; do :; done <&3
  # Again and again: the first signal may come before the program listens to any.
  while kill "-$signal" "$program"; do sleep 1; done
} >/dev/null 2>&1 &
reader=$!
exec 3<&-

wait "$program"
status=$?
kill -KILL "$reader" 2>/dev/null
exit "$status"
