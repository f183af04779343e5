# Removes a folder once this script's stdin has closed and no server runs in it any more.
# $1: the server's postmaster.pid. $2: the folder.
trap '' HUP INT QUIT TERM
while read -r _; do :; done
# The server is being stopped at the same moment, by its own supervisor.
while read -r pid 2>/dev/null <"$1" && kill -0 "$pid" 2>/dev/null; do sleep 0.1 2>/dev/null || sleep 1; done
# Again while something is still being written there.
tries=0
while [ -e "$2" ] && [ "$tries" -lt 30 ]; do
  rm -rf -- "$2" 2>/dev/null || sleep 1
  tries=$((tries + 1))
done
